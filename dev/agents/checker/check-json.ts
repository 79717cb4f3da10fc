import { z } from 'zod';
import { defineAction } from '../action';
import { plural } from '../text/input';
import { scanJson } from './json-scan';
import type { SyntaxFault } from './json-scan';

export const JSON_LIMIT = 200_000;
export const PRICE = '0.03';

export const JsonText = z.string().min(1).max(JSON_LIMIT, `must have at most ${JSON_LIMIT} characters`);

export const Fault = z.object({
  reason: z.string(),
  position: z.int().min(0).describe('Characters before the fault'),
  line: z.int().min(1),
  column: z.int().min(1),
  near: z.string().describe('The text around it'),
});

const KINDS = ['object', 'array', 'string', 'number', 'boolean', 'null'] as const;

export const checkJson = defineAction({
  name: 'check_json',
  description:
    'Checks whether a text is valid JSON. If not: the first syntax error with its reason, line and column. ' +
    'If it is: its kind, its depth, and repeated names.',
  price: PRICE,
  input: z.object({
    json: JsonText.describe('The JSON text to validate, exactly as it is written'),
  }),
  output: z.object({
    summary: z.string().describe('Whether it is valid, and if not where and why'),
    valid: z.boolean(),
    error: Fault.nullable(),
    kind: z.enum(KINDS).nullable().describe('What the whole is; null when it is not valid'),
    depth: z.int().describe('Levels of objects and arrays within each other'),
    repeated_names: z.array(z.string()).describe('Names that one object has twice: only the last one counts'),
  }),
  run: ({ json }) => {
    const { fault, depth, twice } = scanJson(json);
    const repeated_names = twice.map((name) => name.slice(0, 100));
    if (fault !== null) {
      const error = place(json, fault);
      const summary = `Not valid JSON: line ${error.line}, column ${error.column}: ${error.reason}.`;
      return { summary, valid: false, error, kind: null, depth, repeated_names };
    }
    const kind = kindOf(JSON.parse(json));
    const levels = depth === 0 ? '' : ` with ${plural(depth, 'level')}`;
    const warning =
      twice.length === 0 ? '' : ` Some names stand twice in one object: ${repeated_names.join(', ')}.`;
    return {
      summary: `Valid JSON: ${kind}${levels}.${warning}`,
      valid: true,
      error: null,
      kind,
      depth,
      repeated_names,
    };
  },
});

/** Line and column count from 1, as editors do. */
export function place(text: string, { at, reason }: SyntaxFault): z.infer<typeof Fault> {
  const before = text.slice(0, at).split(/\r\n|\n|\r/);
  return {
    reason,
    position: at,
    line: before.length,
    column: (before.at(-1)?.length ?? 0) + 1,
    near: text.slice(Math.max(0, at - 20), at + 20),
  };
}

function kindOf(value: unknown): (typeof KINDS)[number] {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  return KINDS.find((kind) => kind === typeof value) ?? 'object';
}
