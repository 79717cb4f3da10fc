import type Anthropic from '@anthropic-ai/sdk';
import { z } from 'zod';
import type { TokenUsage } from '../../domain/money';
import { cleanRecord } from '../clean-json';
import { growingContent, SPEAKING_TOOL } from './readable-text';

/** One answer of the model, whole; or what came of one that was broken off, and then without a tool call. */
export interface ModelAnswer extends TokenUsage {
  content: Record<string, unknown>[];
  stopReason: string;
}

/** An answer that breaks the protocol: nothing of it is done or kept. */
export class BadAnswer extends Error {}

// What is no block of an answer (a tool result, say) is refused here, and so never comes back as one.
const Block = z.discriminatedUnion('type', [
  z.looseObject({ type: z.literal('text'), text: z.string() }),
  z.looseObject({ type: z.literal('thinking'), thinking: z.string() }),
  z.looseObject({ type: z.literal('redacted_thinking'), data: z.string() }),
  z.looseObject({
    type: z.literal('tool_use'),
    id: z.string().regex(/^[\w-]{1,128}$/),
    name: z.string().min(1).max(200),
  }),
]);
type Block = z.infer<typeof Block>;
const tokens = z.int().min(0).max(1_000_000_000);
const cached = tokens.nullish().transform((count) => count ?? 0);
const Message = z.object({
  content: z.array(Block).max(100),
  stop_reason: z
    .string()
    .max(100)
    .nullable()
    .transform((reason) => reason ?? 'end_turn'),
  usage: z.object({
    input_tokens: tokens,
    output_tokens: tokens,
    cache_read_input_tokens: cached,
    cache_creation_input_tokens: cached,
  }),
});

export interface AnswerSoFar {
  take: (event: Anthropic.MessageStreamEvent) => void;
  /** What the person is to see of it now. */
  read: () => string;
  isTooLong: () => boolean;
  whole: (message: unknown) => ModelAnswer;
  /** What was said, as an answer of its own. How much of it the model counts is not told then: about 4 bytes a token. */
  brokenOff: (stopReason: string) => ModelAnswer;
}

/**
 * An answer while it grows. The input of a tool is read from JSON that is not whole yet, to be looked at only: nothing
 * is done with it before the answer is whole, and then only when it is whole JSON.
 */
export function answerSoFar(mostBytes: number): AnswerSoFar {
  const raw: { kind: 'text' | 'json' | 'silent'; text: string }[] = [];
  let bytes = 0;
  let started: z.infer<typeof Message.shape.usage> | null = null;
  const read = (): string =>
    raw
      .map(({ kind, text }) => (kind === 'text' ? text : kind === 'json' ? growingContent(text) : ''))
      .filter((part) => part !== '')
      .join('\n\n');
  return {
    take(event) {
      bytes += sizeOf(event);
      if (event.type === 'message_start')
        started = Message.shape.usage.safeParse(event.message.usage).data ?? null;
      if (event.type === 'content_block_start') {
        if (event.index !== raw.length) throw new BadAnswer('blocks out of order');
        raw.push(opened(event.content_block));
      }
      if (event.type !== 'content_block_delta') return;
      const block = raw[event.index];
      if (block === undefined) return;
      if (event.delta.type === 'text_delta') block.text += event.delta.text;
      if (event.delta.type === 'input_json_delta') block.text += event.delta.partial_json;
    },
    read,
    isTooLong: () => bytes > mostBytes,
    whole(message) {
      const parsed = Message.safeParse(message);
      if (!parsed.success) throw new BadAnswer(z.prettifyError(parsed.error));
      const { content, stop_reason: stopReason, usage } = parsed.data;
      const blocks = content.map((block, at) => wholeBlock(block, raw[at]?.text ?? ''));
      const ids = blocks.flatMap((block) => (block['type'] === 'tool_use' ? [block['id']] : []));
      if (new Set(ids).size < ids.length) throw new BadAnswer('two tool calls have one id');
      if (JSON.stringify(blocks).length > 2 * mostBytes) throw new BadAnswer('more than was streamed');
      return { content: blocks, stopReason, ...usageOf(usage) };
    },
    brokenOff(stopReason) {
      const text = read();
      return {
        content: text === '' ? [] : [{ type: 'text', text }],
        stopReason,
        ...usageOf(started),
        outputTokens: Math.ceil(Buffer.byteLength(text) / 4),
      };
    },
  };
}

function opened(block: { type: string; text?: string; name?: string }): {
  kind: 'text' | 'json' | 'silent';
  text: string;
} {
  if (block.type === 'text') return { kind: 'text', text: String(block.text) };
  const speaks = block.type === 'tool_use' && block.name === SPEAKING_TOOL;
  return { kind: speaks ? 'json' : 'silent', text: '' };
}

const sizeOf = (event: Anthropic.MessageStreamEvent): number =>
  event.type === 'content_block_delta' || event.type === 'content_block_start'
    ? Buffer.byteLength(JSON.stringify(event))
    : 0;

/** The SDK reads half JSON as far as it goes. Here it is no input at all, but for words to the person: they were read. */
function wholeBlock(block: Block, json: string): Record<string, unknown> {
  try {
    if (block.type !== 'tool_use' || json === '') return cleanRecord({ ...block });
    return cleanRecord({ ...block, input: inputOf(block.name, json) });
  } catch {
    throw new BadAnswer('nested too deep');
  }
}

function inputOf(name: string, json: string): unknown {
  try {
    return JSON.parse(json) as unknown;
  } catch {
    return name === SPEAKING_TOOL ? { content: growingContent(json) } : {};
  }
}

const usageOf = (usage: z.infer<typeof Message.shape.usage> | null): TokenUsage => ({
  inputTokens: usage?.input_tokens ?? 0,
  outputTokens: usage?.output_tokens ?? 0,
  cacheReadTokens: usage?.cache_read_input_tokens ?? 0,
  cacheWriteTokens: usage?.cache_creation_input_tokens ?? 0,
});
