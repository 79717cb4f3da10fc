import { randomUUID } from 'node:crypto';
import type Anthropic from '@anthropic-ai/sdk';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { createChatActivities } from '../../activities/chat';
import type { ModelAnswer } from '../../activities/orchestrator/answer-so-far';
import type { Model } from '../../activities/orchestrator/model';
import { createPaymentActivities } from '../../activities/payments';
import { createRefundActivities } from '../../activities/settle-refund';
import { createTaskActivities } from '../../activities/tasks/activities';
import type { CarryDeps } from '../../activities/wallets/carry-on';
import { storeKeys } from '../../db/agents';
import type { Database } from '../../db/database';
import { createSession } from '../../db/sessions';
import { findOrOpenAccount } from '../../db/users';
import { topUp } from '../../db/wallet';
import { parseUsdc } from '../../domain/money';
import { SYSTEM } from '../../domain/principal';
import { TURN_LIMITS } from '../../domain/session';
import type {
  ChatActivities,
  PaymentActivities,
  RefundActivities,
  TaskActivities,
} from '../../domain/workflows';
import { createMemoryBus } from '../../lib/bus';
import { createApprovalLinks } from '../../lib/approval-links';
import { createGuardedHttp } from '../../lib/guarded-http';
import { newId } from '../../lib/ids';
import { createSeal } from '../../lib/seal';
import { createTestDatabase } from '../harness/database';
import { paymentDeps } from '../harness/payment-deps';
import type { TestDatabase } from '../harness/database';
import { createTestChat } from './test-chat';
import type { TestChat } from './test-chat';
import { openZoo } from './zoo';
import type { Zoo } from './zoo';

export const STAGE_SECRET = 'a secret of the tests that is long enough';
export const SIGNING_SECRET = `whsec_${Buffer.from('a signing secret of the zoo').toString('base64')}`;

/** The answers a fake model still has, and the conversations it was asked with. */
export interface ScriptedModel extends Model {
  next: (ModelAnswer | Model['answer'])[];
  asked: Anthropic.MessageParam[][];
}

/** The real activities on a real database, with a zoo of agents and a model that says what the test says. */
export interface Stage {
  t: TestDatabase;
  zoo: Zoo;
  model: ScriptedModel;
  activities: ChatActivities & TaskActivities & PaymentActivities & RefundActivities;
  /** A listed agent that lives at `baseUrl`. */
  listAgent: (name: string, baseUrl: string) => Promise<string>;
  openChat: (money?: { wallet?: string; budget?: string; autoApprove?: string }) => Promise<TestChat>;
  close: () => Promise<void>;
}

interface Lengths {
  waitMs?: number;
  contextTokens?: number;
  /** asked instead of the scripted one; what it was asked with is kept all the same */
  realModel?: Model;
  paymentDeadlineMs?: number;
  questionDeadlineMs?: number;
  captureDeadlineMs?: number;
  feeBasisPoints?: number;
  taskTtlMs?: number;
  invokeTimeoutMs?: number;
  delaysMs?: number[];
  /** the wallets of payments, when they are not the ledger's */
  payments?: (db: Database) => CarryDeps;
}

/** Runs an activity as a worker would; each run is an attempt of its own. */
export const run = <I, O>(work: (input: I) => Promise<O>, input: I, attempt = 1): Promise<O> =>
  new MockActivityEnvironment({ attempt }, { logger: new DefaultLogger('ERROR') }).run(work, input);

