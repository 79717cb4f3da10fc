import { Client } from '@temporalio/client';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import { NativeConnection } from '@temporalio/worker';
import type { Logger } from '../lib/log';
import { originHeader } from './origin-header';

export interface TemporalConnection {
  connection: NativeConnection;
  /** shares the workers' connection, so that starts can run at once in this process */
  client: Client;
}

/**
 * Connects to Temporal, trying again until it answers. Profiles and TLS come from the standard Temporal configuration
 * (temporal.toml, TEMPORAL_*); `address` wins over them.
 */
export async function connectTemporal(
  { address, namespace }: { address: string; namespace: string },
  log: Logger,
): Promise<TemporalConnection> {
  const { connectionOptions } = loadClientConnectConfig();
  for (let tries = 1; ; tries += 1) {
    try {
      const connection = await NativeConnection.connect({ ...connectionOptions, address });
      return {
        connection,
        client: new Client({ connection, namespace, interceptors: { workflow: [originHeader] } }),
      };
    } catch (error) {
      if (tries % 10 === 1) log.warn({ err: error, address }, 'Temporal does not answer; trying again');
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
  }
}
