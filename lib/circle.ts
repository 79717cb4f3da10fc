import type { CircleDeveloperControlledWalletsClient } from '@circle-fin/developer-controlled-wallets';

const MOST_ANSWER_BYTES = 1024 * 1024;
const TEST_CHAINS = /-(SEPOLIA|FUJI|AMOY|DEVNET|TESTNET)$/;

export interface CircleAccess {
  apiKey: string;
  entitySecret: string;
  baseUrl: string;
  /** for a whole exchange */
  timeoutMs: number;
}

export type Circle = CircleDeveloperControlledWalletsClient;

export const isTestChain = (blockchain: string): boolean => TEST_CHAINS.test(blockchain);

/** Circle's own client, with every call bounded in time and size. It is loaded with the first call: it takes 20 MB. */
export function createCircle({ timeoutMs, ...access }: CircleAccess): () => Promise<Circle> {
  let client: Promise<Circle> | null = null;
  const load = async (): Promise<Circle> => {
    const { initiateDeveloperControlledWalletsClient } =
      await import('@circle-fin/developer-controlled-wallets');
    await boundCalls(timeoutMs);
    return initiateDeveloperControlledWalletsClient(access);
  };
  return () => (client ??= load());
}

/** The client takes no time-outs; those of axios, which nothing else of ours uses, hold for it. */
async function boundCalls(timeoutMs: number): Promise<void> {
  const { default: axios } = await import('axios');
  axios.defaults.timeout = timeoutMs;
  axios.defaults.maxRedirects = 0;
  axios.defaults.maxContentLength = MOST_ANSWER_BYTES;
  axios.interceptors.request.clear();
  // The time-out of axios begins anew with every byte.
  axios.interceptors.request.use((request) => {
    request.signal = AbortSignal.timeout(timeoutMs);
    return request;
  });
}
