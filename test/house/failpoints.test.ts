import { activityNames, readPoints } from '../crash/points';
import { armFailpoint } from '../../lib/failpoints';
import { filesEnding, read } from './files';

const { points, bad } = readPoints();
const names = points.map(({ name }) => name);

test('every transaction, activity and outside effect has a failpoint name of its own, as a literal', () => {
  expect(bad).toEqual([]);
  expect(names).toEqual(
    expect.arrayContaining(['message.send.committed', 'askModel.report', 'delivery.answered']),
  );
});

test('every activity that a workflow can call has its two failpoints', () => {
  const missing = activityNames().filter((name) => !names.includes(`${name}.start`));
  expect(activityNames().length).toBeGreaterThan(10);
  expect(missing).toEqual([]);
});

test('a failpoint that is misspelt is refused, not passed over in silence', () => {
  for (const spec of ['typo', '@2', 'message.send.committed@0', 'a.b@x', ''])
    expect(() => armFailpoint(spec)).toThrow('MOORING_FAILPOINT');
  expect(() => armFailpoint(undefined)).not.toThrow();
});

test('there is no way to the database beside withTx, and no way to Temporal beside the gateway', () => {
  const platform = filesEnding(/\.ts$/).filter((path) =>
    /^(platform\.ts$|(activities|api|worker)\/)/.test(path),
  );
  expect(platform.length).toBeGreaterThan(50);
  expect(platform.filter((path) => /\bpool\.(query|connect)\(|\bnew Client\(/.test(read(path)))).toEqual([]);
  expect(platform.filter((path) => /\.workflow\.(start|signalWithStart)\(/.test(read(path)))).toEqual([]);
});

test('effects that leave the process are told before and after: signals, model, agents', () => {
  const before = names
    .filter((name) => name.endsWith('.before'))
    .map((name) => name.slice(0, -'.before'.length));
  const lonely = before.filter(
    (name) => points.filter((point) => point.name.startsWith(`${name}.`)).length < 2,
  );
  expect(before).toEqual(
    expect.arrayContaining(['dispatch', 'relay', 'reconcile', 'model', 'delta', 'delivery']),
  );
  expect(lonely).toEqual([]);
});
