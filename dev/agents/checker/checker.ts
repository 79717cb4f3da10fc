import type { DemoAgent } from '../action';
import { checkJson } from './check-json';
import { checkSchema } from './check-schema';
import { testRegex } from './test-regex';

export const checker: DemoAgent = {
  version: '1.0.0',
  message:
    'I am Bracewise. Use `check_json` to learn whether a text is valid JSON and where it is not, ' +
    '`check_json_schema` to hold a document against a JSON Schema, and `test_regex` to try a pattern on a text. ' +
    'Each action costs 0.03 USDC. I fail on purpose, to show how that looks: every third call gets HTTP 503, ' +
    'and its retry succeeds.',
  actions: [checkJson, checkSchema, testRegex],
  failsEveryThird: true,
};
