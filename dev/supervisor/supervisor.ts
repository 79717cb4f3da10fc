import type { Part, Running } from './part';

const BACKOFF_MS = 200;
const HANGING_MS = 500;
/** Somebody took the port between our finding it free and its use: worth one more try. */
const PORT_TAKEN = /EADDRINUSE|address already in use/i;

export interface SupervisorOptions {
  log: (line: string) => void;
  /** Called after a part is back, maybe under another pid or port. */
  restarted: (name: string) => Promise<void>;
  /** So many deaths of one part in the time stop the tree. */
  deaths?: number;
  withinMs?: number;
  /** Asked before a part is given up: a promise to wait for before it is tried again; null to give it up. */
  patience?: (name: string, words: string) => Promise<void> | null;
}

export interface Supervisor {
  /** Starts a part and keeps it running. Rejects when it does not come up at all. */
  add: (part: Part) => Promise<void>;
  pidOf: (name: string) => number | undefined;
  /** Ends a part, which is then started again like one that died, without counting as a death. */
  recycle: (name: string) => Promise<void>;
  /** Settles when a part was given up, with words and its last log lines. */
  givenUp: Promise<string>;
  /** Ends the named parts in this order, each group at once. */
  stop: (order: string[][]) => Promise<void>;
}

interface Entry {
  part: Part;
  running: Running | null;
  deaths: number[];
  recycled: boolean;
  /** The restart under way, so that a stop can wait for it. */
  restarting: Promise<void>;
}

/** Keeps the processes of one machine running: a dead one is started again, one that keeps dying ends all. */
export function createSupervisor(options: SupervisorOptions): Supervisor {
  const { log, restarted, deaths = 5, withinMs = 60_000, patience = () => null } = options;
  const entries = new Map<string, Entry>();
  const stopping = new AbortController();
  let giveUp: (words: string) => void = () => undefined;
  const givenUp = new Promise<string>((resolve) => (giveUp = resolve));
  const watching: Watching = { log, deaths, withinMs, patience, giveUp, signal: stopping.signal };

  const watch = (entry: Entry, running: Running): void => {
    entry.running = running;
    void running.ended.then((reason) => {
      entry.running = null;
      if (!stopping.signal.aborted) entry.restarting = restart(entry, reason);
    });
    // Asked for while it was starting, maybe with what was old already.
    if (entry.recycled) void running.stop(entry.part.stopWithinMs);
  };

  const restart = async (entry: Entry, firstReason: string): Promise<void> => {
    const { part } = entry;
    for (let reason = firstReason; !stopping.signal.aborted;) {
      if (entry.recycled) entry.recycled = false;
      else if (!(await countDeath(entry, reason, watching))) return;
      if (stopping.signal.aborted) return;
      const from = performance.now();
      try {
        watch(entry, await part.start(stopping.signal));
        await restarted(part.name);
        return log(`${part.name} is back (${((performance.now() - from) / 1000).toFixed(1)} s)`);
      } catch (error) {
        if (entry.running !== null) return log(`${part.name} is back, but: ${words(error)}`);
        reason = words(error);
      }
    }
  };

  const add = async (part: Part): Promise<void> => {
    const entry: Entry = { part, running: null, deaths: [], recycled: false, restarting: Promise.resolve() };
    entries.set(part.name, entry);
    const running = await part.start(stopping.signal).catch((error: unknown) => {
      if (!PORT_TAKEN.test(words(error))) throw new Error(`${part.name} did not start: ${words(error)}`);
      return part.start(stopping.signal);
    });
    watch(entry, running);
  };

  const recycle = async (name: string): Promise<void> => {
    const entry = entries.get(name);
    if (entry === undefined) return;
    entry.recycled = true;
    await entry.running?.stop(entry.part.stopWithinMs);
  };

  const stop = async (order: string[][]): Promise<void> => {
    stopping.abort();
    for (const group of order) await Promise.all(group.map((name) => stopOne(entries.get(name))));
  };

  return { add, recycle, stop, givenUp, pidOf: (name) => entries.get(name)?.running?.pid };
}

interface Watching {
  log: (line: string) => void;
  deaths: number;
  withinMs: number;
  patience: (name: string, words: string) => Promise<void> | null;
  giveUp: (words: string) => void;
  signal: AbortSignal;
}

/** Whether a part that died is to be tried again, once its time or a change has come; false when it is given up. */
async function countDeath(entry: Entry, reason: string, watching: Watching): Promise<boolean> {
  const { log, deaths, withinMs, patience, giveUp, signal } = watching;
  const now = performance.now();
  entry.deaths = [...entry.deaths.filter((at) => at > now - withinMs), now];
  if (entry.deaths.length < deaths) {
    log(`${entry.part.name} ended (${reason}): starting it again`);
    await pause((entry.deaths.length - 1) * BACKOFF_MS, signal); // the first time at once
    return true;
  }
  const lines = lastWords(entry, reason);
  const change = patience(entry.part.name, lines);
  if (change === null) {
    giveUp(lines);
    return false;
  }
  await Promise.race([change, aborted(signal)]);
  entry.deaths = [];
  return true;
}

async function stopOne(entry: Entry | undefined): Promise<void> {
  // One that hangs in its start is left to whoever ends all processes in the end.
  await Promise.race([entry?.restarting, new Promise((resolve) => setTimeout(resolve, HANGING_MS).unref())]);
  await entry?.running?.stop(entry.part.stopWithinMs);
}

const lastWords = ({ part, deaths }: Entry, reason: string): string =>
  `${part.name} ended ${deaths.length} times in a short time, last: ${reason}\n${part.lastLines()}`.trim();

const words = (error: unknown): string => (error instanceof Error ? error.message : String(error));

const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));

function pause(delayMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, delayMs);
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
