/** What is made of old code, or runs it, once these files of dist/ have been written. */
export interface Stale {
  bundle: boolean;
  parts: ReadonlySet<string>;
  /** `npm run dev` itself runs old code. */
  self: boolean;
}

/** The first pattern that fits a file decides. */
const USERS: [RegExp, string[]][] = [
  [/^workflows\//, ['bundle', 'platform']],
  [/^domain\//, ['bundle', 'platform', 'agents']],
  [/^dev\/model\//, ['model']],
  [/^dev\/agents\//, ['agents']],
  [/^(sdk|bench|dev\/agent-kit)\/|^dev\/(demo|env)\./, []],
  [/^dev\//, ['self']],
  [/./, ['platform']],
];
const PARTS = ['model', 'agents', 'platform'];

export function staleAfter(written: string[]): Stale {
  const users = new Set(written.flatMap((path) => USERS.find(([fits]) => fits.test(path))?.[1] ?? []));
  return {
    bundle: users.has('bundle'),
    parts: new Set(PARTS.filter((part) => users.has(part))),
    self: users.has('self'),
  };
}
