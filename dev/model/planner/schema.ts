import { isObject } from './tool-results';
import type { JsonObject } from './tool-results';

/** The part of JSON Schema that agents use for inputs, with references and unions taken away. */
export interface Property {
  name: string;
  description: string;
  schema: JsonObject;
  required: boolean;
  kind: Kind;
}

export type Kind = 'enum' | 'string' | 'number' | 'integer' | 'boolean' | 'array' | 'object' | 'any';

const KINDS = ['string', 'number', 'integer', 'boolean', 'array', 'object'] as const;
const MAX_DEPTH = 5;

export function propertiesOf(schema: JsonObject, root: JsonObject = schema): Property[] {
  const properties = isObject(schema['properties']) ? schema['properties'] : {};
  const required = Array.isArray(schema['required']) ? schema['required'] : [];
  // What is required comes first, in the order of that list: the other order may be a database's.
  return [...new Set([...required.map(String), ...Object.keys(properties)])].map((name) => {
    const given = properties[name];
    const plain = simplify(isObject(given) ? given : {}, root);
    return {
      name,
      description: described(plain),
      schema: plain,
      required: required.includes(name),
      kind: kindOf(plain),
    };
  });
}

const described = ({ description }: JsonObject): string =>
  typeof description === 'string' ? description : '';

/** Follows a local $ref, takes the first branch of a union that is not null, merges allOf. */
export function simplify(schema: JsonObject, root: JsonObject, depth = 0): JsonObject {
  if (depth > MAX_DEPTH) return {};
  const { $ref, anyOf, oneOf, allOf, ...rest } = schema;
  const target = typeof $ref === 'string' ? lookUp($ref, root) : null;
  if (target !== null) return simplify({ ...target, ...rest }, root, depth + 1);
  const branches = [anyOf, oneOf].find((list) => Array.isArray(list));
  const branch = branches?.filter(isObject).find((one) => one['type'] !== 'null');
  if (branch !== undefined) return simplify({ ...branch, ...rest }, root, depth + 1);
  if (Array.isArray(allOf)) {
    const whole = allOf.filter(isObject).reduce((all, part) => ({ ...all, ...part }), {});
    return simplify({ ...whole, ...rest }, root, depth + 1);
  }
  return rest;
}

function lookUp(ref: string, root: JsonObject): JsonObject | null {
  let at: unknown = root;
  for (const part of ref.replace(/^#\/?/, '').split('/')) {
    at = part === '' ? at : isObject(at) ? at[part.replace(/~1/g, '/').replace(/~0/g, '~')] : undefined;
  }
  return isObject(at) ? at : null;
}

function kindOf(schema: JsonObject): Kind {
  if (Array.isArray(schema['enum']) || 'const' in schema) return 'enum';
  const type: unknown = Array.isArray(schema['type'])
    ? schema['type'].find((one) => one !== 'null')
    : schema['type'];
  const known = KINDS.find((kind) => kind === type);
  if (known !== undefined) return known;
  return isObject(schema['properties']) ? 'object' : isObject(schema['items']) ? 'array' : 'any';
}

export const optionsOf = (schema: JsonObject): unknown[] =>
  Array.isArray(schema['enum']) ? schema['enum'] : 'const' in schema ? [schema['const']] : [];

export const itemsOf = (schema: JsonObject): Property => {
  const given = isObject(schema['items']) ? simplify(schema['items'], schema) : {};
  return { name: '', description: '', schema: given, required: true, kind: kindOf(given) };
};

/** Whether a value keeps what its schema says, as far as the kinds above go. */
export function satisfies({ schema, kind }: Property, value: unknown): boolean {
  const limit = (name: string): number | undefined => {
    const given = schema[name];
    return typeof given === 'number' ? given : undefined;
  };
  const within = (size: number, [least, most]: [string, string]): boolean =>
    size >= (limit(least) ?? -Infinity) && size <= (limit(most) ?? Infinity);
  switch (kind) {
    case 'enum':
      return optionsOf(schema).some((option) => JSON.stringify(option) === JSON.stringify(value));
    case 'string':
      return (
        typeof value === 'string' &&
        within([...value].length, ['minLength', 'maxLength']) &&
        matchesPattern(schema['pattern'], value)
      );
    case 'number':
    case 'integer':
      return (
        typeof value === 'number' &&
        Number.isFinite(value) &&
        (kind === 'number' || Number.isInteger(value)) &&
        within(value, ['minimum', 'maximum']) &&
        value > (limit('exclusiveMinimum') ?? -Infinity) &&
        value < (limit('exclusiveMaximum') ?? Infinity) &&
        isMultiple(value, limit('multipleOf'))
      );
    case 'boolean':
      return typeof value === 'boolean';
    case 'array': {
      if (!Array.isArray(value) || !within(value.length, ['minItems', 'maxItems'])) return false;
      const distinct = new Set(value.map((item) => JSON.stringify(item))).size === value.length;
      return (
        (schema['uniqueItems'] !== true || distinct) &&
        value.every((item) => satisfies(itemsOf(schema), item))
      );
    }
    case 'object':
      return (
        isObject(value) &&
        propertiesOf(schema).every((property) =>
          property.name in value ? satisfies(property, value[property.name]) : !property.required,
        )
      );
    case 'any':
      return value !== undefined;
  }
}

const isMultiple = (value: number, of: number | undefined): boolean =>
  of === undefined || of <= 0 || Math.abs(value / of - Math.round(value / of)) < 1e-9;

/** A stranger's pattern is run only when it is short, simple and cannot run away. */
export function safePattern(pattern: unknown): RegExp | null {
  if (typeof pattern !== 'string' || pattern.length > 120) return null;
  if (/\)[*+{]|\\\d|\(\?[=!<]/.test(pattern) || looseParts(pattern) > 3) return null;
  try {
    return new RegExp(pattern, 'u');
  } catch {
    return null;
  }
}

const PROSE = 'The cat sat on the mat.\nIt was warm, and it slept until 7 o’clock.';

/** A pattern that sets a form, such as a code's. One that any text keeps ("not empty") sets none. */
export function strictPattern({ schema }: Property): RegExp | null {
  const pattern = safePattern(schema['pattern']);
  return pattern === null || pattern.test(PROSE) ? null : pattern;
}

export const MAX_MATCHED = 200;

function matchesPattern(pattern: unknown, value: string): boolean {
  if (pattern === undefined) return true;
  const checked = safePattern(pattern);
  // A pattern that is not run is left to the agent to check.
  if (checked === null) return true;
  const linear = checked.source.startsWith('^') ? 1 : 0;
  return value.length > MAX_MATCHED && looseParts(checked.source) > linear ? true : checked.test(value);
}

const looseParts = (pattern: string): number => pattern.match(/[*+]|\{\d+,\d*\}/g)?.length ?? 0;
