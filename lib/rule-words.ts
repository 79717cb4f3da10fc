import { z } from 'zod';

/**
 * What is wrong with a value that came in, as its rule in plain words: zod's own are for programmers. A schema that has
 * words of its own keeps them.
 */
function ruleOf(issue: z.core.$ZodRawIssue): string {
  switch (issue.code) {
    case 'invalid_type':
      return issue.input === undefined
        ? 'is missing'
        : `must be ${KINDS[issue.expected] ?? 'of another kind'}`;
    case 'invalid_value':
      return issue.input === undefined
        ? 'is missing'
        : `must be one of ${issue.values.map(String).join(', ')}`;
    case 'too_small':
      return `must ${atLeast(issue.origin, Number(issue.minimum))}`;
    case 'too_big':
      return `must ${atMost(issue.origin, Number(issue.maximum))}`;
    case 'invalid_format':
      return FORMATS[issue.format] ?? 'is not in the agreed form';
    case 'unrecognized_keys':
      return 'is not known here';
    case 'invalid_union':
      return 'must be one of the forms that are known here';
    default:
      return 'is not valid';
  }
}

const KINDS: Record<string, string> = {
  string: 'a string',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
  record: 'an object',
  null: 'null',
};
const FORMATS: Record<string, string> = {
  email: 'must be a mail address',
  url: 'must be a URL',
  datetime: 'must be a time as 2026-03-02T09:00:00Z',
};

const atLeast = (origin: string, least: number): string => {
  if (origin === 'string') return least === 1 ? 'not be empty' : `have at least ${least} characters`;
  return origin === 'array' ? `have at least ${least} entries` : `be at least ${least}`;
};
const atMost = (origin: string, most: number): string => {
  if (origin === 'string') return `have at most ${most} characters`;
  return origin === 'array' ? `have at most ${most} entries` : `be at most ${most}`;
};

/** From here on every schema of this process says its rules so. */
export const sayRulesInPlainWords = (): void => {
  z.config({ customError: ruleOf });
};
