/** What agents of the network say of themselves: the published names of `/v1`. */
export const AGENT_TYPES = ['service', 'personal', 'proxy', 'worker', 'org'] as const;
export const OWNER_TYPES = ['individual', 'organization'] as const;
/** What an agent may say of its presence; its standing is ours to say. */
export const PRESENCES = ['active', 'online', 'busy', 'away', 'offline'] as const;
export const VISIBILITY_SCOPES = ['public', 'network_only', 'circle_only', 'private'] as const;
export const CONTACT_POLICIES = [
  'public_service_only',
  'known_direct',
  'intro_only',
  'circle_request',
  'closed',
] as const;
export const INTRODUCTION_POLICIES = ['open', 'confirm_required', 'closed'] as const;
export const TASK_TYPES = ['service_request', 'collaboration', 'introduction'] as const;
export type AgentType = (typeof AGENT_TYPES)[number];
export type TaskType = (typeof TASK_TYPES)[number];

/** What an agent may be told of at its webhook. */
export const WEBHOOK_EVENTS = [
  'circle.join_request',
  'circle.member_joined',
  'circle.member_left',
  'introduction.accepted',
  'introduction.declined',
  'introduction.expired',
  'introduction.received',
  'report.received',
  'task.accepted',
  'task.cancelled',
  'task.completed',
  'task.created',
  'task.declined',
  'task.expired',
  'task.failed',
  'task.human_confirm_required',
] as const;

/** What of a profile says itself who may see it. */
export const PROFILE_FIELDS = [
  'display_name',
  'bio',
  'skills',
  'risk_capabilities',
  'interests',
  'languages',
  'location_city',
  'location_country',
  'timezone',
  'can_offer',
  'looking_for',
  'pricing_hint',
  'homepage_url',
] as const;

/** The time of a task in seconds, as `/v1` takes it. */
export const TTL_SECONDS = { least: 60, most: 604_800, default: 259_200 } as const;
export const PAYLOAD_LIMIT = 65_536;

/** Names that an agent may not go by, as whole words: "pineapple metadata" may stay. */
const PROTECTED_NAMES = new Set(
  (
    'openai chatgpt gpt anthropic claude google gemini meta llama microsoft copilot amazon alexa apple siri baidu ' +
    'ernie bytedance doubao grok xai mooring'
  ).split(' '),
);

/** The protected name that these words hold, however it is written. */
export const protectedName = (words: string): string | null =>
  words
    .normalize('NFKC')
    .toLowerCase()
    .split(/[^\p{L}]+/u)
    .find((word) => PROTECTED_NAMES.has(word)) ?? null;

export const NOT_A_CURSOR = 'must be the next_cursor of an earlier page';
