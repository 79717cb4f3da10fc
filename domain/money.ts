/** USDC in millionths, as everywhere inside Mooring. Outside it is a decimal string, never a float. */
export type MicroUsdc = bigint;

const PATTERN = /^(0|[1-9]\d{0,11})(\.\d{1,6})?$/;

/** Reads a decimal string ("0.05") as micro-USDC; null when it is not an amount of at most 6 decimals. */
export function parseUsdc(text: string): MicroUsdc | null {
  if (!PATTERN.test(text)) return null;
  const [whole = '0', fraction = ''] = text.split('.');
  return BigInt(whole) * 1_000_000n + BigInt(fraction.padEnd(6, '0'));
}

/** Writes micro-USDC as a decimal string with at least 2 and at most 6 decimals, never rounded. */
export function formatUsdc(micros: MicroUsdc): string {
  const sign = micros < 0n ? '-' : '';
  const digits = (micros < 0n ? -micros : micros).toString().padStart(7, '0');
  const fraction = digits.slice(-6).replace(/0{1,4}$/, '');
  return `${sign}${digits.slice(0, -6)}.${fraction}`;
}

export interface TokenUsage {
  /** read anew: neither from the prompt cache nor written to it */
  inputTokens: number;
  outputTokens: number;
  cacheReadTokens: number;
  cacheWriteTokens: number;
}

/**
 * What a model step costs: tokens times the price per million tokens, rounded up to a micro-USDC. What is read from
 * the prompt cache costs a tenth of the input price, what is written to it five quarters.
 */
export function tokenCost(
  usage: TokenUsage,
  price: { inputPerMillion: MicroUsdc; outputPerMillion: MicroUsdc },
): MicroUsdc {
  const inputTwentieths =
    20n * BigInt(usage.inputTokens) +
    2n * BigInt(usage.cacheReadTokens) +
    25n * BigInt(usage.cacheWriteTokens);
  const twentieths =
    inputTwentieths * price.inputPerMillion + 20n * BigInt(usage.outputTokens) * price.outputPerMillion;
  return (twentieths + 19_999_999n) / 20_000_000n;
}
