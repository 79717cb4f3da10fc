import type { OutboxSignal } from '../db/database';
import { failpoint } from '../lib/failpoints';
import type { Logger } from '../lib/log';
import type { Gateway } from '../temporal/gateway';
import { counted } from './counted';
import { createFirstDeliveries } from './first-deliveries';
import type { TaskStart, Teller } from './first-deliveries';
import { createSentMarks } from './sent-marks';

export interface Dispatch {
  /** From now on there is a way to Temporal. */
  open: (way: Way) => void;
  /** Never throws and never waits. */
  send: (signals: OutboxSignal[]) => void;
  /** What waits here to be sent, or to be marked as sent: the relay leaves it alone. */
  held: () => string[];
  /** Ends first deliveries; resolves when what was under way is sent, and what was sent is marked. */
  end: () => Promise<void>;
}

interface Way extends Teller {
  gateway: Gateway;
}

/** Starts that are on their way; more wait their turn, so that new work holds up neither callers nor work under way. */
const STARTS_AT_ONCE = 8;

/** Sends recorded signals right after their commit. What fails here stays unsent, and the relay sends it again. */
export function createDispatch({ log }: { log: Logger }): Dispatch {
  let way: Way | null = null;
  const marks = createSentMarks(log);
  const first = createFirstDeliveries(log);
  const waiting: TaskStart[] = [];
  let starting = 0;
  const sending = new Set<Promise<void>>();
  const follow = (send: Promise<void>): void => {
    sending.add(send);
    void send.finally(() => sending.delete(send));
  };

  const sendOne = async ({ db, gateway }: Way, signal: TaskStart): Promise<void> => {
    // A signal starts the run as well.
    const overtaken = signal.signal === null ? null : first.overtake(signal.workflowId);
    failpoint('dispatch', 'before');
    try {
      await counted('dispatch', gateway.send(signal));
    } catch (error) {
      log.warn({ err: error, workflow: signal.workflowId }, 'signal not sent; the relay will');
      // While Temporal is away nothing piles up here.
      marks.leave([signal, ...waiting.splice(0)].map(({ id }) => id));
      if (overtaken !== null) marks.leave([overtaken]);
      return;
    }
    failpoint('dispatch', 'sent');
    marks.sent(db, [signal.id, ...(overtaken === null ? [] : [overtaken])]);
  };

  const startMore = (to: Way): void => {
    while (starting < STARTS_AT_ONCE && waiting.length > 0) follow(startNext(to));
  };

  const startNext = async (to: Way): Promise<void> => {
    starting += 1;
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) await sendOne(to, next);
    starting -= 1;
  };

  return {
    open: (to) => {
      way = to;
    },
    send: (signals) => {
      if (way === null) return;
      const to = way;
      const start = (one: TaskStart): void => {
        waiting.push(one);
        startMore(to);
      };
      for (const signal of signals) {
        marks.hold(signal.id);
        if (signal.signal !== null) follow(sendOne(to, signal));
        else if (!first.take(to, signal, start)) waiting.push(signal);
      }
      startMore(to);
    },
    held: marks.held,
    end: async () => {
      await first.over();
      await Promise.all(sending);
      await marks.marked();
    },
  };
}
