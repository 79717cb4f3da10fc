import { z } from 'zod';
import { Refusal, defineAction } from '../action';
import { plural } from '../text/input';
import { JsonText, PRICE, place } from './check-json';
import { inThread } from './in-thread';
import { scanJson } from './json-scan';

const MOST = 20;

export const checkSchema = defineAction({
  name: 'check_json_schema',
  description:
    'Checks a JSON document against a JSON Schema (draft 2020-12): every rule that is broken, with the path of ' +
    'the value. Formats are not checked.',
  price: PRICE,
  input: z.object({
    document: JsonText.describe('The JSON document to check, as text'),
    schema: JsonText.describe('The JSON Schema it is held against, as JSON text'),
  }),
  output: z.object({
    summary: z.string().describe('Whether the document keeps the schema, and what it breaks first'),
    valid: z.boolean(),
    count: z.int().describe('How many rules are broken'),
    errors: z
      .array(z.object({ path: z.string(), rule: z.string(), message: z.string() }))
      .max(MOST)
      .describe(`The first ${MOST}; the path is a JSON Pointer`),
  }),
  run: async ({ document, schema }) => {
    requireJson('document', document);
    requireJson('schema', schema);
    const result = await inThread({ kind: 'schema', json: document, schema, most: MOST });
    if (result.kind === 'refused') throw new Refusal(result.code, `schema: ${result.reason}`);
    if (result.kind !== 'schema') throw new Error('the thread answered something else');
    const { total, faults } = result;
    const [first] = faults;
    const summary =
      first === undefined
        ? 'The document keeps the schema.'
        : `The document breaks the schema in ${plural(total, 'place')}, first at ${first.path}: ${first.message}.`;
    return { summary, valid: total === 0, count: total, errors: faults };
  },
});

function requireJson(field: string, text: string): void {
  const { fault } = scanJson(text);
  if (fault === null) return;
  const { line, column, reason } = place(text, fault);
  throw new Refusal('invalid_json', `${field}: is not valid JSON: line ${line}, column ${column}: ${reason}`);
}
