import { Ajv } from 'ajv';
import type { ValidateFunction } from 'ajv';
import { Ajv2020 } from 'ajv/dist/2020';

type JsonSchema = Record<string, unknown>;

// Formats are hints; agents use more of them than anyone checks.
const OPTIONS = { strict: false, allErrors: false, validateFormats: false, logger: false } as const;

function compile(schema: JsonSchema): ValidateFunction {
  const { $schema: dialect } = schema;
  const isOld = typeof dialect === 'string' && /draft-0[67]/.test(dialect);
  // A compiler of its own for each: two schemas may carry the same $id.
  return (isOld ? new Ajv(OPTIONS) : new Ajv2020(OPTIONS)).compile(schema);
}

/** What is wrong with a JSON Schema, or null. */
export function problemOf(schema: JsonSchema): string | null {
  try {
    compile(schema);
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** Where a value does not fit its schema, or null. The schema must be one. */
export function misfit(schema: JsonSchema, value: unknown): string | null {
  const validate = compile(schema);
  if (validate(value)) return null;
  const [error] = validate.errors ?? [];
  return `${error?.instancePath === '' ? 'the whole' : (error?.instancePath ?? '')} ${error?.message ?? 'does not fit'}`;
}
