import { spawnSync } from 'node:child_process';
import { z } from 'zod';

/** An import per line: the file that makes it, and what it imports. */
const FORBIDDEN: [string, string][] = [
  ['workflows/x.ts', 'node:fs'],
  ['workflows/x.ts', 'crypto'],
  ['workflows/x.ts', 'zod'],
  ['workflows/x.ts', 'zod/mini'],
  ['workflows/x.ts', 'pg'],
  ['workflows/x.ts', '@anthropic-ai/sdk'],
  ['workflows/x.ts', '../activities/chat'],
  ['workflows/x.ts', '../db/turns'],
  ['workflows/x.ts', '../lib/config'],
  ['workflows/x.ts', '../temporal/gateway'],
  ['domain/x.ts', 'node:crypto'],
  ['domain/x.ts', 'zod'],
  ['domain/x.ts', '../db/turns'],
  ['domain/x.ts', '../lib/ids'],
  ['domain/x.ts', '../workflows/task'],
  ['lib/x.ts', '../api/app'],
  ['lib/x.ts', '../db/database'],
  ['db/x.ts', '../api/app'],
  ['db/x.ts', '../activities/chat'],
  ['db/x.ts', '../temporal/gateway'],
  ['temporal/x.ts', '../db/outbox'],
  ['temporal/x.ts', '../workflows/task'],
  ['temporal/x.ts', '../worker/relay'],
  ['activities/x.ts', '../workflows/task'],
  ['activities/x.ts', '../api/app'],
  ['activities/x.ts', '../worker/relay'],
  ['activities/x.ts', '../temporal/connect'],
  ['activities/tools/x.ts', '../../api/app'],
  ['api/x.ts', '../worker/start'],
  ['api/x.ts', '../activities/chat'],
  ['api/x.ts', '../workflows'],
  ['api/x.ts', '../temporal/connect'],
  ['api/routes/x.ts', '../../worker/start'],
  ['worker/x.ts', '../api/app'],
  ['worker/x.ts', '../web/main'],
  ['web/x.tsx', '../db/events'],
  ['web/x.tsx', '../api/app'],
  ['web/x.tsx', '../lib/config'],
  ['sdk/x.ts', '../api/app'],
  ['sdk/x.ts', '../lib/ids'],
  ['sdk/x.ts', '../web/main'],
  ...['domain', 'workflows', 'activities', 'db', 'api', 'worker', 'temporal', 'lib', 'web', 'sdk'].map(
    (zone): [string, string] => [`${zone}/x.ts`, '../dev/run-file'],
  ),
];

const ALLOWED: [string, string][] = [
  ['workflows/x.ts', '../domain/task'],
  ['workflows/x.ts', '@temporalio/workflow'],
  ['activities/x.ts', '../db/turns'],
  ['activities/x.ts', '../temporal/gateway'],
  ['activities/tools/x.ts', '../../lib/ids'],
  ['api/x.ts', '../temporal/gateway'],
  ['api/x.ts', 'zod'],
  ['api/routes/x.ts', '../../db/events'],
  ['worker/x.ts', '../temporal/connect'],
  ['worker/x.ts', '../activities/chat'],
  ['db/x.ts', '../lib/ids'],
  ['sdk/x.ts', '../domain/frames'],
  ['web/x.tsx', '../sdk/client'],
  ['dev/x.ts', '../worker/start'],
];

function lint(cases: { filePath: string; text: string }[]): string[][] {
  const { stdout, stderr } = spawnSync(process.execPath, ['test/house/lint-texts.mjs'], {
    input: JSON.stringify(cases),
    encoding: 'utf8',
  });
  if (stdout === '') throw new Error(stderr);
  return z.array(z.array(z.string())).parse(JSON.parse(stdout));
}

const importing = ([filePath, from]: [string, string]): { filePath: string; text: string } => ({
  filePath,
  text: `import { thing } from '${from}';\nexport const x = thing;\n`,
});
const named = ([filePath, from]: [string, string]): string => `${filePath} <- ${from}`;

test('lint refuses every import against the arrows, and no other', () => {
  const found = lint([...FORBIDDEN, ...ALLOWED].map(importing));
  const passed = FORBIDDEN.filter((_, index) => !found[index]?.includes('no-restricted-imports'));
  const refused = ALLOWED.filter((_, index) => found[FORBIDDEN.length + index]?.length !== 0);
  expect({ passed: passed.map(named), refused: refused.map(named) }).toEqual({ passed: [], refused: [] });
}, 120_000);

test('lint refuses a console, a reader of process.env beside lib/config, and a type that hides in an import', () => {
  const found = lint([
    { filePath: 'api/x.ts', text: 'console.log(1);\n' },
    { filePath: 'worker/x.ts', text: "export const x = process.env['HOME'];\n" },
    { filePath: 'lib/x.ts', text: 'export const x = (a: any): void => void a;\n' },
    { filePath: 'db/x.ts', text: "import { T } from '../lib/ids';\nexport const x: T = 1;\n" },
  ]);
  expect(found).toEqual([
    ['no-console'],
    ['no-restricted-properties'],
    ['@typescript-eslint/no-explicit-any'],
    ['@typescript-eslint/consistent-type-imports'],
  ]);
}, 120_000);

test('lint refuses money as a float, wherever it is, and any float where money is worked on', () => {
  const refused = [
    ['api/x.ts', 'export const x = (amountMicros: bigint) => Number(amountMicros);'],
    ['web/x.ts', 'export const x = (w: { balance_usdc: string }) => Number(w.balance_usdc);'],
    ['dev/x.ts', 'export const x = (priceUsdc: string) => parseFloat(priceUsdc);'],
    ['db/ledger.ts', 'export const x = (text: string) => Number(text);'],
    ['db/ledger.ts', 'export const x = (text: string) => Number.parseFloat(text);'],
    ['domain/money.ts', 'export const x = 0.1;'],
    ['domain/payment.ts', 'export const x = (n: number) => n.toFixed(2);'],
  ];
  const taken = [
    ['api/x.ts', 'export const x = (text: string) => Number(text);'],
    ['domain/money.ts', "export const x = 10_000n + BigInt('1');"],
  ];
  const found = lint(
    [...refused, ...taken].map(([filePath = '', text = '']) => ({ filePath, text: `${text}\n` })),
  );
  expect(found).toEqual([...refused.map(() => ['no-restricted-syntax']), ...taken.map(() => [])]);
}, 120_000);
