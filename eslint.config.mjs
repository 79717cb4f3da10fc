import js from '@eslint/js';
import tseslint from 'typescript-eslint';
import { builtinModules } from 'node:module';

// The arrows of the house: a zone may import the zones listed and nothing else of ours.
// `lib` is plumbing every zone may use, except the two pure ones.
const zones = [
  'workflows',
  'activities',
  'domain',
  'db',
  'api',
  'worker',
  'temporal',
  'lib',
  'dev',
  'web',
  'sdk',
];
const arrows = {
  domain: [],
  workflows: ['domain'],
  lib: ['domain'],
  db: ['domain', 'lib'],
  temporal: ['domain', 'lib'],
  activities: ['domain', 'db', 'lib', 'temporal/gateway'],
  api: ['domain', 'db', 'lib', 'temporal/gateway'],
  worker: ['workflows', 'activities', 'domain', 'db', 'lib', 'temporal'],
  sdk: ['domain'],
  web: ['sdk'],
};

const forbidden = (zone) =>
  zones
    .filter((other) => other !== zone && !arrows[zone].includes(other))
    .map((other) => {
      const doors = arrows[zone]
        .filter((door) => door.startsWith(`${other}/`))
        .map((door) => door.split('/')[1]);
      const inside = doors.length > 0 ? `/(?!${doors.join('|')}$)` : '(/|$)';
      return {
        regex: `^(\\.\\./)+${other}${inside}`,
        message: `${zone} may not import ${other}: see the arrows in docs/architecture.md.`,
      };
    });

const isPure = (zone) => ['workflows', 'domain'].includes(zone);
const PURE = 'workflows and domain are pure: no I/O, no Node built-in, no schema library.';
const worldly = ['zod', 'pg', 'ws', 'express', 'ioredis', ...builtinModules];

const zoneRule = (zone) => ({
  files: [`${zone}/**/*.{ts,tsx}`],
  rules: {
    'no-restricted-imports': [
      'error',
      {
        patterns: [
          ...forbidden(zone),
          ...(isPure(zone) ? [{ group: ['node:*', '@anthropic-ai/*', 'zod/*'], message: PURE }] : []),
        ],
        paths: isPure(zone) ? worldly.map((name) => ({ name, message: PURE })) : [],
      },
    ],
  },
});

// Money is bigint inside and a decimal string outside: a float has lost some of it before anybody looks.
const FLOAT = 'Money is never a float: parseUsdc and formatUsdc of domain/money.';
const namedMoney = '[name=/(micros|usdc)$/i]';
const noMoneyAsNumber = ['Number', 'parseFloat'].flatMap((name) => [
  { selector: `CallExpression[callee.name='${name}'] > Identifier${namedMoney}.arguments`, message: FLOAT },
  {
    selector: `CallExpression[callee.name='${name}'] > MemberExpression.arguments > Identifier${namedMoney}.property`,
    message: FLOAT,
  },
]);
const noFloats = [
  { selector: 'CallExpression[callee.name=/^(Number|parseFloat)$/]', message: FLOAT },
  { selector: 'CallExpression[callee.property.name=/^(parseFloat|toFixed|toPrecision)$/]', message: FLOAT },
  { selector: 'Literal[raw=/^[0-9_]*\\.[0-9]/]', message: FLOAT },
];

export default tseslint.config(
  { ignores: ['dist/**', 'node_modules/**', '.mooring/**', 'docs/**', 'agents/**'] },
  js.configs.recommended,
  {
    files: ['**/*.{ts,tsx}'],
    extends: [tseslint.configs.recommendedTypeChecked],
    languageOptions: {
      parserOptions: {
        project: ['./tsconfig.json', './web/tsconfig.json'],
        tsconfigRootDir: import.meta.dirname,
      },
    },
    rules: {
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'separate-type-imports' }],
      '@typescript-eslint/method-signature-style': 'error',
      'max-lines': ['error', { max: 300, skipBlankLines: true, skipComments: true }],
      'max-lines-per-function': ['error', { max: 60, skipBlankLines: true, skipComments: true }],
      'max-params': ['error', 3],
    },
  },
  ...Object.keys(arrows).map(zoneRule),
  {
    files: ['{workflows,activities,db,api,temporal,lib}/**/*.ts'],
    rules: { 'no-console': 'error' },
  },
  {
    // process.env has one reader, so that every setting is named, checked and documented.
    files: ['{workflows,activities,db,api,worker,temporal,lib}/**/*.ts'],
    ignores: ['lib/config.ts'],
    rules: {
      'no-restricted-properties': [
        'error',
        { object: 'process', property: 'env', message: 'Read lib/config.' },
      ],
    },
  },
  {
    files: ['**/*.{ts,tsx}'],
    ignores: ['test/**'],
    rules: { 'no-restricted-syntax': ['error', ...noMoneyAsNumber] },
  },
  {
    // where money is worked on there are no floats at all
    files: [
      '{domain,sdk}/money.ts',
      'domain/payment.ts',
      'db/{budgets,ledger,ledger-proof,payment-money,payment-pages,payments,refunds,standing-rules,statement,wallet}.ts',
      'activities/{payments,settle-payment}.ts',
      'api/routes/{payments,wallet}.ts',
    ],
    rules: { 'no-restricted-syntax': ['error', ...noFloats] },
  },
  {
    // React components are functions that return markup: their length is the page's, not a tangle's.
    files: ['web/**/*.tsx'],
    rules: { 'max-lines-per-function': ['error', { max: 120, skipBlankLines: true, skipComments: true }] },
  },
  {
    files: ['test/**/*.ts'],
    rules: { 'max-lines-per-function': 'off' },
  },
  { files: ['*.js'], languageOptions: { globals: { process: 'readonly', module: 'writable' } } },
  {
    files: ['**/*.mjs'],
    languageOptions: {
      globals: {
        ...{ process: 'readonly', console: 'readonly', URL: 'readonly', Buffer: 'readonly' },
        fetch: 'readonly',
      },
    },
  },
);
