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
    const encoder = createThreadEncoder({ file: threadThat(folder, first), silenceMs: 500 });
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

test('a queue that is longer than the thread may be silent is answered, and what is wished for twice is made once', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'mooring-encoder-'));
  const file = join(folder, 'slow.js');
  // Each answer takes a third of the silence that is borne, and says how many were made so far.
  writeFileSync(
    file,
    `const { parentPort } = require('node:worker_threads');
     let made = 0;
     parentPort.on('message', ({ id, texts }) => {
       Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 300);
       made += 1;
       parentPort.postMessage({ id, vectors: texts.map(() => [made]) });
     });`,
  );
  const encoder = createThreadEncoder({ file, silenceMs: 1_000 });
  const wishes = ['a', 'b', 'a', 'c', 'd', 'e'].map((text) => encoder.encode([text]));
  expect(await Promise.all(wishes)).toEqual([[[1]], [[2]], [[1]], [[3]], [[4]], [[5]]]);
  await encoder.close();
  rmSync(folder, { recursive: true, force: true });
});
