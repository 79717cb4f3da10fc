import { z } from 'zod';
import { formatUsdc, parseUsdc } from '../../domain/money';
import { MOVE_RANKS } from '../../domain/wallet';
import { badRequest, notFound } from './api-error';
import type { Desk } from './calls';
import { Fault } from './faults';
import { read } from './requests';
import type { CircleState } from './transactions';

const states = Object.keys(MOVE_RANKS).filter((state): state is CircleState => state !== 'SUBMITTED');
const State = z.enum(states as [CircleState, ...CircleState[]]);

const Ways = z.strictObject({
  url: z.url().nullable().optional(),
  double: z.boolean().optional(),
  hold: z.boolean().optional(),
  end_in: State.optional(),
  list_lag_ms: z.number().int().min(0).optional(),
  key_ttl_ms: z.number().int().min(0).nullable().optional(),
});
const Fund = z.strictObject({ ref_id: z.string(), amount_usdc: z.string() });
const GoOn = z.strictObject({ id: z.string(), state: State });
const Flush = z.strictObject({ order: z.array(z.number().int().min(0)).optional() });

/** What a test tells the stand-in to do; Circle has nothing of the kind. */
export async function control(desk: Desk, path: string, text: string): Promise<unknown> {
  const body: unknown = text === '' ? {} : JSON.parse(text);
  switch (path) {
    case '/control/fault':
      desk.faults.add(read(Fault, body));
      return {};
    case '/control/mend':
      desk.faults.clear();
      return {};
    case '/control/ways':
      return setWays(desk, read(Ways, body));
    case '/control/fund':
      return fund(desk, read(Fund, body));
    case '/control/go-on': {
      const { id, state } = read(GoOn, body);
      desk.transactions.goOn(id, state);
      return {};
    }
    case '/control/flush':
      return { statuses: await desk.webhooks.flush(read(Flush, body).order) };
    case '/control/record':
      return recordOf(desk);
    default:
      throw notFound();
  }
}

function setWays(desk: Desk, ways: z.infer<typeof Ways>): unknown {
  if (ways.url !== undefined) desk.webhooks.ways.url = ways.url;
  if (ways.double !== undefined) desk.webhooks.ways.double = ways.double;
  if (ways.hold !== undefined) desk.webhooks.ways.hold = ways.hold;
  if (ways.end_in !== undefined) desk.transactions.endIn(ways.end_in);
  if (ways.list_lag_ms !== undefined) desk.listLagMs = ways.list_lag_ms;
  if (ways.key_ttl_ms !== undefined) desk.keyTtlMs = ways.key_ttl_ms;
  return {};
}

/** Test money from a faucet. */
function fund({ wallets }: Desk, { ref_id: refId, amount_usdc: amount }: z.infer<typeof Fund>): unknown {
  const wallet = wallets.all.find((candidate) => candidate.refId === refId);
  const micros = parseUsdc(amount);
  if (wallet === undefined || micros === null) throw badRequest('no such wallet, or no amount');
  wallets.add(wallet.id, micros);
  return {};
}

const recordOf = ({ wallets, transactions, record }: Desk): unknown => ({
  ...record,
  transactions: transactions.all,
  wallets: wallets.all.map(({ id, refId }) => ({ id, refId, balance: formatUsdc(wallets.balanceOf(id)) })),
});
