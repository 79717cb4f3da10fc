// Sets: `npm test` (everything that starts its own servers); `npm run test:full`, which adds test/full (what needs
// Redis and Chromium); `npm run crash-test`, `npm run cut-test`, `npm run race-test`, `npm run outage-test`,
// `npm run money-test` and `npm run record-histories`, a program each.
const set = process.env.MOORING_TEST_SET ?? 'normal';
const programs = {
  crash: '**/crash/every-*.test.ts',
  cuts: '**/cuts/every-cut.test.ts',
  races: '**/races/every-race.test.ts',
  outages: '**/outages/every-task.test.ts',
  money: '**/money/every-command.test.ts',
  histories: '**/histories/record.test.ts',
};

module.exports = {
  testEnvironment: 'node',
  roots: ['<rootDir>/test'],
  testMatch: [programs[set] ?? '**/*.test.ts'],
  testPathIgnorePatterns: [
    ...(set === 'full' ? [] : ['<rootDir>/test/full/']),
    ...(set in programs
      ? []
      : [
          '/crash/every-',
          '/cuts/every-cut',
          '/races/every-race',
          '/outages/every-task',
          '/money/every-command',
          '/histories/record',
        ]),
  ],
  transform: {
    '^.+\\.(t|j)sx?$': [
      '@swc/jest',
      {
        jsc: {
          target: 'es2022',
          parser: { syntax: 'typescript', tsx: true },
          transform: { react: { runtime: 'automatic' } },
        },
        module: { type: 'commonjs' },
      },
    ],
  },
  // These ship ES modules only, which jest cannot require by itself.
  transformIgnorePatterns: ['/node_modules/(?!(jose|marked|dompurify)/)'],
  globalSetup: '<rootDir>/test/harness/global-setup.ts',
  globalTeardown: '<rootDir>/test/harness/global-teardown.ts',
  testSequencer: '<rootDir>/test/harness/longest-first.cjs',
  testTimeout: 30_000,
  maxWorkers: 2,
};
