/** A ratio of whole numbers, `over` above zero: what factors of units are, so that nothing is lost on the way. */
export interface Fraction {
  top: bigint;
  over: bigint;
}

/** `0.45359237`, `-1.5e3` or `5/9`. */
export function fraction(text: string): Fraction {
  const [first = '', second] = text.split('/');
  const top = decimal(first);
  return second === undefined ? top : divide(top, decimal(second));
}

function decimal(text: string): Fraction {
  const parts = /^(-?)(\d+)(?:\.(\d+))?(?:e([+-]?\d+))?$/i.exec(text.trim());
  if (parts === null) throw new Error(`${text} is no decimal number`);
  const [, sign = '', whole = '0', digits = '', exponent = '0'] = parts;
  const size = BigInt(whole + digits) * (sign === '-' ? -1n : 1n);
  const shift = Number(exponent) - digits.length;
  return shift >= 0
    ? { top: size * 10n ** BigInt(shift), over: 1n }
    : reduced({ top: size, over: 10n ** BigInt(-shift) });
}

export const multiply = (a: Fraction, b: Fraction): Fraction =>
  reduced({ top: a.top * b.top, over: a.over * b.over });
export const add = (a: Fraction, b: Fraction): Fraction =>
  reduced({ top: a.top * b.over + b.top * a.over, over: a.over * b.over });
export const subtract = (a: Fraction, b: Fraction): Fraction => add(a, { top: -b.top, over: b.over });
export const divide = (a: Fraction, b: Fraction): Fraction => {
  const sign = b.top < 0n ? -1n : 1n;
  return reduced({ top: a.top * b.over * sign, over: a.over * b.top * sign });
};

function reduced({ top, over }: Fraction): Fraction {
  let [a, b] = [top < 0n ? -top : top, over];
  while (b !== 0n) [a, b] = [b, a % b];
  return a === 0n ? { top: 0n, over: 1n } : { top: top / a, over: over / a };
}

/** With so many significant digits, rounded half up, and whether nothing was rounded away. */
export function inDigits(value: Fraction, digits: number): { text: string; exact: boolean } {
  const negative = value.top < 0n;
  const top = negative ? -value.top : value.top;
  if (top === 0n) return { text: '0', exact: true };
  const magnitude = top.toString().length - value.over.toString().length;
  // One place more than may be needed: the first digit may stand one further to the right.
  const places = digits - magnitude;
  const scaled = places >= 0 ? top * 10n ** BigInt(places) : top;
  const by = places >= 0 ? value.over : value.over * 10n ** BigInt(-places);
  const rounded = (scaled * 2n + by) / (by * 2n);
  const text = placed(rounded, places);
  return { text: negative ? `-${text}` : text, exact: scaled % by === 0n };
}

function placed(size: bigint, places: number): string {
  if (places <= 0) return (size * 10n ** BigInt(-places)).toString();
  const padded = size.toString().padStart(places + 1, '0');
  const whole = padded.slice(0, -places);
  const rest = padded.slice(-places).replace(/0+$/, '');
  return rest === '' ? whole : `${whole}.${rest}`;
}
