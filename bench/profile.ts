import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startMooring } from './running';
import type { Running } from './running';

const NO_LIMIT = '1000000000';

/** What a bench raises: the limits of people, who neither write nor open chats a thousand times a minute. */
const PROFILE: Record<string, string> = {
  MOORING_RATE_LIMIT_MESSAGES: NO_LIMIT,
  MOORING_RATE_LIMIT_FRAMES: NO_LIMIT,
  MOORING_RATE_LIMIT_SIGN_INS: NO_LIMIT,
  MOORING_RATE_LIMIT_SESSIONS: NO_LIMIT,
  MOORING_RATE_LIMIT_SOCKETS_PER_IP: NO_LIMIT,
  MOORING_STAND_IN_TOKEN_DELAY_MS: '0',
  MOORING_LOG_LEVEL: 'warn',
};

/** Runs `measure` against `npm start` with the settings of the profile, which it prints, on data of its own. */
export async function onMooring<T>(
  measure: (running: Running) => Promise<T>,
  own: Record<string, string> = {},
): Promise<T> {
  const env = { ...PROFILE, ...own };
  console.log('Settings of the bench profile:');
  for (const [name, value] of Object.entries(env)) console.log(`  ${name}=${value}`);
  const folder = mkdtempSync(join(tmpdir(), 'mooring-bench-'));
  try {
    const running = await startMooring(process.cwd(), { dataDir: join(folder, 'data'), env });
    const stopped = new Promise<never>((_resolve, reject) => {
      for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => reject(new Error(name)));
    });
    try {
      return await Promise.race([measure(running), stopped]);
    } finally {
      await running.stop();
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
