/** Runs what comes under one key one after the other. */
export type OneByOne = <T>(key: string, work: () => Promise<T>) => Promise<T>;

/**
 * What is done to one chat waits for its row anyway. Here it waits without a connection to PostgreSQL, so that a person
 * who sends much at once takes none from others.
 */
export function createOneByOne(): OneByOne {
  const tails = new Map<string, Promise<unknown>>();
  return (key, work) => {
    const done = (tails.get(key) ?? Promise.resolve()).then(work);
    const tail = done
      .catch(() => undefined)
      .finally(() => {
        if (tails.get(key) === tail) tails.delete(key);
      });
    tails.set(key, tail);
    return done;
  };
}
