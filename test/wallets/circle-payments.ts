import { createCircleWallets } from '../../activities/wallets/circle';
import { wallet } from '../../db/ledger';
import { formatUsdc } from '../../domain/money';
import { SYSTEM } from '../../domain/principal';
import type { PaymentProgress } from '../../domain/workflows';
import { run, setStage } from '../activities/stage';
import type { Stage } from '../activities/stage';
import type { TestChat } from '../activities/test-chat';
import { json, OK } from '../activities/zoo';
import { openCircleDesk, PLACE } from './circle-desk';
import type { CircleDesk } from './circle-desk';

export interface Asked {
  chat: TestChat;
  agentId: string;
  paymentId: string;
}

/** Chats whose payments move at the stand-in for Circle, with an agent that works and one that fails. */
export interface CirclePayments {
  desk: CircleDesk;
  stage: Stage;
  goodId: string;
  badId: string;
  /** 1.00 USDC in the person's wallet at Circle, as in the ledger. */
  fill: (chat: TestChat) => Promise<void>;
  /** A person with 1.00 USDC at Circle who has approved 0.05. */
  approved: (agentId?: string) => Promise<Asked>;
  authorize: (asked: Asked) => Promise<PaymentProgress>;
  settle: (asked: Asked) => Promise<PaymentProgress>;
  /** As the workflow does it: looks until it has come to this state. */
  until: (asked: Asked, wanted: string) => Promise<string>;
  /** The paid work, delivered once. */
  work: (asked: Asked) => Promise<void>;
  /** What the stand-in has seen, and what the ledger says. */
  money: (asked: Asked) => Promise<Seen>;
  /** All goes well from here on. */
  mend: () => Promise<void>;
  close: () => Promise<void>;
}

interface Seen {
  moves: string[];
  outside: string | undefined;
  ledger: string;
  held: string;
  otherBodies: string[];
}

const MOST_LOOKS = 300;
/** The tests look when they like; how seldom the platform would is only read. */
export const LOST_MAX_MS = 3_600_000;

export async function setCirclePayments({ feeBasisPoints = 0 } = {}): Promise<CirclePayments> {
  const desk = await openCircleDesk({ timeoutMs: 1_000 });
  const walletsOf = (db: Stage['t']['db']) =>
    createCircleWallets({ db, circle: desk.circle, ...PLACE, resendMs: 60_000 });
  const looks = { pollMs: 1, pollMaxMs: 1, lostMaxMs: LOST_MAX_MS, alarmMs: 60_000 };
  const stage = await setStage({
    feeBasisPoints,
    payments: (db) => ({ db, wallets: walletsOf(db), looks }),
  });
  const goodId = await stage.listAgent('Good', stage.zoo.keep('good', { invoke: OK }));
  const bad = json({ ok: false, error: 'no' });
  const badId = await stage.listAgent('Bad', stage.zoo.keep('bad', { invoke: bad }));
  const asOf = (): string => new Date().toISOString();
  const world: CirclePayments = {
    desk,
    stage,
    goodId,
    badId,
    async fill({ userId }) {
      await walletsOf(stage.t.db).openWallet(`user/${userId}`);
      await desk.fund(`user/${userId}`, '1.00');
    },
    async approved(agentId = goodId) {
      const chat = await stage.openChat();
      await chat.say('read this');
      const { paymentId } = await chat.askToPay(agentId);
      await world.fill(chat);
      await chat.decide(paymentId, true);
      return { chat, agentId, paymentId };
    },
    authorize: ({ paymentId }) => run(stage.activities.authorizePayment, { paymentId, asOf: asOf() }),
    settle: ({ paymentId }) => run(stage.activities.settlePayment, { paymentId, asOf: asOf() }),
    async until(asked, wanted) {
      let { state } = await world.authorize(asked);
      for (let looks = 0; looks < MOST_LOOKS && state !== wanted; looks += 1) {
        ({ state } = await world.settle(asked));
      }
      return state;
    },
    async work({ chat, agentId }) {
      await chat.use('invoke_agent', { agent_id: agentId, action: 'read', arguments: {} });
      await run(stage.activities.deliverTask, { taskId: await chat.lastTask() });
    },
    money: (asked) => seen(world, asked),
    async mend() {
      await desk.mend();
      await desk.ways({ end_in: 'COMPLETE', list_lag_ms: 0 });
    },
    close: async () => {
      await stage.close();
      await desk.close();
    },
  };
  return world;
}

async function seen({ desk, stage }: CirclePayments, { chat, paymentId }: Asked): Promise<Seen> {
  const { transactions, wallets, otherBodies } = await desk.record();
  const made = transactions.filter(({ refId }) => refId.startsWith(paymentId));
  const { balanceMicros, heldMicros } = await stage.t.db.withTx(SYSTEM, 'test', (tx) =>
    wallet(tx, chat.userId),
  );
  return {
    moves: made.map(({ refId, amounts }) => `${refId.split('/')[1]} ${amounts[0]}`),
    outside: wallets.find(({ refId }) => refId === `user/${chat.userId}`)?.balance,
    ledger: formatUsdc(balanceMicros),
    held: formatUsdc(heldMicros),
    otherBodies,
  };
}
