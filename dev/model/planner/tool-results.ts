import { z } from 'zod';

/** What the orchestrator's tools answer, read leniently: a field this planner does not need may be missing. */
const price = z.union([z.string(), z.number().transform(String)]).nullish();

const action = z.object({
  name: z.string().min(1),
  description: z.string().catch(''),
  input_schema: z.record(z.string(), z.unknown()).catch({}),
  price_usdc: price.catch(null).transform((value) => value ?? null),
});
export type Action = z.infer<typeof action>;

const found = z.object({
  agent_id: z.string().min(1),
  name: z.string().catch(''),
  description: z.string().catch(''),
  health: z.string().catch('healthy'),
  score: z.number().catch(0),
  actions: z.array(action).catch([]),
});
export type Found = z.infer<typeof found>;

const offer = z.object({
  agent_id: z.string().min(1),
  name: z.string().catch(''),
  actions: z.array(action).catch([]),
});
export type Offer = z.infer<typeof offer>;

const outcome = z.object({
  status: z.string(),
  reason: z.unknown().optional(),
  error: z.unknown().optional(),
  output: z.unknown().optional(),
  answer: z.unknown().optional(),
  charged_usdc: price,
  amount_usdc: price,
});
export type Outcome = z.infer<typeof outcome>;

export type JsonObject = Record<string, unknown>;

export const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export function readFound(result: JsonObject | null): Found[] {
  const agents = result?.['agents'];
  return (Array.isArray(agents) ? agents : []).flatMap((entry) => {
    const parsed = found.safeParse(entry);
    return parsed.success ? [parsed.data] : [];
  });
}

export function readOffer(result: JsonObject | null): Offer | null {
  const parsed = offer.safeParse(result);
  return parsed.success ? parsed.data : null;
}

export function readOutcome(result: JsonObject | null): Outcome | null {
  const parsed = outcome.safeParse(result);
  return parsed.success ? parsed.data : null;
}

/** The outermost JSON object of a tool result, which may stand inside a delimiting tag. */
export function readObject(text: string): JsonObject | null {
  const inTag = /^\s*<[^>]*>/.exec(text)?.[0].length ?? 0;
  const from = text.indexOf('{', inTag);
  const to = text.lastIndexOf('}');
  if (from === -1 || to < from) return null;
  try {
    const value: unknown = JSON.parse(text.slice(from, to + 1));
    return isObject(value) ? value : null;
  } catch {
    return null;
  }
}

/** What a refusal says: a code where there is one, and words. */
export function readProblem(value: unknown): { code: string; message: string } {
  if (typeof value === 'string') return { code: value, message: value };
  if (!isObject(value)) return { code: '', message: '' };
  const inner = value['error'] ?? value['reason'];
  if (inner !== undefined && inner !== null) {
    const problem = readProblem(inner);
    const code = value['error_code'];
    return typeof code === 'string' ? { ...problem, code } : problem;
  }
  const [code, message] = [value['code'], value['message']];
  const words = typeof message === 'string' ? message : '';
  return {
    code: typeof code === 'string' ? code : '',
    message: words || (typeof code === 'string' ? code : ''),
  };
}
