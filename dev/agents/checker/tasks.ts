import { Ajv2020 } from 'ajv/dist/2020';

/** What runs in a thread of its own, since a pattern may run for ever: plain JSON in and out. */
export type Task =
  | { kind: 'regex'; pattern: string; flags: string; text: string; most: number; clip: number }
  | { kind: 'schema'; schema: string; json: string; most: number };

export interface RegexMatch {
  match: string;
  position: number;
  groups: { name: string; value: string | null }[];
}
export interface SchemaFault {
  path: string;
  rule: string;
  message: string;
}

export type TaskResult =
  | { kind: 'regex'; total: number; whole: boolean; found: RegexMatch[] }
  | { kind: 'schema'; total: number; faults: SchemaFault[] }
  | { kind: 'refused'; code: 'pattern_invalid' | 'schema_invalid'; reason: string };

export const runTask = (task: Task): TaskResult => (task.kind === 'regex' ? runRegex(task) : runSchema(task));

function runRegex({ pattern, flags, text, most, clip }: Extract<Task, { kind: 'regex' }>): TaskResult {
  let expression: RegExp;
  try {
    expression = new RegExp(pattern, flags.includes('g') ? flags : `${flags}g`);
  } catch (error) {
    return { kind: 'refused', code: 'pattern_invalid', reason: messageOf(error) };
  }
  const cut = (value: string): string => (value.length <= clip ? value : `${value.slice(0, clip)}…`);
  let total = 0;
  let whole = false;
  const found: RegexMatch[] = [];
  for (const match of text.matchAll(expression)) {
    total += 1;
    whole ||= match[0].length === text.length;
    if (found.length >= most) continue;
    const names = Object.keys(match.groups ?? {});
    const numbered = match.slice(1, 21).map((value, index) => ({ name: String(index + 1), value }));
    const named = names.slice(0, 20).map((name) => ({ name, value: match.groups?.[name] }));
    const groups = [...numbered, ...named].map(({ name, value }) => ({
      name,
      value: value === undefined ? null : cut(value),
    }));
    found.push({ match: cut(match[0]), position: match.index, groups });
  }
  return { kind: 'regex', total, whole, found };
}

function runSchema({ schema, json, most }: Extract<Task, { kind: 'schema' }>): TaskResult {
  // Formats are not checked: the draft leaves them to the reader, and ours would not be the one meant.
  const ajv = new Ajv2020({ allErrors: true, strict: false, validateFormats: false, logger: false });
  const value: unknown = JSON.parse(json);
  const rules = JSON.parse(schema) as object | boolean;
  try {
    const validate = ajv.compile(rules);
    validate(value);
    const faults = (validate.errors ?? []).map(({ instancePath, keyword, message = '', params }) => {
      const extra = 'additionalProperty' in params ? `: ${String(params['additionalProperty'])}` : '';
      return { path: instancePath === '' ? '/' : instancePath, rule: keyword, message: `${message}${extra}` };
    });
    return { kind: 'schema', total: faults.length, faults: faults.slice(0, most) };
  } catch (error) {
    return { kind: 'refused', code: 'schema_invalid', reason: messageOf(error) };
  }
}

const messageOf = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).slice(0, 300);
