import { ApplicationFailure } from '@temporalio/common';
import type { DrainProgress, PaymentProgress, RefundProgress, TurnProgress } from '../../domain/workflows';
import type { VirtualTime } from '../harness/workflows';

/** A path of a workflow that no scenario on real servers takes; its activities answer from a script. */
export interface RarePath {
  name: string;
  /** resolves with the workflow's id once the run has ended */
  run: (time: VirtualTime) => Promise<string>;
  /** which run is recorded, when the workflow has several */
  firstRun?: () => string;
}

const DAY = 86_400_000;
const later = (ms: number): string => new Date(Date.now() + ms).toISOString();

async function start(
  time: VirtualTime,
  activities: object,
  wish: { type: string; workflowId: string; input: object; signal?: string },
): Promise<{ workflowId: string; runId: string }> {
  const { type, workflowId, input, signal } = wish;
  return time.withWorker(activities, async (taskQueue) => {
    const options = { workflowId, taskQueue, args: [input] };
    const { workflow } = time.env.client;
    const handle =
      signal === undefined
        ? await workflow.start(type, options)
        : await workflow.signalWithStart(type, { ...options, signal, signalArgs: [{ version: 1 }] });
    const { runId } = await handle.describe();
    await handle.result();
    return { workflowId, runId };
  });
}

const script = <T>(...answers: T[]): (() => Promise<T>) => {
  let at = 0;
  return () => {
    const next = answers[Math.min(at, answers.length - 1)];
    at += 1;
    return next === undefined ? Promise.reject(new Error('no script')) : Promise.resolve(next);
  };
};

let longRun = '';
let longOutage = '';

export const RARE_PATHS: RarePath[] = [
  {
    name: 'a tool fails for good',
    run: async (time) => {
      const tools: TurnProgress = {
        kind: 'tools',
        seen: 1,
        turn: 1,
        step: 1,
        calls: [{ id: 'trn/1/0', name: 'vector_search' }],
      };
      const activities = {
        askModel: script<TurnProgress>(tools, { kind: 'closed' }),
        searchAgents: () => Promise.reject(ApplicationFailure.nonRetryable('no', 'unavailable')),
        failToolCall: () => Promise.resolve(),
      };
      const wish = { sessionId: 'ses_tool', userId: 'usr_1' };
      const workflowId = 'session/a-tool-fails';
      return (
        await start(time, activities, {
          type: 'chatSession',
          workflowId,
          input: wish,
          signal: 'messageArrived',
        })
      ).workflowId;
    },
  },
  {
    name: 'a long chat continues as new',
    run: async (time) => {
      let turns = 0;
      const askModel = (): Promise<TurnProgress> => {
        turns += 1;
        if (turns > 130) return Promise.resolve({ kind: 'closed' });
        return Promise.resolve({ kind: 'ended', seen: 0, turn: turns, outcome: 'answered' });
      };
      const workflowId = 'session/long';
      const input = { sessionId: 'ses_long', userId: 'usr_1' };
      const run = await start(
        time,
        { askModel },
        { type: 'chatSession', workflowId, input, signal: 'messageArrived' },
      );
      longRun = run.runId;
      return run.workflowId;
    },
    firstRun: () => longRun,
  },
  {
    name: 'a task that could never be tried expires',
    run: async (time) => {
      const activities = {
        deliverTask: () =>
          Promise.reject(ApplicationFailure.create({ message: 'away', type: 'unavailable' })),
        expireTask: () => Promise.resolve({ status: 'expired' }),
      };
      const expiresAt = new Date((await time.env.currentTimeMs()) + 60_000).toISOString();
      const input = { taskId: 'tsk_1', userId: 'usr_1', agentId: 'agt_1', riskLevel: 'R0', expiresAt };
      return (await start(time, activities, { type: 'task', workflowId: 'task/expires', input })).workflowId;
    },
  },
  {
    name: 'an agent is down for long and its monitor begins anew',
    run: async (time) => {
      const down: DrainProgress = { kind: 'open', seen: 1, inMs: 300_000, parked: 3, since: later(0) };
      const activities = {
        drainParked: script<DrainProgress>(
          ...Array.from({ length: 120 }, () => down),
          { kind: 'draining', seen: 1, parked: 2 },
          { kind: 'closed', seen: 1, status: 'DELETED' },
        ),
      };
      const workflowId = 'agent-monitor/down-for-long';
      const run = await start(time, activities, {
        type: 'agentMonitor',
        workflowId,
        input: { agentId: 'agt_1' },
        signal: 'breakerChanged',
      });
      longOutage = run.runId;
      return workflowId;
    },
    firstRun: () => longOutage,
  },
  {
    name: 'a refund at a network is looked at until it has moved',
    run: async (time) => {
      const lookAt = new Date((await time.env.currentTimeMs()) + 5_000).toISOString();
      const activities = {
        settleRefund: script<RefundProgress>(
          { state: 'pending', seen: 0, lookAt },
          { state: 'pending', seen: 0, lookAt: new Date(Date.parse(lookAt) + 5_000).toISOString() },
          { state: 'done', seen: 1 },
        ),
      };
      const input = { refundId: 'rfd_1', userId: 'usr_1' };
      return (await start(time, activities, { type: 'refund', workflowId: 'refund/rfd_1', input }))
        .workflowId;
    },
  },
  {
    name: 'a hold without a task comes back',
    run: async (time) => {
      const captureDeadline = new Date((await time.env.currentTimeMs()) + DAY).toISOString();
      const held: PaymentProgress = { state: 'HELD', seen: 1, captureDeadline };
      const activities = {
        authorizePayment: script<PaymentProgress>({ ...held, state: 'AWAITING_APPROVAL', seen: 1 }, held),
        settlePayment: script<PaymentProgress>({ ...held, state: 'VOIDED' }),
      };
      const input = { paymentId: 'pay_1', userId: 'usr_1', expiresAt: later(DAY) };
      const wish = { type: 'payment', workflowId: 'payment/comes-back', input, signal: 'paymentDecided' };
      return (await start(time, activities, wish)).workflowId;
    },
  },
];
