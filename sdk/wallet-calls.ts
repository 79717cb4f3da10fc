import type { Budgets, PaymentList, PaymentPage, StandingRule, Wallet } from './money-types';
import type { Http } from './http';

/** What a person can spend, may spend, has approved and paid. */
export interface WalletCalls {
  wallet: () => Promise<Wallet>;
  /** Test money, where this server gives any; the same `id` again is the same top-up. */
  topUp: (wish: { amount_usdc: string; id: string }) => Promise<{ balance_usdc: string; held_usdc: string }>;
  budgets: () => Promise<Budgets>;
  setBudgets: (budgets: Pick<Budgets, 'day_usdc' | 'month_usdc'>) => Promise<Budgets>;
  rules: () => Promise<StandingRule[]>;
  addRule: (rule: Pick<StandingRule, 'agent_id' | 'payment_usdc' | 'day_usdc'>) => Promise<StandingRule>;
  /** From then on nothing is approved by it. */
  endRule: (id: string) => Promise<unknown>;
  /** What this person pays, newest first. */
  payments: (page?: { state?: string; cursor?: string; limit?: number }) => Promise<PaymentList>;
  payment: (id: string) => Promise<PaymentPage>;
  /** Gives back what an agent of this person was paid; the same `id` again is the same refund. */
  refund: (
    paymentId: string,
    wish: { id: string; amount_usdc: string; reason: string },
  ) => Promise<{ refunded_usdc: string }>;
  /** The signed receipt of a payment that was captured. */
  receipt: (paymentId: string) => Promise<{ receipt: string }>;
  /** Agents that are listed, for a rule to name one. */
  listedAgents: () => Promise<{ agents: { id: string; name: string }[] }>;
}

export function walletCalls(http: Http): WalletCalls {
  const get = <T>(path: string): Promise<T> => http.call<T>({ method: 'GET', path });
  const paymentPath = (id: string): string => `/api/payments/${encodeURIComponent(id)}`;
  return {
    wallet: () => get<Wallet>('/api/wallet'),
    topUp: (body) => http.call({ method: 'POST', path: '/api/wallet/top-up', body }),
    budgets: () => get<Budgets>('/api/wallet/budgets'),
    setBudgets: (body) => http.call({ method: 'PUT', path: '/api/wallet/budgets', body }),
    rules: async () => (await get<{ rules: StandingRule[] }>('/api/wallet/rules')).rules,
    addRule: (body) => http.call({ method: 'POST', path: '/api/wallet/rules', body }),
    endRule: (id) => http.call({ method: 'DELETE', path: `/api/wallet/rules/${encodeURIComponent(id)}` }),
    payments({ state = '', cursor, limit } = {}) {
      const query = new URLSearchParams();
      if (state !== '') query.set('state', state);
      if (cursor !== undefined) query.set('cursor', cursor);
      if (limit !== undefined) query.set('limit', String(limit));
      return get<PaymentList>(`/api/payments?${query.toString()}`);
    },
    payment: (id) => get<PaymentPage>(paymentPath(id)),
    refund: (id, body) => http.call({ method: 'POST', path: `${paymentPath(id)}/refund`, body }),
    receipt: (id) => get<{ receipt: string }>(`${paymentPath(id)}/receipt`),
    listedAgents: () => http.open({ method: 'GET', path: '/api/agents?per_page=100' }),
  };
}
