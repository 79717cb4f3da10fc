import { z } from 'zod';
import { TURN_LIMITS } from '../domain/session';
import {
  delays,
  emails,
  flag,
  limit,
  ms,
  oneOf,
  optional,
  port,
  url,
  urlOf,
  usdc,
  whole,
} from './setting-kinds';
import { WALLET_SETTINGS, walletChecks } from './wallet-settings';

/**
 * Every setting of Mooring: its name, default and meaning. The only reader of process.env.
 * `.env.example` and the README's table are written from this file (`npm run env`), and a test holds them to it.
 */
export const SETTINGS = {
  MOORING_ENV: oneOf(['development', 'test', 'production'])
    .default('development')
    .describe('development opens the one-click sign-in and loopback agents; production closes both'),
  MOORING_PORT: port(4400, 'port of the API and the pages'),
  MOORING_HOST: z.string().default('127.0.0.1').describe('address the API listens on'),
  MOORING_DATA_DIR: z.string().default('.mooring').describe('where one machine keeps its data'),
  MOORING_PUBLIC_URL: url('origin of the pages as people see it; default http://<host>:<port>'),
  MOORING_SECRET: z
    .string()
    .min(32, 'must have at least 32 characters')
    .optional()
    .describe(
      'at least 32 characters; keys for tokens and sealed secrets are derived from it; made and kept in the data folder when absent in development',
    ),
  MOORING_ADMIN_EMAILS: emails(
    'mail addresses of those who review listings, with commas between; in development the test user does too',
  ),
  MOORING_REGION: oneOf(['intl', 'cn']).default('intl').describe('the region whose rows this process sees'),
  DATABASE_URL: urlOf(
    /^postgres(ql)?:/,
    'must be a URL like postgres://user:password@host:5432/database; a special character of the password is written as %23 for #, %40 for @ and so on',
  )
    .optional()
    .describe('PostgreSQL 15 or newer; absent: our own under the data folder'),
  TEMPORAL_ADDRESS: z
    .string()
    .regex(/^([\w.-]+|\[[\da-f:.]+\])(:\d{1,5})?$/i, 'must be host:port, such as localhost:7233')
    .optional()
    .describe('a Temporal server; absent: our own under the data folder'),
  MOORING_TEMPORAL_UI: url('address of the Temporal UI, for the links that operators follow'),
  MOORING_DEV_MAILBOX_URL: url(
    'the development mailbox, shown at /dev/mail to a person at this machine; npm start sets it',
  ),
  MOORING_SMTP_URL: urlOf(/^smtps?:/, 'must be a URL like smtp://user:password@host:587')
    .optional()
    .describe(
      'the mail server that questions and codes go out by; npm start sets it to the development mailbox',
    ),
  MOORING_MAIL_FROM: z
    .string()
    .min(1)
    .default('Mooring <mooring@localhost.invalid>')
    .describe('the sender of those mails'),
  TEMPORAL_NAMESPACE: z.string().default('default').describe('the Temporal namespace'),
  REDIS_URL: urlOf(/^rediss?:/, 'must be a URL like redis://host:6379')
    .optional()
    .describe('Redis for the bus; needed only when several platform processes share one database'),
  ANTHROPIC_API_KEY: optional('set: Claude answers; absent: the stand-in, which uses no language model'),
  ANTHROPIC_BASE_URL: url('another server that speaks the Anthropic Messages API'),
  MOORING_MODEL: z.string().default('claude-sonnet-5-5').describe('the model that is asked'),
  MOORING_MODEL_MAX_TOKENS: whole(8192, { min: 256, max: 64_000 }).describe('most tokens of one model step'),
  MOORING_MODEL_WINDOW: whole(64_000, { min: 8_000, max: 2_000_000 }).describe(
    'tokens of the model’s window that a step may fill, its answer included; of a longer chat the oldest part is left out',
  ),
  MOORING_MODEL_RESERVE: whole(4_000, { min: 0, max: 1_000_000 }).describe(
    'tokens of that kept free, beside the longest answer, for what a request takes more than was estimated',
  ),
  MOORING_MODEL_INPUT_USDC: usdc('3.00', 'price of a million input tokens, for the cost shown in a chat'),
  MOORING_MODEL_OUTPUT_USDC: usdc('15.00', 'price of a million output tokens'),
  MOORING_MODEL_TIMEOUT_MS: ms(120_000, 'longest model step'),
  MOORING_SESSION_BUDGET_USDC: usdc('2.00', 'what a chat may spend when it is opened without a budget'),
  MOORING_TURN_STEPS: whole(TURN_LIMITS.modelSteps, { min: 1, max: 1_000 }).describe(
    'model steps of one turn at most',
  ),
  MOORING_TURN_AGENTS: whole(TURN_LIMITS.agents, { min: 1, max: 1_000 }).describe(
    'agents that one turn connects to, asks to pay or hires at most',
  ),
  MOORING_TURN_WORK_MS: ms(TURN_LIMITS.workMs, 'longest work on one turn; waiting for people is not counted'),
  MOORING_HUMAN_WAIT_MS: ms(120_000, 'how long a turn waits for a person or a task before it ends in words'),
  MOORING_PAYMENT_DEADLINE_MS: ms(900_000, 'how long a payment waits for its approval'),
  MOORING_QUESTION_DEADLINE_MS: ms(1_800_000, 'how long a question waits for its answer'),
  MOORING_R2_DEADLINE_MS: ms(14_400_000, 'how long a person has to confirm a task of risk R2'),
  MOORING_R3_DEADLINE_MS: ms(43_200_000, 'how long a person has to confirm a task of risk R3'),
  MOORING_CAPTURE_DEADLINE_MS: ms(3_600_000, 'how long a hold waits for a task before it comes back'),
  ...WALLET_SETTINGS,
  MOORING_PLATFORM_FEE_BPS: whole(0, { min: 0, max: 5_000 }).describe(
    'the platform’s part of what an agent is paid, in hundredths of a percent; 250 is 2.5 %',
  ),
  MOORING_SESSION_IDLE_MS: ms(86_400_000, 'a chat without a message closes after this'),
  MOORING_TASK_TTL_MS: ms(259_200_000, 'a task that nobody ends expires after this'),
  MOORING_INVOKE_TIMEOUT_MS: ms(30_000, 'how long an agent may take to answer /invoke'),
  MOORING_CALLBACK_DEADLINE_MS: ms(
    3_600_000,
    'how long an agent that answered /invoke with 202 has to say what came of it',
  ),
  MOORING_HEALTH_TIMEOUT_MS: ms(3_000, 'how long an agent may take to answer /health'),
  MOORING_HEALTH_CACHE_MS: ms(120_000, 'how long a search trusts an earlier health check'),
  MOORING_DELIVERY_DELAYS_MS: delays(
    '0,1000,5000,25000',
    'one number for each delivery attempt of a task: how long it waits after the one before; the first is not waited',
  ),
  MOORING_WEBHOOK_TIMEOUT_MS: ms(10_000, 'how long an agent’s webhook may take to answer'),
  MOORING_BREAKER_FAILURES: limit(
    5,
    'failures in a row at one agent, over all its tasks, after which its tasks wait until it is back',
  ),
  MOORING_BREAKER_WAIT_MS: ms(30_000, 'how long an agent that is down is left alone before it is tried'),
  MOORING_BREAKER_MAX_WAIT_MS: ms(300_000, 'the wait doubles with every try, up to this'),
  MOORING_DRAIN_CONCURRENCY: limit(
    1,
    'tasks that wait for an agent which is back, delivered to it at once; with 1 they come in order',
  ),
  MOORING_SECRET_OVERLAP_MS: ms(
    86_400_000,
    'how long a webhook secret that was replaced is still signed with',
  ),
  MOORING_PROBE_DELAYS_MS: delays(
    '5000,30000,120000',
    'waits between the tries of an agent’s check that is not good; after the last its owner asks for the next',
  ),
  MOORING_CHECK_WAIT_MS: ms(
    8_000,
    'how long an owner’s check of an agent waits for its outcome before it answers 202',
  ),
  MOORING_RELAY_AGE_MS: ms(2_000, 'the relay sends signals that are unsent for longer than this'),
  MOORING_RECONCILE_INTERVAL_MS: ms(60_000, 'how often rows are held against their workflows'),
  MOORING_ALLOW_LOOPBACK: flag(
    true,
    'agents may live on loopback, on any port and over plain http; never on in production',
  ),
  MOORING_RATE_LIMIT_MESSAGES: limit(60, 'messages a person may send in a chat, a minute'),
  MOORING_RATE_LIMIT_FRAMES: limit(240, 'frames a socket may send, a minute'),
  MOORING_RATE_LIMIT_SIGN_INS: limit(
    60,
    'sign-ins and refreshes from one address, a minute; behind a proxy all people share its address',
  ),
  MOORING_RATE_LIMIT_SESSIONS: limit(60, 'chats a person may open, a minute'),
  MOORING_RATE_LIMIT_KEYS: limit(10, 'API keys a person may make, a minute'),
  MOORING_RATE_LIMIT_LISTINGS: limit(
    30,
    'agents a person may list, change, check or give new keys, a minute, all together',
  ),
  MOORING_RATE_LIMIT_LOOKS: limit(
    300,
    'looks at the list of agents from one address, a minute; behind a proxy all people share its address',
  ),
  MOORING_RATE_LIMIT_REGISTRATIONS: limit(
    10,
    'agents of the network registered from one address, an hour; behind a proxy all share its address',
  ),
  MOORING_RATE_LIMIT_APPROVALS: limit(
    60,
    'looks and decisions by the links of mails from one address, a minute; behind a proxy all share its address',
  ),
  MOORING_RATE_LIMIT_CALLBACKS: limit(
    600,
    'callbacks of agents from one address, a minute; behind a proxy all share its address',
  ),
  MOORING_RATE_LIMIT_BAD_KEYS: limit(
    300,
    'calls of /v1 with bad keys from one address, a minute; then only keys that were good before are looked up; behind a proxy all share its address',
  ),
  MOORING_RATE_LIMIT_NETWORK_READS: limit(120, 'calls that read of one agent to one path of /v1, a minute'),
  MOORING_RATE_LIMIT_NETWORK_WRITES: limit(60, 'calls that change of one agent to one path of /v1, a minute'),
  MOORING_RATE_LIMIT_SOCKETS_PER_IP: limit(
    20,
    'sockets open from one address; behind a proxy all people share its address',
  ),
  MOORING_RATE_LIMIT_SOCKETS_PER_CHAT: limit(5, 'sockets of a person open in one chat'),
  MOORING_LOG_LEVEL: oneOf(['fatal', 'error', 'warn', 'info', 'debug', 'silent'])
    .default('info')
    .describe('least severe line that is logged'),
  OTEL_EXPORTER_OTLP_ENDPOINT: url(
    'an OTLP collector, as http://127.0.0.1:4318: traces go there; absent: there are none',
  ),
  MOORING_TEMPORAL_METRICS: z
    .string()
    .regex(/^[^\s:]+:\d{1,5}$/, 'must be an address and a port, as 127.0.0.1:9464')
    .optional()
    .describe('where the Temporal SDK serves its own figures for Prometheus; absent: nowhere'),
  MOORING_FAILPOINT: optional(
    'tests only: `name` or `name@n`, the process kills itself at the n-th pass; `log:<file>` notes every pass',
  ),
} as const;

