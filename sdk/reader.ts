import type { Frame } from './frames';

/** Keeps the log dense: each row once, in order. A hole is never jumped over. */
export interface Reader {
  lastSeq: () => number;
  /** `gap`: a row is missing; the frame was not taken. */
  take: (frame: Frame) => 'taken' | 'known' | 'gap';
}

export function createReader(afterSeq: number, deliver: (frame: Frame) => void): Reader {
  let lastSeq = afterSeq;
  return {
    lastSeq: () => lastSeq,
    take(frame) {
      const { seq } = frame;
      if (seq !== undefined) {
        if (seq <= lastSeq) return 'known';
        if (seq > lastSeq + 1) return 'gap';
        lastSeq = seq;
      }
      deliver(frame);
      return 'taken';
    },
  };
}
