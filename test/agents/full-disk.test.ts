import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { openCallLog } from '../../dev/agents/call-log';
import { openMailStore } from '../../dev/mailbox/mail-store';
import { compileAgents } from './agents-process';

// The system lets this process write no file over 8 KiB: a write over it is cut, as on a full disk, and the next fails.
const LIMITED = 'ulimit -f 16; exec "$@"';

const compiled = compileAgents();
afterAll(compiled.remove);

/** Runs a script against the compiled agents, with a disk that is soon full, and gives what it printed. */
const onFullDisk = (script: string): unknown =>
  JSON.parse(
    execFileSync('/bin/sh', ['-c', LIMITED, 'sh', process.execPath, '-e', script], {
      cwd: join(compiled.folder, 'code'),
      encoding: 'utf8',
    }),
  );

const ATTEMPT = `
  const attempt = (work) => { try { work(); return 'kept'; } catch (error) { return error.code; } };`;

test('an answer that no longer fits on the disk is not kept by half, and those before and after it are', () => {
  const file = join(compiled.folder, 'calls.jsonl');
  const said = onFullDisk(`${ATTEMPT}
    const log = require('./agents/call-log').openCallLog(${JSON.stringify(file)});
    const call = (key, text) => attempt(() => log.append(
      { key, action: 'say', status: 'completed', answer: { ok: true, output: { text } } }));
    console.log(JSON.stringify({
      kept: [call('a', 'first'), call('b', 'x'.repeat(20000)), call('c', 'third'), call('b', 'second')],
      answers: ['a', 'b', 'c'].map((key) => log.answer(key)?.output.text),
      attempts: log.attempts('b'),
    }));`);
  expect(said).toEqual({
    kept: ['kept', 'EFBIG', 'kept', 'kept'],
    answers: ['first', 'second', 'third'],
    attempts: 1,
  });
  const log = openCallLog(file);
  expect(log.calls().map(({ idempotency_key: key }) => key)).toEqual(['a', 'c', 'b']);
  log.close();
});

test('a mail that no longer fits on the disk is kept for none of its recipients, and can be sent again', () => {
  const folder = join(compiled.folder, 'full-mail');
  const said = onFullDisk(`${ATTEMPT}
    const store = require('./mailbox/mail-store').openMailStore(${JSON.stringify(folder)});
    const add = (messageId, text) => attempt(() => store.add(
      { messageId, recipients: ['ann@x.org', 'ben@x.org'], from: 'f', subject: 's', text, html: '' }));
    console.log(JSON.stringify([add('1', 'a'), add('2', 'x'.repeat(5000)), add('3', 'c'), add('2', 'b')]));`);
  expect(said).toEqual(['kept', 'EFBIG', 'kept', 'kept']);
  const store = openMailStore(folder);
  const { mails } = store.read({ to: 'ben@x.org', before: null, maxBytes: 100_000 });
  expect(mails.map(({ text }) => text)).toEqual(['b', 'c', 'a']);
  store.close();
});