const Schema = z.object(SETTINGS);
export type Config = z.infer<typeof Schema>;

/** Where people reach the pages. */
export const publicUrlOf = ({
  MOORING_PUBLIC_URL: url,
  MOORING_HOST: host,
  MOORING_PORT: port,
}: Config): string => url ?? `http://${host}:${port}`;

/** A setting that cannot be used, and its rule in plain words: "must be …". */
export interface SettingProblem {
  name: string;
  rule: string;
}

/** Settings that cannot be used, each named with its rule. */
export class ConfigError extends Error {
  readonly problems: SettingProblem[];

  constructor(problems: SettingProblem[]) {
    super(`Settings cannot be used:\n${problems.map(({ name, rule }) => `  ${name}: ${rule}`).join('\n')}`);
    this.name = 'ConfigError';
    this.problems = problems;
  }
}

/** Reads all settings at once. Empty values count as absent. Throws ConfigError naming every bad one. */
export function loadConfig(env: Record<string, string | undefined> = process.env): Config {
  const given = Object.fromEntries(
    Object.entries(env).filter(([name, value]) => name in SETTINGS && value !== ''),
  );
  const parsed = Schema.safeParse(given);
  const problems = parsed.success
    ? crossChecks(parsed.data)
    : parsed.error.issues.map(({ path, message }) => ({ name: path.join('.'), rule: message }));
  if (!parsed.success || problems.length > 0) throw new ConfigError(problems);
  return parsed.data;
}

