import { z } from 'zod';
import { parseUsdc } from '../../domain/money';
import { createCircleStandIn } from './server';

/** The stand-in for Circle as a process of its own. */
const env = z
  .object({
    PORT: z.coerce.number().int().min(0).max(65_535).default(0),
    MOORING_CIRCLE_API_KEY: z.string().default('TEST_API_KEY:stand-in:none'),
    MOORING_CIRCLE_ENTITY_SECRET: z.string().default('00'.repeat(32)),
    MOORING_STAND_IN_FAUCET_USDC: z.string().default('5.00'),
    MOORING_STAND_IN_STEP_MS: z.coerce.number().int().min(0).max(60_000).default(200),
    MOORING_STAND_IN_WEBHOOK_URL: z.url().optional(),
  })
  .parse(process.env);

const server = createCircleStandIn({
  apiKey: env.MOORING_CIRCLE_API_KEY,
  entitySecret: env.MOORING_CIRCLE_ENTITY_SECRET,
  stepMs: env.MOORING_STAND_IN_STEP_MS,
  faucetMicros: parseUsdc(env.MOORING_STAND_IN_FAUCET_USDC) ?? 0n,
  webhookUrl: env.MOORING_STAND_IN_WEBHOOK_URL ?? null,
});
process.on('SIGTERM', () => process.exit(0));
server.listen(env.PORT, '127.0.0.1', () => {
  const address = server.address();
  if (typeof address === 'object' && address !== null) console.log(`listening ${address.port}`);
});
