import { z } from 'zod';
import { createStandIn } from './server';

/** The stand-in model as a process of its own; MOORING_STAND_IN_TOKEN_DELAY_MS is the pause before each token. */
const env = z
  .object({
    PORT: z.coerce.number().int().min(0).max(65_535).default(0),
    MOORING_STAND_IN_TOKEN_DELAY_MS: z.coerce.number().int().min(0).max(10_000).default(8),
  })
  .parse(process.env);

const server = createStandIn({
  tokenDelayMs: env.MOORING_STAND_IN_TOKEN_DELAY_MS,
  maxBodyBytes: 32 * 1024 * 1024,
});
// Nothing here outlives a request, so there is nothing to wait for.
process.on('SIGTERM', () => process.exit(0));
server.listen(env.PORT, '127.0.0.1', () => {
  const address = server.address();
  if (typeof address === 'object' && address !== null) console.log(`listening ${address.port}`);
});
