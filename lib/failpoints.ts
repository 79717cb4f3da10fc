/**
 * Named points where a test lets the process kill itself (SIGKILL, so nothing is cleaned up).
 * Unarmed, a pass costs one comparison with null.
 */
let armed: { name: string; passesLeft: number } | null = null;

/** Arms one point: `name` (first pass) or `name@n` (n-th pass). */
export function armFailpoint(spec: string | undefined): void {
  if (spec === undefined) return;
  const [name = '', pass = '1'] = spec.split('@');
  armed = { name, passesLeft: Number(pass) };
}

export function failpoint(name: string): void {
  if (armed === null || armed.name !== name) return;
  armed.passesLeft -= 1;
  if (armed.passesLeft === 0) process.kill(process.pid, 'SIGKILL');
}
