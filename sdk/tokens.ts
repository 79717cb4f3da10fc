/** What a sign-in leaves behind. The refresh token is used once; each refresh brings the next one. */
export interface Tokens {
  access_token: string;
  refresh_token: string;
}

/** Where tokens are kept. Tabs that share them also share `exclusively`, since a refresh token is used once. */
export interface TokenStore {
  read: () => Tokens | null;
  write: (tokens: Tokens | null) => void;
  exclusively: <T>(work: () => Promise<T>) => Promise<T>;
}

export function memoryTokens(): TokenStore {
  let kept: Tokens | null = null;
  let last: Promise<unknown> = Promise.resolve();
  return {
    read: () => kept,
    write: (tokens) => {
      kept = tokens;
    },
    exclusively(work) {
      const next = last.then(work, work);
      last = next.catch(() => undefined);
      return next;
    },
  };
}
