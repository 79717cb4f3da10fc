import { strictPattern } from './schema';
import type { Property } from './schema';
import { stem, stems } from './stems';

const asSet = (list: string): Set<string> => new Set(list.split(' ').map(stem));

const TEXTUAL = asSet(
  'text content input document body data csv table passage article markdown html json transcript ' +
    'paragraph sentences prose rows essay payload raw string note letter',
);
const ASKING = asSet(
  'query question prompt instruction message request task search topic goal command subject q',
);
const SHORT = asSet(
  'city place location country language lang currency unit name title id symbol ticker date time day zone timezone ' +
    'code format style tone from to source target origin destination region locale person author key label',
);

// Alone it is a program; as a part of a name ("country_code") it is a few letters.
const PROGRAM = /^(?:source_?)?code$/i;

const namedIn = ({ name }: Property, set: Set<string>): boolean => stems(name).some((one) => set.has(one));
const isTextual = (property: Property): boolean => namedIn(property, TEXTUAL) || PROGRAM.test(property.name);
const isWords = (property: Property): boolean =>
  property.kind === 'string' && property.schema['format'] === undefined && strictPattern(property) === null;

const EXPRESSION = asSet('regex regexp pattern expression');
const UNIT = asSet('unit');

export const isExpression = (property: Property): boolean =>
  property.kind === 'string' && namedIn(property, EXPRESSION);
export const isUnit = (property: Property): boolean => property.kind === 'string' && namedIn(property, UNIT);
/** A text that may be a link as well, by its own words. */
export const takesLink = ({ description }: Property): boolean =>
  /\b(?:link|url|website)s?\b/i.test(description);
export const asksInWords = (property: Property): boolean => isWords(property) && namedIn(property, ASKING);
export const holdsText = (property: Property): boolean => isWords(property) && isTextual(property);

/** The one property a pasted text is meant for, or null. */
export function mainText(properties: Property[]): Property | null {
  const ranked = properties
    .filter(isWords)
    .filter(({ schema }) => typeof schema['maxLength'] !== 'number' || schema['maxLength'] >= 40)
    .map((property) => ({ property, score: textScore(property) }))
    .filter(({ score }) => score >= 1)
    .sort((a, b) => b.score - a.score);
  return ranked[0]?.property ?? null;
}

function textScore(property: Property): number {
  const described = stems(property.description).some((one) => TEXTUAL.has(one));
  return (
    (isTextual(property) ? 3 : 0) +
    (described ? 1 : 0) +
    (property.required ? 2 : 0) -
    (namedIn(property, ASKING) ? 1 : 0) -
    (namedIn(property, SHORT) && !isTextual(property) ? 4 : 0)
  );
}

export type Format = 'url' | 'email' | 'date' | 'date-time' | null;

/** What a string must look like, by its format or else its name. */
export function formatOf(property: Property): Format {
  const { name, schema, kind } = property;
  if (kind !== 'string') return null;
  const format = schema['format'];
  if (format === 'uri' || format === 'url' || format === 'uri-reference') return 'url';
  if (format === 'email' || format === 'date' || format === 'date-time') return format;
  if (format !== undefined || strictPattern(property) !== null) return null;
  const parts = name
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .toLowerCase()
    .split(/[^a-z]+/);
  if (parts.some((part) => ['url', 'uri', 'link', 'href', 'website'].includes(part))) return 'url';
  if (parts.includes('email')) return 'email';
  return parts.includes('date') ? 'date' : null;
}
