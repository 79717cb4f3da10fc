import { parse } from 'node:querystring';
import type { ParsedUrlQuery } from 'node:querystring';
import { MooringError } from '../domain/errors';

/** The one reader of query strings. U+0000 is legal in one and refused by PostgreSQL, so no route gets to see it. */
export function readQuery(text: string | null | undefined): ParsedUrlQuery {
  const query = parse(text ?? '');
  for (const [field, value] of Object.entries(query)) {
    if (![field, value].flat().some((part) => part?.includes('\0'))) continue;
    const rule = 'must not hold U+0000';
    const shown = field.replaceAll('\0', '');
    throw new MooringError('invalid_request', `${shown}: ${rule}`, { details: { field: shown, rule } });
  }
  return query;
}
