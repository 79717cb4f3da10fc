/** Frames between who receives them and the one who reads them with `for await`. */
export interface FrameQueue<T> extends AsyncIterable<T> {
  push: (frame: T) => void;
  end: () => void;
}

export function createFrameQueue<T>(): FrameQueue<T> {
  const waiting: T[] = [];
  let ended = false;
  let wake: (() => void) | null = null;
  const stir = (): void => {
    wake?.();
    wake = null;
  };
  return {
    push(frame) {
      if (ended) return;
      waiting.push(frame);
      stir();
    },
    end() {
      ended = true;
      stir();
    },
    async *[Symbol.asyncIterator]() {
      for (;;) {
        yield* waiting.splice(0);
        if (waiting.length > 0) continue;
        if (ended) return;
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    },
  };
}
