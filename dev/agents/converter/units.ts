import { UNITS } from './unit-table';
import type { Unit } from './unit-table';

// As written first: MB is not Mb and mW is not MW. Then in small letters, where that leaves no doubt.
const asWritten = new Map<string, Unit>();
const inSmall = new Map<string, Unit | null>();

for (const unit of UNITS) {
  for (const way of [unit.symbol, ...unit.also]) if (way !== '') asWritten.set(way, unit);
  const singular = [unit.name, unit.symbol, ...unit.also];
  for (const way of [...singular, ...singular.map(plural)]) {
    const small = plain(way);
    const other = inSmall.get(small);
    if (small !== '') inSmall.set(small, other === undefined || other === unit ? unit : null);
  }
}

function plural(way: string): string {
  return way.length > 1 ? `${way}s` : way;
}

function plain(text: string): string {
  return text
    .toLowerCase()
    .replace(/\^(?=[23])/g, '')
    .replace(/²/g, '2')
    .replace(/³/g, '3')
    .replace(/μ/g, 'µ')
    .replace(/^(?:deg(?:ree)?s?|°)\s*(?=\S)/, '')
    .replace(/[.\s]+/g, ' ')
    .trim();
}

export type Looked = { unit: Unit } | { unit: null; doubt: Unit[] };

/** The unit that a person writes so; with `doubt`, those it could be. */
export function unitOf(text: string): Looked {
  const written = asWritten.get(text.trim());
  if (written !== undefined) return { unit: written };
  const small = plain(text);
  const unit = inSmall.get(small) ?? inSmall.get(small.replace(/^(\S+?)s per /, '$1 per '));
  if (unit !== undefined && unit !== null) return { unit };
  const doubt = UNITS.filter(({ symbol, also }) => [symbol, ...also].some((way) => plain(way) === small));
  return { unit: null, doubt };
}
