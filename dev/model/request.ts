import { z } from 'zod';
import { ApiError } from './api-error';

const text = z.looseObject({
  type: z.literal('text'),
  text: z.string().min(1, 'text content blocks must be non-empty'),
});
const toolUse = z.looseObject({
  type: z.literal('tool_use'),
  id: z.string().regex(/^[a-zA-Z0-9_-]+$/),
  name: z.string().min(1),
  input: z.record(z.string(), z.unknown()),
});
const opaque = z.looseObject({
  type: z.enum(['image', 'document', 'search_result', 'thinking', 'redacted_thinking']),
});
const toolResult = z.looseObject({
  type: z.literal('tool_result'),
  tool_use_id: z.string(),
  content: z.union([z.string(), z.array(z.union([text, opaque]))]).optional(),
  is_error: z.boolean().optional(),
});

const KNOWN = ['text', 'tool_use', 'tool_result', ...opaque.shape.type.options];
const block = z
  .looseObject({ type: z.string() })
  .refine(({ type }) => KNOWN.includes(type), {
    error: ({ input }) =>
      `Input tag '${String((input as { type?: unknown }).type)}' found using 'type' does not match any of the expected tags: ${KNOWN.join(', ')}`,
    abort: true,
  })
  .pipe(z.discriminatedUnion('type', [text, toolUse, toolResult, opaque]));

const message = z.object({
  role: z.enum(['user', 'assistant', 'system']),
  content: z.union([z.string().min(1, 'text content must be non-empty'), z.array(block).min(1)], {
    error: 'content: must be a non-empty string or a list of content blocks',
  }),
});

const tool = z.looseObject({
  name: z.string().regex(/^[a-zA-Z0-9_-]{1,128}$/),
  description: z.string().optional(),
  input_schema: z.looseObject({ type: z.literal('object') }),
});

const Countable = z.looseObject({
  model: z.string().min(1),
  messages: z.array(message).min(1, 'at least one message is required'),
  system: z.union([z.string(), z.array(text)]).optional(),
  tools: z.array(tool).optional(),
  tool_choice: z.looseObject({ type: z.enum(['auto', 'any', 'tool', 'none']) }).optional(),
  metadata: z.looseObject({ user_id: z.string().nullish() }).optional(),
});
const Creatable = Countable.extend({ max_tokens: z.number().int().min(1), stream: z.boolean().optional() });

export type ApiBlock = z.infer<typeof block>;
export type ApiMessage = z.infer<typeof message>;
export type CountRequest = z.infer<typeof Countable>;
export type MessagesRequest = z.infer<typeof Creatable>;

export const parseMessagesRequest = (body: unknown): MessagesRequest => parse(Creatable, body);
export const parseCountRequest = (body: unknown): CountRequest => parse(Countable, body);

function parse<T extends CountRequest>(schema: z.ZodType<T>, body: unknown): T {
  for (const gone of ['temperature', 'top_p', 'top_k']) {
    if (typeof body === 'object' && body !== null && gone in body) {
      throw new ApiError(400, `${gone}: this parameter is no longer supported`);
    }
  }
  const parsed = schema.safeParse(body);
  if (!parsed.success) throw new ApiError(400, wording(parsed.error));
  checkTools(parsed.data);
  checkRoles(parsed.data.messages);
  checkPairs(parsed.data.messages);
  return parsed.data;
}

/** The innermost complaint: inside a union the branch that got furthest says what is wrong. */
function wording(error: z.ZodError): string {
  let issue = error.issues[0];
  let path = issue?.path ?? [];
  while (issue?.code === 'invalid_union') {
    const branches = issue.errors.map((branch) => branch[0]).filter((inner) => inner !== undefined);
    const deepest = branches.sort((a, b) => b.path.length - a.path.length)[0];
    if (deepest === undefined || deepest.path.length === 0) break;
    issue = deepest;
    path = [...path, ...deepest.path];
  }
  const missing = issue?.code === 'invalid_type' && issue.message.endsWith('received undefined');
  return `${path.join('.') || 'body'}: ${missing ? 'Field required' : (issue?.message ?? 'invalid')}`;
}

function checkTools({ tools = [] }: CountRequest): void {
  if (new Set(tools.map(({ name }) => name)).size < tools.length) {
    throw new ApiError(400, 'tools: Tool names must be unique.');
  }
}

function checkRoles(messages: ApiMessage[]): void {
  if (messages[0]?.role !== 'user') {
    throw new ApiError(400, 'messages: first message must use the "user" role');
  }
  if (messages.at(-1)?.role === 'assistant') {
    throw new ApiError(
      400,
      'messages: the conversation must end with a user message; prefill is not supported',
    );
  }
}

export const blocksOf = ({ content }: ApiMessage): ApiBlock[] =>
  typeof content === 'string' ? [{ type: 'text', text: content }] : content;

/** Consecutive messages of one role are one message to the API, and so they are here. */
function merged(messages: ApiMessage[]): { role: string; blocks: ApiBlock[]; at: number }[] {
  const groups: { role: string; blocks: ApiBlock[]; at: number }[] = [];
  messages.forEach((entry, at) => {
    const last = groups.at(-1);
    if (last?.role === entry.role) last.blocks.push(...blocksOf(entry));
    else groups.push({ role: entry.role, blocks: [...blocksOf(entry)], at });
  });
  return groups;
}

/** Each tool_use is answered at the head of the next message, and nothing else is answered there. */
function checkPairs(messages: ApiMessage[]): void {
  let open: string[] = [];
  for (const { role, blocks, at } of merged(messages)) {
    const leading = blocks.findIndex((entry) => entry.type !== 'tool_result');
    const head = leading === -1 ? blocks : blocks.slice(0, leading);
    const answered = head.flatMap((entry) => (entry.type === 'tool_result' ? [entry.tool_use_id] : []));
    const lost = open.filter((id) => !answered.includes(id));
    if (lost.length > 0) {
      throw new ApiError(
        400,
        `messages.${at - 1}: \`tool_use\` ids were found without \`tool_result\` blocks immediately after: ${lost.join(', ')}. Each \`tool_use\` block must have a corresponding \`tool_result\` block in the next message.`,
      );
    }
    const results = blocks.flatMap((entry) => (entry.type === 'tool_result' ? [entry.tool_use_id] : []));
    const stray = results.find((id, index) => !open.includes(id) || results.indexOf(id) !== index);
    if (stray !== undefined) {
      throw new ApiError(
        400,
        `messages.${at}: unexpected \`tool_use_id\` found in \`tool_result\` blocks: ${stray}. Each \`tool_result\` block must have a corresponding \`tool_use\` block in the previous message.`,
      );
    }
    open =
      role === 'assistant' ? blocks.flatMap((entry) => (entry.type === 'tool_use' ? [entry.id] : [])) : [];
  }
}
