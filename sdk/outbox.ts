import type { ClientFact } from '../domain/frames';

export type Fact = Exclude<ClientFact, { type: 'CANCEL_SESSION' }>;

export interface Outgoing {
  id: string;
  frame: Fact & { id: string };
}

/** What was sent and is not acknowledged yet. It stays, in order, over any number of connections. */
export interface Outbox {
  /** Resolves with the seq of the log row, null for a fact without one; rejects when the server refuses. */
  add: (frame: Fact & { id: string }, transmit: ((entry: Outgoing) => void) | null) => Promise<number | null>;
  open: () => Outgoing[];
  settle: (id: string, seq: number | null) => void;
  refuse: (id: string, error: Error) => void;
  refuseAll: (error: Error) => void;
}

export function createOutbox(): Outbox {
  const entries = new Map<
    string,
    Outgoing & { resolve: (seq: number | null) => void; reject: (error: Error) => void }
  >();
  const refuse = (id: string, error: Error): void => {
    entries.get(id)?.reject(error);
    entries.delete(id);
  };
  return {
    add: (frame, transmit) =>
      new Promise((resolve, reject) => {
        const { id } = frame;
        entries.set(id, { id, frame, resolve, reject });
        transmit?.({ id, frame });
      }),
    open: () => [...entries.values()],
    settle(id, seq) {
      entries.get(id)?.resolve(seq);
      entries.delete(id);
    },
    refuse,
    refuseAll(error) {
      for (const id of [...entries.keys()]) refuse(id, error);
    },
  };
}
