import { loadConfig } from '../../lib/config';
import { ENTITY_SECRET, PLACE } from './circle-desk';

const TESTNET = {
  MOORING_WALLET: 'circle',
  MOORING_CIRCLE_API_KEY: 'TEST_API_KEY:one:two',
  MOORING_CIRCLE_ENTITY_SECRET: ENTITY_SECRET,
  MOORING_CIRCLE_WALLET_SET: PLACE.walletSetId,
  MOORING_CIRCLE_TOKEN_ID: PLACE.tokenId,
};
const MAINNET = {
  ...TESTNET,
  MOORING_CIRCLE_API_KEY: 'LIVE_API_KEY:one:two',
  MOORING_CIRCLE_BLOCKCHAIN: 'BASE',
  MOORING_CIRCLE_MAINNET: 'true',
};

test('money is test money unless chain, key and switch say otherwise together', () => {
  expect(loadConfig({}).MOORING_WALLET).toBe('ledger');
  expect(loadConfig(TESTNET).MOORING_CIRCLE_BLOCKCHAIN).toBe('BASE-SEPOLIA');
  expect(loadConfig(MAINNET).MOORING_CIRCLE_MAINNET).toBe(true);
  const bad: [string, Record<string, string>][] = [
    ['MOORING_CIRCLE_MAINNET', { ...MAINNET, MOORING_CIRCLE_MAINNET: 'false' }],
    ['MOORING_CIRCLE_API_KEY', { ...MAINNET, MOORING_CIRCLE_API_KEY: TESTNET.MOORING_CIRCLE_API_KEY }],
    ['MOORING_CIRCLE_API_KEY', { ...TESTNET, MOORING_CIRCLE_API_KEY: MAINNET.MOORING_CIRCLE_API_KEY }],
    ['MOORING_CIRCLE_MAINNET', { ...TESTNET, MOORING_CIRCLE_BLOCKCHAIN: 'ETH' }],
    ['MOORING_CIRCLE_URL', { ...TESTNET, MOORING_CIRCLE_URL: 'http://api.circle.example' }],
    ['MOORING_CIRCLE_ENTITY_SECRET', { ...TESTNET, MOORING_CIRCLE_ENTITY_SECRET: 'short' }],
    ['MOORING_CIRCLE_TOKEN_ID', { ...TESTNET, MOORING_CIRCLE_TOKEN_ID: '' }],
  ];
  for (const [name, env] of bad)
    expect(() => loadConfig(env)).toThrow(new RegExp(`${name}: (must be|is required)`));
});
