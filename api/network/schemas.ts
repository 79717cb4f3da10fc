import { z } from 'zod';
import {
  AGENT_TYPES,
  CONTACT_POLICIES,
  INTRODUCTION_POLICIES,
  NOT_A_CURSOR,
  OWNER_TYPES,
  PAYLOAD_LIMIT,
  PRESENCES,
  PROFILE_FIELDS,
  TASK_TYPES,
  TTL_SECONDS,
  VISIBILITY_SCOPES,
} from '../../domain/network';
import { RISK_LEVELS, TASK_STATUSES } from '../../domain/task';
import { oneLine } from '../listing-schemas';

/** What `/v1` takes: the published fields; fields it does not know are passed over. */
const text = (most: number) => z.string().max(most, `must have at most ${most} characters`);
const lineOf = (most: number) => oneLine(text(most));
const displayName = oneLine(text(128).trim().min(1));
const names = z.array(lineOf(100)).max(50);
const country = z
  .string()
  .regex(/^[a-z]{2}$/i, 'must be a country of two letters')
  .transform((code) => code.toUpperCase());
export const email = z
  .email('must be a mail address')
  .max(254)
  .transform((address) => address.toLowerCase());

const Skill = z.union([lineOf(100), z.object({ name: lineOf(100) }).transform(({ name }) => name)]);
const ProfileFields = {
  bio: text(1000).nullish(),
  skills: z.array(Skill).max(50).nullish(),
  languages: names.nullish(),
  location_city: lineOf(100).nullish(),
  location_country: country.nullish(),
};

export const Registration = z
  .object({
    slug: z.string().regex(/^[a-z0-9_-]{3,64}$/, 'must have 3 to 64 of a-z, 0-9, _ and -'),
    display_name: displayName,
    agent_type: z.enum(AGENT_TYPES).default('personal'),
    owner_type: z.enum(OWNER_TYPES).default('individual'),
    runtime: lineOf(50).nullish(),
    endpoint: text(500).nullish(),
    owner_email: email.nullish(),
    ...ProfileFields,
    profile: z.object(ProfileFields).nullish(),
  })
  .transform(({ profile, bio, skills, languages, location_city, location_country, ...agent }) => ({
    ...agent,
    profile: withoutNulls({
      bio: bio ?? profile?.bio,
      skills: skills ?? profile?.skills ?? [],
      languages: languages ?? profile?.languages ?? [],
      location_city: location_city ?? profile?.location_city,
      location_country: location_country ?? profile?.location_country,
    }),
  }));

export const AgentChange = z
  .object({
    display_name: displayName.nullish(),
    status: z.enum(PRESENCES).nullish(),
    endpoint: text(500).nullish(),
    visibility_scope: z.enum(VISIBILITY_SCOPES).nullish(),
    contact_policy: z.enum(CONTACT_POLICIES).nullish(),
    introduction_policy: z.enum(INTRODUCTION_POLICIES).nullish(),
    ...ProfileFields,
    risk_capabilities: names.nullish(),
    interests: names.nullish(),
    timezone: lineOf(40).nullish(),
    can_offer: names.nullish(),
    looking_for: names.nullish(),
    pricing_hint: lineOf(128).nullish(),
    homepage_url: z
      .url({ protocol: /^https?$/, error: 'must be an http or https URL' })
      .max(500)
      .nullish(),
    field_visibility: z
      .partialRecord(z.enum(PROFILE_FIELDS), z.enum(['public', 'network_only', 'circle_only', 'private']))
      .nullish(),
  })
  .transform(
    ({
      display_name,
      status,
      endpoint,
      visibility_scope,
      contact_policy,
      introduction_policy,
      field_visibility,
      ...profile
    }) => ({
      displayName: display_name ?? null,
      presence: status ?? null,
      endpoint: endpoint ?? null,
      visibilityScope: visibility_scope ?? null,
      contactPolicy: contact_policy ?? null,
      introductionPolicy: introduction_policy ?? null,
      fieldVisibility: field_visibility ?? null,
      profile: withoutNulls(profile),
    }),
  );

export const OwnerEmail = z.object({ email });
export const MailCode = z.object({ code: z.string().regex(/^\d{6}$/, 'must have six digits') });

export const NewTask = z.object({
  to_agent_id: z.string().max(100),
  task_type: z.enum(TASK_TYPES),
  description: text(2000).nullish(),
  payload_ref: text(500).nullish(),
  payload_inline: z.record(z.string(), z.unknown()).nullish(),
  risk_level: z.enum(RISK_LEVELS).default('R0'),
  ttl_seconds: z.int().min(TTL_SECONDS.least).max(TTL_SECONDS.most).default(TTL_SECONDS.default),
});

export const isTooLarge = (payload: unknown): boolean =>
  Buffer.byteLength(JSON.stringify(payload ?? null)) > PAYLOAD_LIMIT;

export const Reason = z.object({ reason: text(500).nullish() });
export const Failure = z.object({ reason: text(500).min(1), retryable: z.boolean().default(false) });
export const Completion = z.object({
  rating: z.number().min(1).max(5).nullish(),
  notes: text(2000).nullish(),
  result: z.unknown().optional(),
  result_text: text(65_536).nullish(),
});

export const NewMessage = z.object({
  content: text(2000).min(1),
  message_type: z.enum(['text', 'proposal', 'counter', 'accept', 'reject', 'info']).default('text'),
  structured_data: z
    .record(z.string(), z.unknown())
    .refine((data) => !isTooLarge(data), 'must have at most 65536 bytes as JSON')
    .nullish(),
});
export const MessagesQuery = z.object({ limit: z.coerce.number().int().min(1).max(100).default(50) });
const ArtifactName = z.string().regex(/^[^/\\\p{C}]{1,200}$/u, 'must be a file name of 1 to 200 characters');
/** Whoever reads the task would have them. */
const holdsUser = (text: string): boolean => {
  const url = URL.canParse(text) ? new URL(text) : null;
  return url !== null && (url.username !== '' || url.password !== '');
};
// It becomes a header when the file is read.
const ContentType = text(200).regex(/^[\x20-\x7E]*$/, 'must be printable ASCII');
export const FileOfTask = z.object({ name: ArtifactName, content_type: ContentType });
export const ArtifactElsewhere = z.object({
  name: ArtifactName,
  url: z
    .url({ protocol: /^https$/, error: 'must be an https URL' })
    .max(2000)
    .refine((url) => !holdsUser(url), 'must not carry a user or a password'),
  content_type: ContentType.default('application/octet-stream'),
  size: z.int().min(0).nullish(),
  sha256: z
    .string()
    .regex(/^[0-9a-f]{64}$/, 'must be a SHA-256 in lower-case hex')
    .nullish(),
});
export const Rating = z.object({ rating: z.number().min(1).max(5).transform(Math.trunc) });

export const InboxQuery = z.object({
  status: z.enum(TASK_STATUSES).optional(),
  task_type: z.enum(TASK_TYPES).optional(),
  risk_level: z.enum(RISK_LEVELS).optional(),
  cursor: z
    .string()
    .transform((text) => Buffer.from(text, 'base64url').toString())
    .pipe(z.string().regex(/^tsk_[\w-]{1,60}$/, NOT_A_CURSOR))
    .optional(),
  limit: z.coerce.number().int().min(1).max(100).default(20),
});

function withoutNulls(fields: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields).filter(([, value]) => value !== null && value !== undefined),
  );
}
