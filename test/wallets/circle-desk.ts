import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { TOKEN_ID } from '../../dev/circle/calls';
import type { Fault } from '../../dev/circle/faults';
import { createCircleStandIn } from '../../dev/circle/server';
import type { CircleState, Transaction } from '../../dev/circle/transactions';
import { createCircle } from '../../lib/circle';
import type { Circle, CircleAccess } from '../../lib/circle';

export const ENTITY_SECRET = '5e'.repeat(32);
export const PLACE = {
  walletSetId: '01899cf2-d415-7052-a207-f9862157e546',
  tokenId: TOKEN_ID,
  blockchain: 'BASE-SEPOLIA',
} as const;

export interface CircleRecord {
  transferCalls: number;
  otherBodies: string[];
  transactions: Transaction[];
  wallets: { id: string; refId: string; balance: string }[];
}

export interface Ways {
  url?: string | null;
  double?: boolean;
  hold?: boolean;
  end_in?: CircleState;
  list_lag_ms?: number;
  key_ttl_ms?: number | null;
}

/** The stand-in for Circle on a port of its own, and what a test tells it over its control routes. */
export interface CircleDesk {
  access: CircleAccess;
  circle: () => Promise<Circle>;
  fault: (fault: Pick<Fault, 'call' | 'when' | 'how'> & Partial<Fault>) => Promise<unknown>;
  mend: () => Promise<unknown>;
  ways: (ways: Ways) => Promise<unknown>;
  fund: (account: string, amount: string) => Promise<unknown>;
  goOn: (id: string, state: CircleState) => Promise<unknown>;
  flush: (order?: number[]) => Promise<number[]>;
  record: () => Promise<CircleRecord>;
  close: () => Promise<void>;
}

export async function openCircleDesk({ timeoutMs = 2_000, stepMs = 1 } = {}): Promise<CircleDesk> {
  const apiKey = 'TEST_API_KEY:desk:secret';
  const server = createCircleStandIn({
    apiKey,
    entitySecret: ENTITY_SECRET,
    stepMs,
    faucetMicros: 0n,
    webhookUrl: null,
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const access = { apiKey, entitySecret: ENTITY_SECRET, baseUrl, timeoutMs };
  const tell = async (path: string, body: unknown = {}): Promise<unknown> => {
    const answer = await fetch(`${baseUrl}/control/${path}`, { method: 'POST', body: JSON.stringify(body) });
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
    return answer.json();
  };
  return {
    access,
    circle: createCircle(access),
    fault: (fault) => tell('fault', fault),
    mend: () => tell('mend'),
    ways: (ways) => tell('ways', ways),
    fund: (account, amount) => tell('fund', { ref_id: account, amount_usdc: amount }),
    goOn: (id, state) => tell('go-on', { id, state }),
    flush: async (order) =>
      ((await tell('flush', order === undefined ? {} : { order })) as { statuses: number[] }).statuses,
    record: async () => (await tell('record')) as CircleRecord,
    close: () => closeAll(server),
  };
}

async function closeAll(server: Server): Promise<void> {
  const closed = new Promise((resolve) => server.close(resolve));
  server.closeAllConnections();
  await closed;
}
