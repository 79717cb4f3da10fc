import { openDesk } from './agent-desk';
import type { AgentDesk } from './agent-desk';
import { createTestApi } from './harness';

let desk: AgentDesk;
beforeAll(async () => {
  desk = await openDesk();
});
afterAll(() => desk.close());

test('slugs are made of names, and equal names get a number', async () => {
  const slugs = [];
  for (const [n, name] of ['Café & Co.', 'Café & Co.', '時計', '-- x --'].entries())
    slugs.push((await desk.register(name, { base_url: `${desk.zoo.url}/slug-${n}` })).slug);
  expect(slugs).toEqual(['cafe-co', 'cafe-co-2', 'agent', 'x']);
});

const BAD: [string, object, [string, string]][] = [
  ['an unknown field', { status: 'ACTIVE' }, ['status', 'is not known here']],
  ['no name', { name: ' ' }, ['name', 'must not be empty']],
  ...['Nice\nagent', 'Nice\u0001agent', 'Nice\u202egnp', 'Nice\u2066agent', 'Nice\u2028agent'].map(
    (name): [string, object, [string, string]] => [
      `the name ${JSON.stringify(name)}`,
      { name },
      ['name', 'control characters'],
    ],
  ),
  ['a tag of two lines', { tags: ['a\nb'] }, ['tags.0', 'must be one line']],
  [
    'a description that turns around',
    { description: 'It pays \u202edlrow' },
    ['description', 'must not hold control characters'],
  ],
  ['a bell in a description', { description: 'ding\u0007' }, ['description', 'control characters']],
  [
    'a long description',
    { description: 'x'.repeat(4_001) },
    ['description', 'must have at most 4000 characters'],
  ],
  [
    'eleven tags',
    { tags: Array.from({ length: 11 }, (_, n) => `t${n}`) },
    ['tags', 'must have at most 10 entries'],
  ],
  ['a tag twice', { tags: ['a', 'a'] }, ['tags', 'must not hold one twice']],
  [
    'a price in words',
    { pricing_summary: { type: 'per_action', from_usdc: 'free' } },
    ['pricing_summary.from_usdc', 'must be an amount of USDC'],
  ],
  [
    'another way of pricing',
    { pricing_summary: { type: 'monthly', from_usdc: '1' } },
    ['pricing_summary.type', 'must be one of per_action'],
  ],
  ['no address', { base_url: undefined }, ['base_url', 'is missing']],
  ['a number as name', { name: 7 }, ['name', 'must be a string']],
  ['tags that are no list', { tags: 'one' }, ['tags', 'must be a list']],
  ['no URL', { base_url: 'agent.example.com' }, ['base_url', 'must be an http or https URL']],
  ['another scheme', { base_url: 'file:///etc/passwd' }, ['base_url', 'must be an http or https URL']],
  ['a query', { base_url: 'http://127.0.0.1:1/?a' }, ['base_url', 'must have neither query nor fragment']],
  [
    'a script as source',
    { source_code_url: 'javascript:alert(1)' },
    ['source_code_url', 'must be an http or https URL'],
  ],
];

test.each(BAD)('%s is refused with field and rule', async (_what, more, [field, rule]) => {
  const { status, body } = await desk.ask('POST /api/agents', {
    token: desk.owner.token,
    body: { ...desk.fields('Bad one'), ...more },
  });
  expect([status, body.error.code, body.error.details?.field]).toEqual([400, 'invalid_request', field]);
  expect(body.error.details?.rule).toContain(rule);
});

test.each([
  ['https://10.0.0.1', 'does not lead to a public address'],
  ['https://169.254.169.254/latest', 'does not lead to a public address'],
  ['http://192.0.2.1:8080', 'does not lead to a public address'],
  ['https://user:secret@example.com', 'must not carry a user or a password'],
  ['https://does-not-exist.invalid', 'has no address'],
])('the address %s is refused at once: it %s', async (base_url, rule) => {
  const { id } = await desk.register('Wanderer');
  const calls: [string, object][] = [
    ['POST /api/agents', { ...desk.fields('Far'), base_url }],
    [`PATCH /api/agents/${id}`, { base_url }],
  ];
  for (const [call, body] of calls) {
    const answer = await desk.ask(call, { token: desk.owner.token, body });
    expect([answer.status, answer.body.error.code, answer.body.error.details]).toEqual([
      400,
      'address_blocked',
      { field: 'base_url', rule },
    ]);
  }
});

test.each([
  ['/api/agents?q=%00', 'q', 400],
  ['/api/agents?q=a&q=b%00', 'q', 400],
  ['/api/agents?category=x%00y', 'category', 400],
  ['/api/agents?page=%00', 'page', 400],
  ['/api/agents?%00slug=1', 'slug', 400],
  ['/api/sessions?cursor=%00', 'cursor', 400],
  ['/api/sessions?q=%00', 'q', 400],
  ['/api/sessions/ses_000000000000000000000/events?after_seq=%00', 'after_seq', 400],
  ['/api/agents/%00', undefined, 404],
  ['/api/sessions/%00', undefined, 404],
])('%s with U+0000 is refused by its field', async (path, field, status) => {
  const answer = await desk.ask(`GET ${path}`, { token: desk.owner.token });
  expect([answer.status, answer.body.error.details?.field]).toEqual([status, field]);
});

test('pages are as large as was asked for, at most a hundred, and no agent is on two', async () => {
  for (let n = 0; n < 3; n += 1) await desk.active(`Paged ${n}`);
  const page = async (number: number) =>
    (await desk.ask(`GET /api/agents?q=paged&per_page=2&page=${number}`)).body;
  const [one, two] = [await page(1), await page(2)];
  expect([one.total, one.page, one.per_page, one.agents.length, two.agents.length]).toEqual([3, 1, 2, 2, 1]);
  expect(new Set([...one.agents, ...two.agents].map(({ id }) => id)).size).toBe(3);
  for (const bad of ['per_page=101', 'page=0', 'status=SECRET', 'sort=name']) {
    expect([bad, (await desk.ask(`GET /api/agents?${bad}`)).status]).toEqual([bad, 400]);
  }
  expect((await desk.ask(`GET /api/agents?q=${encodeURIComponent("%' or 1=1 --")}`)).body.total).toBe(0);
});

test('a description may have lines and tabs', async () => {
  const description = 'It counts.\n\t- days\n\t- weeks';
  const { id } = await desk.register('Many Lines', { description });
  const { body } = await desk.ask(`GET /api/agents/${id}`, { token: desk.owner.token });
  expect(body).toMatchObject({ description });
});

test('looks at the list from one address have a limit a minute', async () => {
  const strict = await createTestApi({ env: { MOORING_RATE_LIMIT_LOOKS: '2' } });
  const statuses = [];
  for (const path of ['/api/agents', '/api/agents/nobody', '/api/agents?q=a']) {
    statuses.push((await strict.call(path)).status);
  }
  await strict.stop();
  expect(statuses).toEqual([200, 404, 429]);
});

test('what a person does with listings has a limit a minute', async () => {
  const strict = await createTestApi({ env: { MOORING_RATE_LIMIT_LISTINGS: '2' } });
  const { token } = await strict.signIn('ann@example.test');
  const statuses = [];
  for (let n = 0; n < 3; n += 1) {
    const { status } = await strict.call('/api/agents', { token, body: desk.fields(`Many ${n}`) });
    statuses.push(status);
  }
  await strict.stop();
  expect(statuses).toEqual([201, 201, 429]);
});
