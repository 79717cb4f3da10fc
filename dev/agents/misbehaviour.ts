import type { Answer, DemoAgent } from './action';

/**
 * Failures ON PURPOSE, so that tests and people can see how the platform takes them. They are asked for by a
 * mark inside any text argument, and by nothing else:
 *   #agent:500      HTTP 500 on the first call of a key; the retry succeeds
 *   #agent:fail     {ok:false}
 *   #agent:slow     the right answer after three seconds
 *   #agent:later    202, and the right answer by the callback
 *   #agent:half     charges half of its price
 *   #agent:hang     no answer, ever
 *   #agent:garbage  an HTML page
 *   #agent:huge     2 MiB of JSON
 */
export const MISBEHAVIOURS = ['500', 'fail', 'slow', 'later', 'half', 'hang', 'garbage', 'huge'] as const;
export type Misbehaviour = (typeof MISBEHAVIOURS)[number];

export function askedMisbehaviour(args: Record<string, unknown>): Misbehaviour | null {
  const texts = Object.values(args).filter((value) => typeof value === 'string');
  return (
    MISBEHAVIOURS.find((name) => texts.some((text) => new RegExp(`#agent:${name}\\b`).test(text))) ?? null
  );
}

export const GARBAGE = '<!doctype html><title>Oops</title><p>This page is no answer, on purpose.</p>';

export const hugeAnswer = (): string =>
  JSON.stringify({
    ok: true,
    output: { summary: 'Too much, on purpose.', padding: 'x'.repeat(2 * 1024 * 1024) },
  });

/** `#agent:half`: the same answer for half of the price. */
export function forHalf(answer: Answer, { actions }: DemoAgent, command: string): Answer {
  const price = actions.find(({ listing }) => listing.name === command)?.listing.price;
  return answer.ok && price !== undefined ? { ...answer, charge_usdc: halfOf(price) } : answer;
}

/** Of a decimal string; the agents have nothing of the platform's own code. */
function halfOf(price: string): string {
  const [whole = '0', fraction = ''] = price.split('.');
  const digits = String(BigInt(whole + fraction.padEnd(6, '0')) / 2n).padStart(7, '0');
  return `${digits.slice(0, -6)}.${digits.slice(-6).replace(/0{1,4}$/, '')}`;
}
