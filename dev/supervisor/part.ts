/** One process of the tree, running. */
export interface Running {
  pid: number;
  /** Settles with the reason when the process ends, whoever ended it. */
  ended: Promise<string>;
  /** Asks it to end, and ends it after the time. */
  stop: (withinMs: number) => Promise<void>;
}

/** One process of the tree, and how it is started: again and again, by the same function. */
export interface Part {
  name: string;
  start: (signal: AbortSignal) => Promise<Running>;
  stopWithinMs: number;
  /** The end of its log, shown when it is given up. */
  lastLines: () => string;
}
