/** Work under one key is done one after the other; work under different keys side by side. */
export type InOrder = <T>(key: string, work: () => Promise<T>) => Promise<T>;

export function createOrder(): InOrder {
  const last = new Map<string, Promise<unknown>>();
  return async (key, work) => {
    const before = last.get(key) ?? Promise.resolve();
    const mine = before.catch(() => undefined).then(work);
    last.set(key, mine);
    try {
      return await mine;
    } finally {
      if (last.get(key) === mine) last.delete(key);
    }
  };
}
