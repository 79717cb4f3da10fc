import { z } from 'zod';
import { parseUsdc } from '../domain/money';
import { CLOSED_PORTS } from './closed-ports';

/** The kinds that settings are of, each with its rule in plain words. */
export const whole = (
  fallback: number,
  { min, max, unit = '' }: { min: number; max: number; unit?: string },
) => {
  const rule = `must be a whole number${unit} from ${min} to ${max}`;
  return z
    .string()
    .regex(/^\d+$/, { error: rule, abort: true })
    .default(String(fallback))
    .transform(Number)
    .refine((value) => value >= min && value <= max, rule);
};
export const oneOf = <const T extends readonly string[]>(values: T) =>
  z.enum(values, { error: `must be one of ${values.join(', ')}` });

export const ms = (fallback: number, meaning: string) =>
  whole(fallback, { min: 1, max: 31_536_000_000, unit: ' of milliseconds' }).describe(meaning);
export const usdc = (fallback: string, meaning: string) =>
  z
    .string()
    .refine(
      (text) => parseUsdc(text) !== null,
      'must be an amount of USDC with at most 6 decimals, such as 2.00',
    )
    .default(fallback)
    .describe(meaning);
export const flag = (fallback: boolean, meaning: string) =>
  oneOf(['true', 'false'])
    .default(fallback ? 'true' : 'false')
    .transform((value) => value === 'true')
    .describe(meaning);
export const limit = (fallback: number, meaning: string) =>
  whole(fallback, { min: 1, max: 1_000_000_000 }).describe(meaning);
export const port = (fallback: number, meaning: string) =>
  whole(fallback, { min: 0, max: 65_535 })
    .refine(
      (value) => !CLOSED_PORTS.has(value),
      'must be a port that browsers connect to, such as 4400: to this one they do not',
    )
    .describe(meaning);
export const urlOf = (protocols: RegExp, rule: string) =>
  z.string().refine((text) => URL.canParse(text) && protocols.test(text), rule);
export const url = (meaning: string) =>
  urlOf(/^https?:/, 'must be an http or https URL')
    .optional()
    .describe(meaning);
export const emails = (meaning: string) =>
  z
    .string()
    .default('')
    .transform((text) =>
      text.split(',').flatMap((part) => (part.trim() === '' ? [] : [part.trim().toLowerCase()])),
    )
    .refine(
      (list) => list.every((email) => z.email().safeParse(email).success),
      'must be mail addresses with commas between',
    )
    .describe(meaning);
export const delays = (fallback: string, meaning: string) =>
  z
    .string()
    .regex(/^\d+(,\d+){0,9}$/, 'must be whole numbers with commas between')
    .default(fallback)
    .transform((text) => text.split(',').map(Number))
    .describe(meaning);
export const optional = (meaning: string) => z.string().min(1).optional().describe(meaning);