export async function setStage(lengths: Lengths = {}): Promise<Stage> {
  const bus = createMemoryBus();
  const t = await createTestDatabase(({ cancelled }) => {
    for (const { sessionId, turnId } of cancelled) bus.publish(sessionId, { kind: 'cancelled', turnId });
  });
  const zoo = await openZoo();
  const http = createGuardedHttp({ allowLoopback: true });
  const seal = createSeal(STAGE_SECRET);
  const links = createApprovalLinks(STAGE_SECRET, 'http://127.0.0.1');
  const model = scriptedModel(lengths.realModel);
  const encode = (texts: string[]) => Promise.resolve(texts.map(() => [1, 0]));
  const chat = createChatActivities({
    db: t.db,
    bus,
    model,
    price: { inputPerMillion: 3_000_000n, outputPerMillion: 15_000_000n },
    contextTokens: lengths.contextTokens ?? 50_000,
    turnLimits: TURN_LIMITS,
    sessionIdleMs: 3_600_000,
    http,
    encoder: { modelId: 'fake', encode, close: () => Promise.resolve() },
    waitMs: lengths.waitMs ?? 60_000,
    healthTimeoutMs: 1_000,
    healthCacheMs: 60_000,
    paymentDeadlineMs: lengths.paymentDeadlineMs ?? 60_000,
    questionDeadlineMs: lengths.questionDeadlineMs ?? 60_000,
    captureDeadlineMs: lengths.captureDeadlineMs ?? 60_000,
    walletNetwork: 'ledger',
    feeBasisPoints: lengths.feeBasisPoints ?? 0,
    taskTtlMs: lengths.taskTtlMs ?? 60_000,
    decideMs: { R2: 60_000, R3: 120_000 },
    links,
  });
  const tasks = createTaskActivities({
    db: t.db,
    http,
    seal,
    delaysMs: lengths.delaysMs ?? [0, 10, 20],
    invokeTimeoutMs: lengths.invokeTimeoutMs ?? 2_000,
    webhookTimeoutMs: lengths.invokeTimeoutMs ?? 2_000,
    callbackUrlOf: (taskId) => `http://127.0.0.1/api/callbacks/${taskId}`,
    callbackMs: 3_600_000,
    breaker: { most: 5, waitMs: 30_000, maxWaitMs: 300_000 },
    links,
    sendMail: () => Promise.resolve(),
  });
  const money = (lengths.payments ?? paymentDeps)(t.db);
  const activities = {
    ...chat,
    ...tasks,
    ...createPaymentActivities(money),
    ...createRefundActivities(money),
  };
  const stage: Stage = {
    t,
    zoo,
    model,
    activities,
    listAgent: (name, baseUrl) => listAgent(t, { name, baseUrl, seal: seal.seal }),
    openChat: async ({ wallet = '1.00', budget = '2.00', autoApprove = '0' } = {}) =>
      createTestChat(stage, await openSession(t, { wallet, budget, autoApprove })),
    close: async () => {
      await zoo.close();
      await http.close();
      await t.drop();
    },
  };
  return stage;
}

function scriptedModel(real?: Model): ScriptedModel {
  const next: ScriptedModel['next'] = [];
  const asked: ScriptedModel['asked'] = [];
  return {
    name: 'scripted',
    next,
    asked,
    answer(messages, options) {
      asked.push(messages);
      if (real !== undefined) return real.answer(messages, options);
      const answer = next.shift();
      if (answer === undefined) throw new Error('the model was asked once more than the test expected');
      return typeof answer === 'function' ? answer(messages, options) : Promise.resolve(answer);
    },
  };
}

async function openSession(
  { db }: TestDatabase,
  money: { wallet: string; budget: string; autoApprove: string },
): Promise<{ sessionId: string; userId: string }> {
  return db.withTx(SYSTEM, 'test', async (tx) => {
    const { user } = await findOrOpenAccount(tx, `${randomUUID()}@example.test`);
    const amountMicros = parseUsdc(money.wallet) ?? 0n;
    if (amountMicros > 0n) await topUp(tx, { userId: user.id, amountMicros, key: `top-up/${user.id}` });
    const session = await createSession(tx, {
      userId: user.id,
      title: null,
      budgetMicros: parseUsdc(money.budget) ?? 0n,
      autoApproveMicros: parseUsdc(money.autoApprove) ?? 0n,
      metadata: {},
    });
    return { sessionId: session.id, userId: user.id };
  });
}

async function listAgent(
  { db }: TestDatabase,
  { name, baseUrl, seal }: { name: string; baseUrl: string; seal: (text: string) => string },
): Promise<string> {
  const id = newId('agt');
  await db.withTx(SYSTEM, 'test', async (tx) => {
    const { user: owner } = await findOrOpenAccount(tx, 'owner@example.test');
    await tx.query(
      `insert into agents (id, kind, owner_id, slug, name, description, base_url, status)
       values ($1, 'service', $2, $3, $4, 'An animal of the zoo.', $5, 'ACTIVE')`,
      [id, owner.id, `zoo-${randomUUID()}`, name, baseUrl],
    );
    await storeKeys(tx, id, { orchestratorKey: seal('ok_zoo'), signingSecret: seal(SIGNING_SECRET) });
  });
  return id;
}
