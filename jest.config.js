// Two sets: `npm test` (everything that starts its own servers) and `npm run test:full`, which adds test/full
// (what needs Redis and Chromium).
const full = process.env.MOORING_TEST_SET === 'full';

module.exports = {
  testEnvironment: 'node',
  roots: ['<rootDir>/test'],
  testMatch: ['**/*.test.ts'],
  testPathIgnorePatterns: full ? [] : ['<rootDir>/test/full/'],
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
  testTimeout: 30_000,
  maxWorkers: 2,
};
