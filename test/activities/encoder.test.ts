import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createThreadEncoder } from '../../activities/search/encoder';

/** A thread that is as `first` says the first time it is started, and afterwards answers each text by its length. */
function threadThat(folder: string, first: string): string {
  const file = join(folder, 'thread.js');
  writeFileSync(
    file,
    `const { existsSync, writeFileSync } = require('node:fs');
     const { parentPort } = require('node:worker_threads');
     const again = existsSync(__filename + '.started');
     writeFileSync(__filename + '.started', '');
     parentPort.on('message', ({ id, texts }) => {
       if (!again) { ${first} }
       parentPort.postMessage({ id, vectors: texts.map((text) => [text.length]) });
     });`,
  );
  return file;
}

test.each([
  ['hangs', 'for (;;);', 'did not answer'],
  ['dies', 'process.exit(1);', 'has stopped'],
])(
  'an encoder that %s fails its searches as unavailable, and the next search gets another',
  async (_how, first, words) => {
    const folder = mkdtempSync(join(tmpdir(), 'mooring-encoder-'));
    const encoder = createThreadEncoder({ file: threadThat(folder, first), timeoutMs: 500 });
    const both = await Promise.allSettled([encoder.encode(['a']), encoder.encode(['b'])]);
    for (const result of both) {
      expect(result).toMatchObject({ status: 'rejected', reason: { code: 'unavailable' } });
    }
    expect(both[0]).toMatchObject({ reason: { message: expect.stringContaining(words) as string } });
    expect(await encoder.encode(['three'])).toEqual([[5]]);
    await encoder.close();
    rmSync(folder, { recursive: true, force: true });
  },
);
