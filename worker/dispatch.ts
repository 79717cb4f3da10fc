import { setTimeout as pause } from 'node:timers/promises';
import type { OutboxSignal } from '../db/database';
import { failpoint } from '../lib/failpoints';
import type { Logger } from '../lib/log';
import type { Gateway } from '../temporal/gateway';
import { counted } from './counted';
import { createFirstDeliveries } from './first-deliveries';
import type { TaskStart, Teller } from './first-deliveries';
import { createSendQueue } from './send-queue';
import type { Parcel } from './send-queue';
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

/**
 * Of a task between agents. What a chat asks for is told at once: the start of its task, the yes of its person and the
 * word of an agent that had taken it, which no other task waits for.
 */
const isPaced = ({ workflow, signal, untold }: OutboxSignal): boolean =>
  workflow === 'task' && (signal === null ? untold !== undefined : signal !== 'taskDecided');

/** How long a process that ends goes on sending; the rest is for the relay of the next. */
const END_MS = 300;

/**
 * Sends recorded signals right after their commit: those of chats and payments at once, those of tasks between agents
 * in their turn. What fails here stays unsent, and the relay sends it again.
 */
export function createDispatch(deps: { log: Logger; callersWait: () => boolean }): Dispatch {
  const { log, callersWait } = deps;
  let way: Way | null = null;
  const marks = createSentMarks(log);
  const first = createFirstDeliveries(deps);
  const queue = createSendQueue(callersWait);
  const sending = new Set<Promise<void>>();

  const sendOne = async ({ db, gateway }: Way, { signal, ids }: Parcel): Promise<void> => {
    failpoint('dispatch', 'before');
    try {
      await counted('dispatch', gateway.send(signal));
    } catch (error) {
      log.warn({ err: error, workflow: signal.workflowId }, 'signal not sent; the relay will');
      // While Temporal is away nothing piles up here.
      marks.leave([...ids, ...queue.giveUp()]);
      return;
    }
    failpoint('dispatch', 'sent');
    marks.sent(db, ids);
  };
  const sendNow = (to: Way, signal: OutboxSignal): void => {
    const sent = sendOne(to, { signal, ids: [signal.id] }).finally(() => sending.delete(sent));
    sending.add(sent);
  };

  return {
    open: (to) => {
      way = to;
    },
    send: (signals) => {
      if (way === null) return;
      const to = way;
      const sendMore = (): void => queue.sendMore((parcel) => sendOne(to, parcel));
      const start = (one: TaskStart): void => {
        queue.start(one);
        sendMore();
      };
      for (const signal of signals) {
        marks.hold(signal.id);
        if (!isPaced(signal)) sendNow(to, signal);
        else if (signal.signal !== null) queue.signal(signal, first.overtake(signal.workflowId));
        else if (!first.take(to, signal, start)) queue.start(signal);
      }
      sendMore();
    },
    held: marks.held,
    end: async () => {
      await first.over();
      await Promise.race([queue.sent(), pause(END_MS)]);
      marks.leave(queue.giveUp());
      await Promise.all([queue.sent(), ...sending]);
      await marks.marked();
    },
  };
}
