import { capped } from '../../activities/agent-text';
import { AGENT_TEXT_LIMIT } from '../../domain/session';

/** As it is told: inside a result, and in an outcome, which has no `<`. */
const told = (output: unknown): string[] => {
  const result = JSON.stringify({ status: 'completed', task_id: `tsk_${'x'.repeat(21)}`, output });
  return [result, result.replaceAll('<', '\\u003c')];
};

test.each([
  ['quotation marks', '"'.repeat(40_000)],
  ['a list of objects', Array.from({ length: 1_000 }, (_, n) => ({ name: `"${n}"`, note: 'a\\b\n' }))],
  ['an HTML page', '<p></p>'.repeat(5_000)],
  ['emoji', `x${'😀'.repeat(9_000)}`],
  ['what is just too long', { text: 'x'.repeat(AGENT_TEXT_LIMIT) }],
])('of %s the model reads at most 16 KiB, and nearly all of them', (_what, output) => {
  const texts = told(capped(output));
  const most = Math.max(...texts.map((text) => Buffer.byteLength(text)));
  expect(most).toBeLessThanOrEqual(AGENT_TEXT_LIMIT);
  expect(most).toBeGreaterThan(AGENT_TEXT_LIMIT - 300);
  expect(texts.join('')).toContain('"cut":true');
  expect(texts.join('')).not.toMatch(/\uFFFD|\\ud8/);
});

test('what is short enough is told whole', () => {
  const output = { rows: Array.from({ length: 300 }, (_, n) => ({ n, note: `"${n}"` })) };
  expect(capped(output)).toBe(output);
});
