/** Counts who is in; a place is given back by calling what `take` answered. */
export interface Places {
  /** null when all places under this key are taken */
  take: (key: string) => (() => void) | null;
}

export function createPlaces(limit: number): Places {
  const taken = new Map<string, number>();
  return {
    take(key) {
      const count = taken.get(key) ?? 0;
      if (count >= limit) return null;
      taken.set(key, count + 1);
      return () => {
        const left = (taken.get(key) ?? 1) - 1;
        if (left === 0) taken.delete(key);
        else taken.set(key, left);
      };
    },
  };
}
