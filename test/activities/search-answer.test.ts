import { shorten } from '../../activities/search/shorten';
import type { FoundAgent } from '../../activities/search/shorten';
import { AGENT_TEXT_LIMIT } from '../../domain/session';

const agent = (n: number, description: string, actions: number): FoundAgent => ({
  agent_id: `agt_${String(n).padStart(21, '0')}`,
  name: '名'.repeat(100),
  description,
  health: 'healthy',
  trust: { total_jobs: 12_345, listed_since: '2026-11-23' },
  actions: Array.from({ length: actions }, (_, m) => ({
    name: `${m}${'動'.repeat(98)}`,
    description,
    price_usdc: '0.050000',
    risk_level: 'R0',
  })),
  score: 0.123,
});
const bytes = (agents: FoundAgent[]) => Buffer.byteLength(JSON.stringify({ agents }));

test.each([
  ['a long description', [agent(1, 'x'.repeat(4_000), 8)]],
  [
    'ten agents that say all they may',
    Array.from({ length: 10 }, (_, n) => agent(n, '"🧭"'.repeat(1_000), 50)),
  ],
])('a search of %s answers within 16 KiB, with every agent', (_what, found) => {
  expect(bytes(found)).toBeGreaterThan(AGENT_TEXT_LIMIT);
  const short = shorten(found);
  expect(bytes(short)).toBeLessThanOrEqual(AGENT_TEXT_LIMIT);
  expect(short.map(({ agent_id: id }) => id)).toEqual(found.map(({ agent_id: id }) => id));
  for (const { description, actions, actions_left_out: leftOut = 0 } of short) {
    expect(actions.length).toBeGreaterThan(0);
    expect(actions.length + leftOut).toBe(found[0]?.actions.length);
    expect(description).not.toMatch(/\p{Surrogate}/u);
  }
});

test('a search that is short enough is answered as it is', () => {
  const found = [agent(1, 'reads', 2), agent(2, 'counts', 1)];
  expect(shorten(found)).toEqual(found);
});
