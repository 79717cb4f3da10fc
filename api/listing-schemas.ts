import { z } from 'zod';
import { LISTING_STATUSES } from '../domain/agent';
import { MooringError } from '../domain/errors';
import { formatUsdc } from '../domain/money';
import { Usdc } from './schemas';

const AGENT_ID = /^agt_\w{21}$/;
const SLUG = /^[a-z0-9]+(-[a-z0-9]+)*$/;

// Controls, line ends, and what turns the direction of the text around it: a name must look like what it is.
const NOT_IN_A_LINE = /[\p{Cc}\p{Zl}\p{Zp}\u202A-\u202E\u2066-\u2069]/u;
const NOT_IN_TEXT = /(?![\n\t])[\p{Cc}\u202A-\u202E\u2066-\u2069]/u;
const text = (most: number) =>
  z
    .string()
    .trim()
    .min(1)
    .max(most)
    .refine((said) => !NOT_IN_TEXT.test(said), 'must not hold control characters');
export const oneLine = (schema: z.ZodType<string, string>) =>
  schema.refine((said) => !NOT_IN_A_LINE.test(said), 'must be one line without control characters');
export const line = (most: number) => oneLine(text(most));
const labels = z
  .array(line(40))
  .max(10)
  .refine((list) => new Set(list).size === list.length, 'must not hold one twice');
const url = z
  .string()
  .max(2000)
  .refine(
    (text) => URL.canParse(text) && /^https?:$/.test(new URL(text).protocol),
    'must be an http or https URL',
  );

const fields = {
  name: line(100),
  description: text(4000),
  base_url: url
    .refine((text) => !/[?#]/.test(text), 'must have neither query nor fragment')
    .transform((text) => text.replace(/\/+$/, '')),
  source_code_url: url.nullable(),
  categories: labels,
  tags: labels,
  pricing_summary: z
    .strictObject({ type: z.literal('per_action'), from_usdc: Usdc })
    .transform(({ type, from_usdc }) => ({ type, from_usdc: formatUsdc(from_usdc) }))
    .nullable(),
};

export const NewListing = z.strictObject({
  ...fields,
  source_code_url: fields.source_code_url.default(null),
  categories: fields.categories.default([]),
  tags: fields.tags.default([]),
  pricing_summary: fields.pricing_summary.default(null),
});

/** A field that is left out stays as it is. */
export const ListingChange = z.strictObject({
  name: z.exactOptional(fields.name),
  description: z.exactOptional(fields.description),
  base_url: z.exactOptional(fields.base_url),
  source_code_url: z.exactOptional(fields.source_code_url),
  categories: z.exactOptional(fields.categories),
  tags: z.exactOptional(fields.tags),
  pricing_summary: z.exactOptional(fields.pricing_summary),
});

const word = z
  .string()
  .max(200)
  .transform((text) => text.trim() || null)
  .default(null);

export const ListingQuery = z.strictObject({
  q: word,
  category: word,
  status: z.enum(LISTING_STATUSES).nullable().default(null),
  page: z.coerce.number().int().min(1).max(10_000).default(1),
  per_page: z.coerce.number().int().min(1).max(100).default(20),
});

export const Review = z.strictObject({
  decision: z.enum(['approve', 'reject']),
  reason: z.string().trim().max(1000).default(''),
  /** as the listing had it when it was looked at */
  version: z.string().max(100).nullable().default(null),
});

const noSuchAgent = (): MooringError => new MooringError('not_found', 'There is no such agent.');

/** The id in a path. Whatever cannot be one is an agent that does not exist. */
export function agentIdOf(id: unknown): string {
  if (typeof id === 'string' && AGENT_ID.test(id)) return id;
  throw noSuchAgent();
}

/** A slug, or an id, in a path. */
export function agentNameOf(name: unknown): string {
  if (typeof name === 'string' && name.length <= 64 && (SLUG.test(name) || AGENT_ID.test(name))) return name;
  throw noSuchAgent();
}
