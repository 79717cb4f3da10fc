import { z } from 'zod';
import { isTestChain } from './circle';
import type { SettingProblem } from './config';
import { flag, ms, oneOf, optional, urlOf } from './setting-kinds';

const id = (meaning: string) => z.uuid('must be a UUID, as Circle shows it').optional().describe(meaning);

/** Where wallets are, and how the network they are at is asked (docs/wallets.md). */
export const WALLET_SETTINGS = {
  MOORING_WALLET: oneOf(['ledger', 'circle'])
    .default('ledger')
    .describe('where the money of wallets lies: our own ledger with test money, or Circle'),
  MOORING_CIRCLE_API_KEY: optional('with circle: the key of its API'),
  MOORING_CIRCLE_ENTITY_SECRET: z
    .string()
    .regex(/^[0-9a-f]{64}$/i, 'must be 64 hexadecimal digits')
    .optional()
    .describe('with circle: the secret that opens its wallets; it leaves us only sealed, anew each time'),
  MOORING_CIRCLE_WALLET_SET: id('with circle: the wallet set in which wallets are opened'),
  MOORING_CIRCLE_TOKEN_ID: id('with circle: its id of USDC on the blockchain'),
  MOORING_CIRCLE_BLOCKCHAIN: oneOf([
    'ARB',
    'ARB-SEPOLIA',
    'ARC-TESTNET',
    'AVAX',
    'AVAX-FUJI',
    'BASE',
    'BASE-SEPOLIA',
    'ETH',
    'ETH-SEPOLIA',
    'MATIC',
    'MATIC-AMOY',
    'OP',
    'OP-SEPOLIA',
    'SOL',
    'SOL-DEVNET',
    'UNI',
    'UNI-SEPOLIA',
  ])
    .default('BASE-SEPOLIA')
    .describe('with circle: the blockchain of the wallets'),
  MOORING_CIRCLE_MAINNET: flag(false, 'with circle: real money may be moved'),
  MOORING_CIRCLE_URL: urlOf(
    /^(https:|http:\/\/(127\.0\.0\.1|localhost|\[::1\])(:|\/|$))/,
    'must be an https URL, or one of this machine',
  )
    .default('https://api.circle.com')
    .describe('with circle: its API, or the stand-in'),
  MOORING_WALLET_TIMEOUT_MS: ms(10_000, 'how long a call of the wallets’ network may take'),
  MOORING_WALLET_POLL_MS: ms(
    5_000,
    'how long until a move of money that is on its way is looked at, when no webhook tells of it',
  ),
  MOORING_WALLET_POLL_MAX_MS: ms(
    300_000,
    'how long at most between two looks at a move that is on its way; they grow with its age',
  ),
  MOORING_WALLET_LOST_POLL_MAX_MS: ms(
    86_400_000,
    'how long at most between two looks for a move of which nobody knows whether it was made',
  ),
  MOORING_WALLET_ALARM_MS: ms(
    900_000,
    'how long a move may be without its end before the operators are told',
  ),
  MOORING_WALLET_RESEND_MS: ms(
    3_600_000,
    'how long a move that is not to be found may be made again under its key; after that people decide',
  ),
};

type WalletConfig = z.infer<z.ZodObject<typeof WALLET_SETTINGS>>;

const NEEDED = [
  'MOORING_CIRCLE_API_KEY',
  'MOORING_CIRCLE_ENTITY_SECRET',
  'MOORING_CIRCLE_WALLET_SET',
  'MOORING_CIRCLE_TOKEN_ID',
] as const;

/** Real money moves only where three settings say so together: the chain, the key and the switch. */
export function walletChecks(config: WalletConfig): SettingProblem[] {
  if (config.MOORING_WALLET !== 'circle') return [];
  const missing = NEEDED.filter((name) => config[name] === undefined).map((name) => ({
    name,
    rule: 'is required with MOORING_WALLET=circle',
  }));
  const isTest = isTestChain(config.MOORING_CIRCLE_BLOCKCHAIN);
  const keyKind = isTest ? 'TEST_API_KEY' : 'LIVE_API_KEY';
  const key = config.MOORING_CIRCLE_API_KEY ?? keyKind;
  return [
    ...missing,
    ...(isTest || config.MOORING_CIRCLE_MAINNET
      ? []
      : [
          {
            name: 'MOORING_CIRCLE_MAINNET',
            rule: `must be true for ${config.MOORING_CIRCLE_BLOCKCHAIN}, where money is real`,
          },
        ]),
    ...(key.startsWith(keyKind)
      ? []
      : [
          {
            name: 'MOORING_CIRCLE_API_KEY',
            rule: `must be a ${keyKind} for ${config.MOORING_CIRCLE_BLOCKCHAIN}`,
          },
        ]),
  ];
}

/** The name of where the platform's wallets are. */
export const walletNetwork = (config: WalletConfig): string =>
  config.MOORING_WALLET === 'ledger' ? 'ledger' : config.MOORING_CIRCLE_BLOCKCHAIN;

/** All that the driver at Circle needs; throws where settings were not checked. */
export function circleAccess(config: WalletConfig) {
  const [apiKey, entitySecret, walletSetId, tokenId] = NEEDED.map((name) => config[name]);
  if (
    apiKey === undefined ||
    entitySecret === undefined ||
    walletSetId === undefined ||
    tokenId === undefined
  ) {
    throw new Error('MOORING_WALLET=circle lacks settings');
  }
  return {
    access: {
      apiKey,
      entitySecret,
      baseUrl: config.MOORING_CIRCLE_URL,
      timeoutMs: config.MOORING_WALLET_TIMEOUT_MS,
    },
    place: { walletSetId, tokenId, blockchain: config.MOORING_CIRCLE_BLOCKCHAIN },
  };
}
