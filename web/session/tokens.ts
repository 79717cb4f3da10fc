import type { Tokens, TokenStore } from '../../sdk/tokens';

const KEY = 'mooring.sign-in';

/** The sign-in of this browser. A lock of the browser keeps two tabs from using one refresh token twice. */
export const browserTokens: TokenStore = {
  read() {
    const text = localStorage.getItem(KEY);
    if (text === null) return null;
    try {
      return JSON.parse(text) as Tokens;
    } catch {
      return null;
    }
  },
  write(tokens) {
    if (tokens === null) localStorage.removeItem(KEY);
    else localStorage.setItem(KEY, JSON.stringify(tokens));
  },
  exclusively: async (work) =>
    'locks' in navigator ? await navigator.locks.request(KEY, async () => work()) : work(),
};
