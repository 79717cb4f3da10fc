import { createListingActivities } from '../activities/agents/monitor';
import { createChatActivities } from '../activities/chat';
import { createModel } from '../activities/orchestrator/model';
import type { Model } from '../activities/orchestrator/model';
import { createSendMail } from '../activities/mail';
import { createMailActivities } from '../activities/mail-code';
import { createPaymentActivities } from '../activities/payments';
import { createLedgerActivities } from '../activities/prove-ledger';
import { createAuditActivities } from '../activities/seal-audit';
import { createRefundActivities } from '../activities/settle-refund';
import type { Encoder } from '../activities/search/encoder';
import { createTaskActivities } from '../activities/tasks/activities';
import type { TaskDeps } from '../activities/tasks/activities';
import { deliver } from '../activities/tasks/deliver';
import { createDrainParked } from '../activities/tasks/drain';
import type { CarryDeps, Looks } from '../activities/wallets/carry-on';
import { createWallets } from '../activities/wallets/choose';
import type { Database } from '../db/database';
import { parseUsdc } from '../domain/money';
import type { TaskProgress } from '../domain/workflows';
import { createApprovalLinks } from '../lib/approval-links';
import type { Bus } from '../lib/bus';
import { publicUrlOf } from '../lib/config';
import type { Config } from '../lib/config';
import type { GuardedHttp } from '../lib/guarded-http';
import { createSeal } from '../lib/seal';
import type { FirstDelivery } from './first-deliveries';
import type { Activities } from './workers';

interface ActivityDeps {
  config: Config;
  db: Database;
  bus: Bus;
  http: GuardedHttp;
  /** keys and links are derived from it */
  secret: string;
  encoder: Encoder;
}

/** All activities with what they need of the world, by queue; and what tells a task's agent before its run begins. */
export function createActivities({ config, db, bus, http, secret, encoder }: ActivityDeps): {
  activities: Activities;
  deliverFirst: (start: FirstDelivery, signal: AbortSignal) => Promise<TaskProgress>;
} {
  const links = createApprovalLinks(secret, publicUrlOf(config));
  const sendMail = createSendMail({ smtpUrl: config.MOORING_SMTP_URL, from: config.MOORING_MAIL_FROM });
  const wallets = createWallets(config, db);
  const tasks = taskDeps({ config, db, http, secret, links, sendMail });
  const activities: Activities = {
    chat: createChatActivities({
      db,
      bus,
      http,
      encoder,
      model: modelOf(config),
      price: {
        inputPerMillion: parseUsdc(config.MOORING_MODEL_INPUT_USDC) ?? 0n,
        outputPerMillion: parseUsdc(config.MOORING_MODEL_OUTPUT_USDC) ?? 0n,
      },
      contextTokens:
        config.MOORING_MODEL_WINDOW - config.MOORING_MODEL_MAX_TOKENS - config.MOORING_MODEL_RESERVE,
      turnLimits: {
        modelSteps: config.MOORING_TURN_STEPS,
        agents: config.MOORING_TURN_AGENTS,
        workMs: config.MOORING_TURN_WORK_MS,
      },
      sessionIdleMs: config.MOORING_SESSION_IDLE_MS,
      waitMs: config.MOORING_HUMAN_WAIT_MS,
      healthTimeoutMs: config.MOORING_HEALTH_TIMEOUT_MS,
      healthCacheMs: config.MOORING_HEALTH_CACHE_MS,
      paymentDeadlineMs: config.MOORING_PAYMENT_DEADLINE_MS,
      questionDeadlineMs: config.MOORING_QUESTION_DEADLINE_MS,
      captureDeadlineMs: config.MOORING_CAPTURE_DEADLINE_MS,
      walletNetwork: wallets.network,
      feeBasisPoints: config.MOORING_PLATFORM_FEE_BPS,
      taskTtlMs: config.MOORING_TASK_TTL_MS,
      decideMs: { R2: config.MOORING_R2_DEADLINE_MS, R3: config.MOORING_R3_DEADLINE_MS },
      links,
    }),
    tasks: {
      ...createTaskActivities(tasks),
      ...createMailActivities({ db, links, sendMail }),
    },
    money: moneyActivities({ db, wallets, looks: looksOf(config) }),
    agents: {
      ...createListingActivities({
        db,
        http,
        healthTimeoutMs: config.MOORING_HEALTH_TIMEOUT_MS,
        delaysMs: config.MOORING_PROBE_DELAYS_MS,
        breakerWaitMs: config.MOORING_BREAKER_WAIT_MS,
      }),
      ...createDrainParked({ ...tasks, concurrency: config.MOORING_DRAIN_CONCURRENCY }),
    },
  };
  return { activities, deliverFirst: (start, signal) => deliver(tasks, start, signal) };
}

const modelOf = (config: Config): Model =>
  createModel({
    apiKey: config.ANTHROPIC_API_KEY ?? 'none',
    baseUrl: config.ANTHROPIC_BASE_URL,
    model: config.MOORING_MODEL,
    maxTokens: config.MOORING_MODEL_MAX_TOKENS,
    timeoutMs: config.MOORING_MODEL_TIMEOUT_MS,
  });

const taskDeps = ({
  config,
  secret,
  ...deps
}: Pick<TaskDeps, 'db' | 'http' | 'links' | 'sendMail'> & { config: Config; secret: string }): TaskDeps => ({
  ...deps,
  seal: createSeal(secret),
  delaysMs: config.MOORING_DELIVERY_DELAYS_MS,
  invokeTimeoutMs: config.MOORING_INVOKE_TIMEOUT_MS,
  webhookTimeoutMs: config.MOORING_WEBHOOK_TIMEOUT_MS,
  callbackUrlOf: (taskId) => `${publicUrlOf(config)}/api/callbacks/${taskId}`,
  callbackMs: config.MOORING_CALLBACK_DEADLINE_MS,
  breaker: {
    most: config.MOORING_BREAKER_FAILURES,
    waitMs: config.MOORING_BREAKER_WAIT_MS,
    maxWaitMs: config.MOORING_BREAKER_MAX_WAIT_MS,
  },
});

const moneyActivities = (deps: CarryDeps): Activities['money'] => ({
  ...createPaymentActivities(deps),
  ...createRefundActivities(deps),
  ...createLedgerActivities(deps),
  ...createAuditActivities(deps),
});

const looksOf = (config: Config): Looks => ({
  pollMs: config.MOORING_WALLET_POLL_MS,
  pollMaxMs: config.MOORING_WALLET_POLL_MAX_MS,
  lostMaxMs: config.MOORING_WALLET_LOST_POLL_MAX_MS,
  alarmMs: config.MOORING_WALLET_ALARM_MS,
});
