import type { SessionBudget } from '../../sdk/api-types';
import { formatUsdc, parseUsdc } from '../../sdk/money';

export interface BudgetView {
  limit: string;
  spent: string;
  agents: string;
  model: string;
  held: string;
  asked: string;
  left: string;
  usedUp: boolean;
  /** widths of the bar, in percent of the limit */
  shares: { spent: number; held: number; asked: number };
}

const micros = (text: string): bigint => parseUsdc(text) ?? 0n;

export function budgetView(budget: SessionBudget): BudgetView {
  const limit = micros(budget.limit_usdc);
  const spent = micros(budget.spent_usdc);
  const held = micros(budget.held_usdc);
  const left = limit - spent - held;
  const share = (part: bigint): number =>
    limit === 0n ? 0 : Math.min(100, Number((part * 10_000n) / limit) / 100);
  return {
    limit: budget.limit_usdc,
    spent: budget.spent_usdc,
    agents: formatUsdc(spent - micros(budget.model_usdc)),
    model: budget.model_usdc,
    held: budget.held_usdc,
    asked: budget.asked_usdc,
    left: formatUsdc(left < 0n ? 0n : left),
    usedUp: spent >= limit,
    shares: { spent: share(spent), held: share(held), asked: share(micros(budget.asked_usdc)) },
  };
}

/** The sum of amounts that stand in one line. */
export const sumUsdc = (amounts: string[]): string =>
  formatUsdc(amounts.reduce((sum, amount) => sum + micros(amount), 0n));

/** What is paid without asking, in words. */
export const standingRule = (autoApprove: string): string =>
  isNothing(autoApprove)
    ? 'You approve every payment.'
    : `Payments of up to ${autoApprove} USDC you approved when you opened this chat; you approve every other.`;

export const isNothing = (amount: string): boolean => micros(amount.replace(/^-/, '')) === 0n;

export const lessUsdc = (amount: string, part: string): string => formatUsdc(micros(amount) - micros(part));

/** The width of a part in a bar, in percent of the whole. */
export function shareOf(part: string, whole: string): number {
  const all = micros(whole);
  return all === 0n ? 0 : Math.min(100, Number((micros(part) * 10_000n) / all) / 100);
}

/** What a person has typed as an amount, or null: with a comma for the point, and spaces around. */
export function typedUsdc(text: string): string | null {
  const amount = parseUsdc(text.trim().replace(',', '.'));
  return amount === null ? null : formatUsdc(amount);
}

export const NOT_AN_AMOUNT = 'This is no amount. Write it as 0.05, with at most 6 decimals.';
