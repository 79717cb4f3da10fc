/** How numbers are written: 1,234.56 (`point`) or 1.234,56 (`comma`). */
export type DecimalMark = 'point' | 'comma';
export type NumberKind = 'integer' | 'decimal' | 'currency' | 'percent';

export interface ParsedNumber {
  kind: NumberKind;
  value: number;
  unit: string | null;
}

const CURRENCY = 'US\\$|[$€£¥₹₽]|USD|EUR|GBP|CHF|JPY|CNY|INR|CAD|AUD|SEK|NOK|DKK|PLN|USDC';
const AFFIXED = new RegExp(
  `^(${CURRENCY})?\\s*([-+−]?)\\s*(${CURRENCY})?\\s*(\\d.*?|[.,]\\d+)\\s*(${CURRENCY}|%)?$`,
  'iu',
);
const PLAIN: Record<DecimalMark, RegExp> = {
  point: /^(?:\d+|\d{1,3}(?:,\d{2,3})*,\d{3}|\d{1,3}(?:[ \u00A0\u202F'’_]\d{3})+)?(?:\.\d+)?$/u,
  comma: /^(?:\d+|\d{1,3}(?:\.\d{3})+|\d{1,3}(?:[ \u00A0\u202F'’_]\d{3})+)?(?:,\d+)?$/u,
};
const LARGEST = 1e15;

/** A cell as a number, or null. Percents keep their size: 12.5 % is 12.5. */
export function parseNumber(cell: string, mark: DecimalMark): ParsedNumber | null {
  if (cell.length > 40) return null;
  // Most cells are whole numbers or no numbers at all: those need no grammar.
  if (/^[1-9]\d{0,13}$/.test(cell)) return { kind: 'integer', value: Number(cell), unit: null };
  if (!/\d/.test(cell)) return null;
  const bracketed = /^\((.+)\)$/.exec(cell);
  const match = AFFIXED.exec(bracketed?.[1] ?? cell);
  if (match === null) return null;
  const [, first, sign, second, digits = '', after] = match;
  const exponent = mark === 'point' && /^\d+(\.\d+)?e[-+]?\d{1,2}$/i.test(digits);
  // A leading zero is part of a name (a postcode, an article), not of a number.
  if (/^0\d/.test(digits) || (!exponent && !PLAIN[mark].test(digits))) return null;
  const marked = mark === 'point' ? digits.replace(/,/g, '') : digits.replace(/\./g, '').replace(',', '.');
  const size = Number(marked.replace(/[^\d.eE+-]/g, ''));
  if (!Number.isFinite(size) || size > LARGEST) return null;
  const negative = bracketed !== null || sign === '-' || sign === '−';
  const unit = first ?? second ?? after ?? null;
  return {
    kind:
      unit === '%'
        ? 'percent'
        : unit !== null
          ? 'currency'
          : Number.isInteger(size) && !/[.,]\d{1,2}$/.test(digits)
            ? 'integer'
            : 'decimal',
    value: negative && size !== 0 ? -size : size,
    unit: unit?.toUpperCase() ?? null,
  };
}

/** What a cell says about the way numbers are written: only some cells can be read in one way alone. */
export function decimalEvidence(cell: string): DecimalMark | 'either' | null {
  if (!/[.,]/.test(cell)) return null;
  const point = parseNumber(cell, 'point');
  const comma = parseNumber(cell, 'comma');
  if (point === null && comma === null) return null;
  if (point === null) return 'comma';
  if (comma === null) return 'point';
  return point.value === comma.value ? null : 'either';
}
