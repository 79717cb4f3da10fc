import { misfit, problemOf } from './schemas';

type JsonSchema = Record<string, unknown>;

const FORMATS: Record<string, string[]> = {
  date: ['2026-03-02', '2026-03-20'],
  'date-time': ['2026-03-02T09:00:00Z', '2026-03-20T17:30:00Z'],
  time: ['09:00:00Z', '17:30:00Z'],
  email: ['ada@example.com', 'grace@example.com'],
  uri: ['https://example.com/', 'https://example.com/other'],
  url: ['https://example.com/', 'https://example.com/other'],
  uuid: ['11111111-1111-4111-8111-111111111111', '22222222-2222-4222-8222-222222222222'],
  hostname: ['example.com', 'example.org'],
  ipv4: ['192.0.2.1', '192.0.2.2'],
};
const TEXTS = ['The quick brown fox jumps over the lazy dog.', 'A second, different example of a text.'];

/**
 * Arguments that fit an input schema, or null when none are found by its words alone. Variant 1 differs from
 * variant 0 where the schema lets it.
 */
export function exampleOf(schema: JsonSchema, variant: 0 | 1): Record<string, unknown> | null {
  const value = valueOf(schema, { root: schema, variant, depth: 0 });
  const fits = isRecord(value) && problemOf(schema) === null && misfit(schema, value) === null;
  return fits ? value : null;
}

interface Way {
  root: JsonSchema;
  variant: 0 | 1;
  depth: number;
}

const MAX_DEPTH = 12;

function valueOf(given: JsonSchema, way: Way): unknown {
  if (way.depth > MAX_DEPTH) return null;
  const schema = resolved(given, way.root);
  const { const: constant, examples, default: usual, enum: options } = schema;
  if (constant !== undefined) return constant;
  for (const list of [examples, options]) if (Array.isArray(list)) return pick(list, way.variant);
  if (usual !== undefined && way.variant === 0) return usual;
  switch (typeOf(schema)) {
    case 'object':
      return objectOf(schema, way);
    case 'array':
      return Array.from({ length: Math.max(1, numberAt(schema, 'minItems') ?? 0) }, () =>
        valueOf(recordAt(schema, 'items'), deeper(way)),
      );
    case 'string':
      return textOf(schema, way.variant);
    case 'integer':
    case 'number':
      return numberOf(schema, way.variant);
    case 'boolean':
      return way.variant === 1;
    default:
      return null;
  }
}

const deeper = (way: Way): Way => ({ ...way, depth: way.depth + 1 });
const pick = (list: unknown[], variant: number): unknown => list[Math.min(variant, list.length - 1)];
const isRecord = (value: unknown): value is JsonSchema =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const recordAt = (schema: JsonSchema, key: string): JsonSchema => {
  const value = schema[key];
  return isRecord(value) ? value : {};
};
const numberAt = (schema: JsonSchema, key: string): number | null => {
  const value = schema[key];
  return typeof value === 'number' ? value : null;
};

/** Follows a reference within the schema, takes the first of alternatives, and joins parts. */
function resolved(schema: JsonSchema, root: JsonSchema, depth = 0): JsonSchema {
  const { $ref: reference, anyOf, oneOf, allOf, ...own } = schema;
  const parts: unknown[] = [
    ...(typeof reference === 'string' ? [lookUp(reference, root)] : []),
    ...(Array.isArray(allOf) ? (allOf as unknown[]) : []),
    ...[anyOf, oneOf].flatMap((list) => (Array.isArray(list) ? [list[0] as unknown] : [])),
  ];
  const whole = parts
    .filter(isRecord)
    .map((part) => (depth < MAX_DEPTH ? resolved(part, root, depth + 1) : part));
  return Object.assign({}, ...whole, own) as JsonSchema;
}

function lookUp(reference: string, root: JsonSchema): unknown {
  const steps = reference.replace(/^#\/?/, '').split('/');
  return steps.reduce<unknown>((at, step) => (isRecord(at) && step !== '' ? at[step] : at), root);
}

function typeOf(schema: JsonSchema): unknown {
  const { type } = schema;
  if (Array.isArray(type)) return type.find((one) => one !== 'null');
  return type ?? (isRecord(schema['properties']) ? 'object' : undefined);
}

/** What is required, in that order (a database may have mixed up the properties), then what has an example. */
function objectOf(schema: JsonSchema, way: Way): JsonSchema {
  const properties = recordAt(schema, 'properties');
  const required = Array.isArray(schema['required']) ? schema['required'].map(String) : [];
  const shown = Object.keys(properties).filter((name) =>
    Array.isArray(recordAt(properties, name)['examples']),
  );
  return Object.fromEntries(
    [...new Set([...required, ...shown])].map((name) => [
      name,
      valueOf(recordAt(properties, name), deeper(way)),
    ]),
  );
}

function textOf(schema: JsonSchema, variant: 0 | 1): string {
  const format = schema['format'];
  if (typeof format === 'string' && FORMATS[format] !== undefined) return String(FORMATS[format][variant]);
  const text = TEXTS[variant] ?? '';
  const longer = text.padEnd(numberAt(schema, 'minLength') ?? 0, ` ${text}`);
  return longer.slice(0, numberAt(schema, 'maxLength') ?? longer.length);
}

function numberOf(schema: JsonSchema, variant: 0 | 1): number {
  const step = numberAt(schema, 'multipleOf') ?? 1;
  const above = numberAt(schema, 'exclusiveMinimum');
  const least = numberAt(schema, 'minimum') ?? (above === null ? step : above + step);
  const most = numberAt(schema, 'maximum') ?? Infinity;
  const first = Math.ceil(Math.min(least, most) / step) * step;
  return first + variant * step <= most ? first + variant * step : first;
}
