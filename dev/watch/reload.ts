import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, watch } from 'node:fs';
import { join } from 'node:path';
import type { Machine } from '../supervisor/parts';
import { say, sayWithTime } from '../supervisor/report';
import type { Beside } from '../supervisor/run';
import { watchCompiler } from './compiler';
import type { Compiler, Round } from './compiler';
import { servePages } from './page';
import type { PageServer } from './page';
import { staleAfter } from './stale';
import type { Stale } from './stale';

const OURS = ['platform', 'model', 'agents'];
const MIGRATIONS = join('db', 'migrations');
const SETTLE_MS = 100;

/** Compiles what is changed and starts anew what runs old code; pages reload by themselves. */
export async function reloadOnChange(machine: Machine): Promise<Beside> {
  const port = await machine.ports.free('page', 4401);
  machine.ports.keep('page', port);
  const page = `http://127.0.0.1:${port}`;
  // The platform must take the pages' origin for its own.
  machine.config = { ...machine.config, MOORING_PUBLIC_URL: machine.config.MOORING_PUBLIC_URL ?? page };
  const waiting = new Map<string, () => void>();
  const closing = new AbortController();
  let compiler: Compiler | null = null;
  let pages: PageServer | null = null;
  return {
    page,
    // What dies of its own code is tried again after the next change of it.
    patience: (name, words) => {
      if (!OURS.includes(name)) return null;
      sayWithTime(`${words}\n  ${name} waits for a change of its code`);
      return new Promise((resolve) => waiting.set(name, resolve));
    },
    up: async (supervisor) => {
      const renewPart = async (name: string): Promise<void> => {
        const goOn = waiting.get(name);
        waiting.delete(name);
        if (goOn === undefined) await supervisor.recycle(name);
        else goOn();
      };
      const renew = oneByOne(async (stale) => {
        if (stale.bundle && !(await build('bundle'))) return;
        await Promise.all([...stale.parts].map(renewPart));
      });
      // What is compiled from here on is not what was built last: the next start must look again.
      await build('forget', 'server');
      pages = await servePages({ port, api: machine.places.api, dataDir: machine.dataDir });
      compiler = watchCompiler({
        spawned: (pid) => machine.note('compiler', pid),
        round: afterRound(renew),
      });
      void compiler.ended.then(
        (reason) => closing.signal.aborted || sayWithTime(`the compiler ended: ${reason}`),
      );
      watchMigrations(closing.signal, () =>
        renew({ bundle: false, parts: new Set(['platform']), self: false }),
      );
    },
    stop: async () => {
      closing.abort();
      await Promise.all([compiler?.stop(), pages?.stop()]);
    },
  };
}

/** Says what a round of the compiler came to, and hands on what is stale after it. */
function afterRound(renew: (stale: Stale) => void): (round: Round) => void {
  let failed = false;
  let first = true;
  return ({ errors, written, tookMs }) => {
    const took = `(${(tookMs / 1000).toFixed(1)} s)`;
    if (errors.length > 0) {
      failed = true;
      sayWithTime(`does not compile, what runs stays as it was ${took}:`);
      for (const line of errors) say(`  ${line}`);
      return;
    }
    if (written.length > 0) sayWithTime(`compiled ${shortly(written)} ${took}`);
    else if (failed) sayWithTime(`compiles again ${took}`);
    if (first) sayWithTime(`changes take effect from here on ${took}`);
    failed = first = false;
    const stale = staleAfter(written);
    if (stale.self) sayWithTime('that is of npm run dev itself: stop it and start it again to use it');
    if (stale.bundle || stale.parts.size > 0) renew(stale);
  };
}

const shortly = (files: string[]): string =>
  files.length > 3 ? `${files.slice(0, 3).join(', ')} and ${files.length - 3} more` : files.join(', ');

/** What comes while the work is being done is put together and done after it. */
function oneByOne(work: (stale: Stale) => Promise<void>): (stale: Stale) => void {
  let next: Stale | null = null;
  let busy = false;
  const go = async (): Promise<void> => {
    for (let stale = next; stale !== null; stale = next) {
      next = null;
      await work(stale);
    }
  };
  return (stale) => {
    next = {
      bundle: stale.bundle || next?.bundle === true,
      parts: new Set([...stale.parts, ...(next?.parts ?? [])]),
      self: false,
    };
    if (busy) return;
    busy = true;
    go()
      .catch((error: unknown) => sayWithTime(error instanceof Error ? error.message : String(error)))
      .finally(() => (busy = false));
  };
}

/** In a process of its own: the bundler's memory must not stay with us. False when it failed, which it has said. */
async function build(...args: string[]): Promise<boolean> {
  const child = spawn(process.execPath, [join('dev', 'build.mjs'), ...args], { stdio: 'inherit' });
  const [code] = (await once(child, 'exit')) as [number | null];
  return code === 0;
}

/** The compiler knows nothing of SQL. A new migration is applied by the platform when it starts. */
function watchMigrations(signal: AbortSignal, changed: () => void): void {
  let settled: NodeJS.Timeout | undefined;
  watch(MIGRATIONS, { signal }, () => {
    clearTimeout(settled);
    settled = setTimeout(() => {
      cpSync(MIGRATIONS, join('dist', MIGRATIONS), { recursive: true });
      sayWithTime('migrations copied');
      changed();
    }, SETTLE_MS);
  });
}
