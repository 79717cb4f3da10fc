import { asUser } from '../../domain/principal';
import { acceptMessage } from '../../db/messages';
import { appendFrames } from '../../db/events';
import { createTestApi, until } from './harness';
import type { Answer, TestApi } from './harness';

let api: TestApi;
beforeAll(async () => {
  // So long between two looks at the logs that only a wake-up can end a wait.
  api = await createTestApi({
    env: { MOORING_RATE_LIMIT_SESSIONS: '1000' },
    deps: { timings: { checkMs: 3_600_000 } },
  });
});
afterAll(() => api.stop());

const open = async (token: string, title?: string): Promise<string> =>
  (await api.call('/api/sessions', { token, body: title === undefined ? {} : { title } })).body.session_id;

async function pages(token: string, query: string): Promise<string[]> {
  const seen: string[] = [];
  for (let cursor = ''; ;) {
    const { body }: Answer = await api.call(`/api/sessions?${query}${cursor}`, { token });
    seen.push(...body.sessions.map(({ id }) => id));
    if (body.next_cursor === null) return seen;
    cursor = `&cursor=${body.next_cursor}`;
  }
}

test('a chat in the list has the names of the contract, and whether it waits', async () => {
  const { token } = await api.signIn('names@example.test');
  await open(token, 'One');
  const { body } = await api.call('/api/sessions', { token });
  expect(body.sessions).toMatchObject([{ title: 'One', phase: 'STARTED', cost: '0.00', waiting: false }]);
  expect(Object.keys(body.sessions[0] ?? {}).sort()).toEqual(
    ['cost', 'created_at', 'id', 'last_message_at', 'phase', 'title', 'waiting'].sort(),
  );
});

test('a chat is found by words of its title, in any case, page by page', async () => {
  const { token } = await api.signIn('titles@example.test');
  const tables = [await open(token, 'Table of Ships'), await open(token, 'ships, 100% of them')];
  await open(token, 'Something else');
  await open(token);
  expect(await pages(token, 'q=SHIPS&limit=1')).toEqual([...tables].reverse());
  expect(await pages(token, 'q=%20table%20of%20')).toEqual([tables[0]]);
  expect(await pages(token, 'q=')).toHaveLength(4);
});

test.each([
  ['%25', 1],
  ['_', 0],
  ['\\', 0],
  ["'", 0],
  ["') or true --", 0],
])('a search for %s takes it as letters', async (q, count) => {
  const { token } = await api.signIn(`letters-${count}@example.test`);
  if ((await pages(token, '')).length === 0)
    await Promise.all([open(token, '50% off'), open(token, 'plain')]);
  expect(await pages(token, `q=${q}`)).toHaveLength(count);
});

test('nobody finds the chats of another, and a search of 201 letters is refused', async () => {
  const ann = await api.signIn('finder-ann@example.test');
  const ben = await api.signIn('finder-ben@example.test');
  await open(ann.token, 'private plans');
  expect(await pages(ben.token, 'q=private')).toEqual([]);
  const refused = await api.call(`/api/sessions?q=${'x'.repeat(201)}`, { token: ann.token });
  expect(refused).toMatchObject({ status: 400, body: { error: { details: { field: 'q' } } } });
});

test('while some chats are written to, paging shows every other one once and none twice', async () => {
  const { token, userId } = await api.signIn('busy@example.test');
  const quiet = await Promise.all(Array.from({ length: 12 }, () => open(token)));
  const busy = await Promise.all(Array.from({ length: 6 }, () => open(token)));
  let paging = true;
  let round = 0;
  const writing = busy.map(async (sessionId) => {
    while (paging)
      await api.t.db.withTx(asUser(userId), 'test', (tx) =>
        acceptMessage(tx, { sessionId, clientId: `m${(round += 1)}`, content: 'x' }),
      );
  });
  for (let n = 0; n < 10; n += 1) {
    const seen = await pages(token, 'limit=2');
    expect(seen).toHaveLength(new Set(seen).size);
    expect(quiet.filter((id) => !seen.includes(id))).toEqual([]);
  }
  paging = false;
  await Promise.all(writing);
  expect((await pages(token, 'limit=18')).slice(0, 6).sort()).toEqual([...busy].sort());
});

/** How often a log was read for a poll, from its transactions' figure. */
async function readsSoFar(): Promise<number> {
  const { text } = await api.call('/metrics');
  return Number(/mooring_transaction_seconds_count\{name="feed\.read"\} (\d+)/.exec(text)?.[1] ?? 0);
}

const say = (sessionId: string, userId: string) =>
  api.t.db.withTx(asUser(userId), 'test', (tx) =>
    appendFrames(tx, { id: sessionId, userId }, [
      { type: 'AGENT_MESSAGE', data: { content: 'Hello', message_id: 'm', turn_id: 't' } },
    ]),
  );

test('more polls wait than there are connections to PostgreSQL, none holds one, and each is woken by its own chat', async () => {
  const people = await Promise.all([1, 2].map((n) => api.signIn(`waiter-${n}@example.test`)));
  const chats = await Promise.all(
    people.map(async ({ token, userId }) => ({ token, userId, id: await open(token) })),
  );
  const before = await readsSoFar();
  const ended: string[] = [];
  const polls = chats.flatMap(({ id, token }) =>
    Array.from({ length: 20 }, async () => {
      const answer = await api.call(`/api/sessions/${id}/events?wait=25`, { token });
      ended.push(id);
      return answer;
    }),
  );
  // Each has read once and waits: nobody but the asker is at work, and what else is asked is answered.
  await until(async () => (await readsSoFar()) === before + 40);
  const [first, second] = chats;
  if (first === undefined || second === undefined) throw new Error('no chats');
  const [others] = await api.t.db.withTx(asUser(first.userId), 'test', async (tx) => {
    // The application's role is not shown what other connections do.
    await tx.query('reset role');
    return tx.query(
      `select count(*)::int as busy from pg_stat_activity
        where datname = current_database() and state <> 'idle' and pid <> pg_backend_pid()`,
    );
  });
  expect(others).toEqual({ busy: 0 });
  expect((await api.call('/api/wallet', { token: first.token })).status).toBe(200);
  expect(ended).toEqual([]);
  await say(first.id, first.userId);
  await Promise.all(polls.slice(0, 20));
  expect(ended).toEqual(Array.from({ length: 20 }, () => first.id));
  await say(second.id, second.userId);
  for (const { status, body } of await Promise.all(polls))
    expect({ status, count: body.events.length, last: body.last_seq }).toEqual({
      status: 200,
      count: 1,
      last: 1,
    });
});
