import { z } from 'zod';
import { Refusal, defineAction } from '../action';
import { plural } from '../text/input';
import { PRICE } from './check-json';
import { inThread } from './in-thread';

const TEXT_LIMIT = 50_000;
const MOST = 20;
const CLIP = 200;

export const testRegex = defineAction({
  name: 'test_regex',
  description:
    'Tests whether a regular expression (regex, JavaScript) matches a text: every match with its position and ' +
    'groups. A pattern that runs away is stopped after a second.',
  price: PRICE,
  input: z.object({
    pattern: z.string().min(1).max(1_000).describe('The regular expression without slashes, such as ^a+$'),
    text: z
      .string()
      .max(TEXT_LIMIT, `must have at most ${TEXT_LIMIT} characters`)
      .describe('The text that the pattern is tried on'),
    flags: z
      .string()
      .regex(/^[dgimsuvy]{0,8}$/, 'must be flags of JavaScript: d g i m s u v y')
      .optional()
      .describe('Flags, such as i to ignore case or m for several lines'),
  }),
  output: z.object({
    summary: z.string().describe('Whether it matches, how often, and what first'),
    matches: z.boolean().describe('Whether it matches anywhere'),
    matches_whole_text: z.boolean(),
    count: z.int(),
    found: z
      .array(
        z.object({
          match: z.string(),
          position: z.int(),
          groups: z.array(z.object({ name: z.string(), value: z.string().nullable() })),
        }),
      )
      .max(MOST)
      .describe(`The first ${MOST} matches`),
  }),
  run: async ({ pattern, text, flags = '' }) => {
    const result = await inThread({ kind: 'regex', pattern, flags, text, most: MOST, clip: CLIP });
    if (result.kind === 'refused') throw new Refusal(result.code, `pattern: ${result.reason}`);
    if (result.kind !== 'regex') throw new Error('the thread answered something else');
    const { total, whole, found } = result;
    const first = found[0];
    const summary =
      first === undefined
        ? 'No match.'
        : `${whole ? 'Yes, it matches the whole text' : 'Yes, it matches'}: ${plural(total, 'match').replace('matchs', 'matches')}, ` +
          `the first at position ${first.position}: “${first.match}”.`;
    return { summary, matches: total > 0, matches_whole_text: whole, count: total, found };
  },
});
