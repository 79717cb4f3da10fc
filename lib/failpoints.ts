import { appendFileSync } from 'node:fs';

/**
 * Named points where a test lets the process kill itself (SIGKILL, so nothing is cleaned up): before and after each
 * effect and each report. `test/crash/points.ts` lists them from the code. Unarmed, a pass costs one comparison.
 */
let armed: ((name: string) => void) | null = null;

/**
 * Arms one point, `name.step` (first pass) or `name.step@n` (n-th pass); or `log:<file>`, which notes every pass in a
 * file. Throws when it is neither: a point that never comes would pass for one that was survived.
 */
export function armFailpoint(spec: string | undefined): void {
  if (spec === undefined) return;
  if (!/^(log:.+|[\w-]+(\.[\w-]+)+(@[1-9]\d*)?)$/.test(spec))
    throw new Error(`MOORING_FAILPOINT: ${spec} must be <name>.<step>, <name>.<step>@<pass> or log:<file>`);
  if (spec.startsWith('log:')) {
    const file = spec.slice('log:'.length);
    armed = (passed) => appendFileSync(file, `${passed}\n`);
    return;
  }
  const [name = '', pass = '1'] = spec.split('@');
  let passesLeft = Number(pass);
  armed = (passed) => {
    if (passed !== name) return;
    passesLeft -= 1;
    if (passesLeft === 0) process.kill(process.pid, 'SIGKILL');
  };
}

/** `step` tells two points of one name apart: `model.before`, `model.answered`. */
export function failpoint(name: string, step: string): void {
  if (armed !== null) armed(`${name}.${step}`);
}