// Rules, tools, the summary and one short turn.
const LEAST_CONTEXT_TOKENS = 6_000;

function crossChecks(config: Config): SettingProblem[] {
  const window = config.MOORING_MODEL_MAX_TOKENS + config.MOORING_MODEL_RESERVE + LEAST_CONTEXT_TOKENS;
  const model =
    config.MOORING_MODEL_WINDOW >= window
      ? []
      : [
          {
            name: 'MOORING_MODEL_WINDOW',
            rule: `must be at least ${window}: MOORING_MODEL_MAX_TOKENS, MOORING_MODEL_RESERVE and ${LEAST_CONTEXT_TOKENS} for the chat`,
          },
        ];
  const problems = [...model, ...walletChecks(config)];
  return config.MOORING_ENV === 'production' ? [...problems, ...productionChecks(config)] : problems;
}

function productionChecks(config: Config): SettingProblem[] {
  const needed = (['MOORING_SECRET', 'DATABASE_URL', 'TEMPORAL_ADDRESS'] as const)
    .filter((name) => config[name] === undefined)
    .map((name) => ({ name, rule: 'is required in production' }));
  return [
    ...needed,
    ...(config.MOORING_ALLOW_LOOPBACK
      ? [{ name: 'MOORING_ALLOW_LOOPBACK', rule: 'must be false in production' }]
      : []),
    ...(config.MOORING_FAILPOINT === undefined
      ? []
      : [{ name: 'MOORING_FAILPOINT', rule: 'is for tests only' }]),
  ];
}
