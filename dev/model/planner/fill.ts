import { namesBehind, unitsIn } from './beside';
import { expressionIn, triedOn } from './expressions';
import { numbersIn, optionAt, urlIn } from './mentions';
import type { NumberMention } from './mentions';
import { codesIn, directionOf, namedPhrase, phrasesIn, prepositions, statedLast } from './phrases';
import { formatted, jsonIn, listFor, readAnswer } from './read-value';
import type { Reading } from './reading';
import { asksInWords, formatOf, holdsText, isExpression, isUnit, mainText, takesLink } from './roles';
import { optionsOf, propertiesOf, satisfies, strictPattern } from './schema';
import type { Property } from './schema';
import { nearness, stems } from './stems';
import type { JsonObject } from './tool-results';

export interface Sources {
  reading: Reading;
  data: string | null;
  answers: string[];
}

export type Filled =
  { kind: 'filled'; arguments: JsonObject } | { kind: 'missing'; property: Property; failedAnswers: number };

/** What has been taken from the message already: one number or phrase fills one property. */
interface Draw {
  reading: Reading;
  /** Where values are looked for: what is asked, and a pasted text only when it is a few words. */
  asked: string;
  data: string | null;
  numbers: NumberMention[];
  taken: Set<unknown>;
  /** where the values taken from `asked` end there: what they belong to may stand behind them */
  ends: number[];
  values: JsonObject;
}

/** Fills an action's arguments from the message and the answers, or names the first property that is missing. */
export function fillArguments(schema: JsonObject, { reading, data, answers }: Sources): Filled {
  const properties = propertiesOf(schema);
  const asked = isShort(reading.data) ? reading.whole : reading.instruction;
  const draw: Draw = {
    reading,
    asked,
    data,
    numbers: numbersIn(asked),
    taken: new Set(),
    ends: [],
    values: {},
  };
  placeExpression(properties, draw);
  placeText(properties, draw);
  const byNeed = [...properties].sort((a, b) => Number(b.required) - Number(a.required));
  for (const property of byNeed) offer(property, mentioned(property, draw), draw);
  // Numbers first: the words behind them belong to them.
  const numbersFirst = [...byNeed].sort((a, b) => Number(isNumber(b)) - Number(isNumber(a)));
  for (const property of numbersFirst) if (property.required) offer(property, fallback(property, draw), draw);
  let failed = 0;
  for (const answer of answers) {
    const property = missingOne(properties, draw);
    if (property === undefined) break;
    const value = readAnswer(property, answer);
    failed = value === undefined ? failed + 1 : 0;
    offer(property, value, draw);
  }
  const property = missingOne(properties, draw);
  if (property !== undefined) return { kind: 'missing', property, failedAnswers: failed };
  return { kind: 'filled', arguments: draw.values };
}

const isShort = (data: string | null): boolean => data !== null && data.length <= 80 && !data.includes('\n');
const isNumber = ({ kind }: Property): boolean => kind === 'number' || kind === 'integer';
const isSet = (property: Property, { values }: Draw): boolean => Object.hasOwn(values, property.name);
const missingOne = (properties: Property[], draw: Draw): Property | undefined =>
  properties.find((property) => property.required && !isSet(property, draw));

function offer(property: Property, value: unknown, draw: Draw): void {
  if (value === undefined || value === null || isSet(property, draw) || !satisfies(property, value)) return;
  // Not by assignment: an agent may name a property `__proto__`.
  Object.defineProperty(draw.values, property.name, {
    value,
    enumerable: true,
    configurable: true,
    writable: true,
  });
}

/** A pattern and what it is tried on stand in one sentence; whatever else was read as a text is not one. */
function placeExpression(properties: Property[], draw: Draw): void {
  const property = properties.find(isExpression);
  const { instruction, whole } = draw.reading;
  const found = expressionIn(whole);
  if (property === undefined || found === null) return;
  offer(property, found.pattern, draw);
  if (draw.data !== null && !draw.data.includes(found.pattern) && instruction.includes(found.pattern)) return;
  draw.data = triedOn(whole, found);
}

function placeText(properties: Property[], draw: Draw): void {
  const main = mainText(properties);
  if (main === null || draw.data === null) return;
  offer(main, draw.data, draw);
}

/** What the words of the message say about this property by name, kind or form; undefined when nothing. */
function mentioned(property: Property, draw: Draw): unknown {
  if (isSet(property, draw)) return undefined;
  const { asked, reading } = draw;
  switch (property.kind) {
    case 'string':
      return mentionedString(property, draw);
    case 'number':
    case 'integer':
      return takeNumber(property, draw, true);
    case 'boolean':
      return mentionedFlag(property, asked);
    case 'enum':
      return mentionedOption(property, draw);
    case 'array':
      return mentionedList(property, draw);
    case 'object': {
      const json = jsonIn(draw.data ?? reading.whole);
      return satisfies(property, json) ? json : undefined;
    }
    case 'any':
      return undefined;
  }
}

function mentionedString(property: Property, draw: Draw): unknown {
  const { whole } = draw.reading;
  const formal = formatted(property, draw.asked) ?? formatted(property, whole);
  if (formal !== null && !draw.taken.has(formal)) {
    draw.taken.add(formal);
    const at = draw.asked.indexOf(formal);
    if (at !== -1) draw.ends.push(at + formal.length);
    return formal;
  }
  const second = formal === null ? null : formatted(property, whole, 1);
  if (second !== null) return second;
  if (asksInWords(property)) {
    return (draw.data === null ? null : statedLast(property.name, draw.reading.instruction)) ?? undefined;
  }
  if (formatOf(property) !== null || holdsText(property) || isUnit(property)) return undefined;
  return namedPhrase(property.name, draw.asked) ?? undefined;
}

const HOW_MANY = /^(?:max|limit|count|top|n|k|num|number)(?:_|$|[A-Z])/;

/** With `byWords`, only a number beside words of the property; otherwise the first that nobody took. */
function takeNumber(property: Property, draw: Draw, byWords: boolean): unknown {
  const named = stems(property.name);
  const described = stems(property.description);
  const howMany = HOW_MANY.test(property.name);
  const near = (around: string[], own: string[]): number =>
    Math.max(0, ...own.flatMap((one) => around.map((other) => nearness(one, other))));
  const ranked = draw.numbers
    .filter((number) => !draw.taken.has(number) && satisfies(property, number.value))
    .map((number) => ({
      number,
      score:
        2 * near(number.around, named) +
        near(number.around, described) +
        (howMany && number.counts ? 0.8 : 0),
    }))
    .filter(({ score }) => !byWords || score >= 0.8)
    .sort((a, b) => (byWords ? b.score - a.score : 0) || a.number.at - b.number.at);
  const best = ranked[0]?.number;
  if (best === undefined) return undefined;
  draw.taken.add(best);
  draw.ends.push(best.end);
  return best.value;
}

const FLAG_WORDS = new Set(
  stems('include includes is has should with enable allow show add flag mode only return'),
);

function mentionedFlag({ name }: Property, text: string): boolean | undefined {
  const wanted = stems(name).filter((one) => !FLAG_WORDS.has(one));
  if (wanted.length === 0) return undefined;
  const tokens = [...text.matchAll(/[\p{L}\p{N}']+/gu)].map(({ 0: word }) => word.toLowerCase());
  const places = wanted.map((one) =>
    tokens.findIndex((token) => stems(token).some((other) => nearness(one, other) >= 0.8)),
  );
  if (places.some((place) => place === -1)) return undefined;
  const first = Math.min(...places);
  const before = tokens.slice(Math.max(0, first - 3), first);
  return !before.some((word) =>
    /^(?:no|not|without|exclude|excluding|skip|omit|don't|never|disable)$/.test(word),
  );
}

const mentionKey = (option: unknown, text: string): string =>
  `${JSON.stringify(option)}@${optionAt(option, text)}`;

function mentionedOption(property: Property, draw: Draw): unknown {
  const text = draw.asked;
  const options = optionsOf(property.schema);
  const direction = directionOf(property);
  const after =
    direction === null
      ? undefined
      : [...text.matchAll(new RegExp(`\\b(?:${prepositions[direction]})\\s+`, 'giu'))]
          .map((match) => text.slice(match.index + match[0].length))
          .flatMap((rest) => options.filter((option) => optionAt(option, rest) === 0))[0];
  const named = options
    .map((option) => ({ option, at: optionAt(option, text) }))
    .filter(({ option, at }) => at !== -1 && !draw.taken.has(mentionKey(option, text)))
    .sort((a, b) => a.at - b.at || String(b.option).length - String(a.option).length);
  const chosen = after ?? named[0]?.option;
  if (chosen !== undefined) draw.taken.add(mentionKey(chosen, text));
  return chosen;
}

function mentionedList(property: Property, draw: Draw): unknown {
  const free = draw.data !== null && !Object.values(draw.values).includes(draw.data);
  const fromData = free && draw.data !== null ? listFor(property, draw.data, true) : undefined;
  if (satisfies(property, fromData) && Array.isArray(fromData) && fromData.length > 0) return fromData;
  const listed = listFor(property, draw.asked, false);
  return Array.isArray(listed) && listed.length > 0 ? listed : undefined;
}

/** What a required property gets when no words named it. */
function fallback(property: Property, draw: Draw): unknown {
  if (isSet(property, draw)) return undefined;
  if (property.schema['default'] !== undefined) return property.schema['default'];
  switch (property.kind) {
    case 'enum': {
      const options = optionsOf(property.schema);
      return options.length === 1 ? options[0] : undefined;
    }
    case 'number':
    case 'integer':
      return takeNumber(property, draw, false);
    case 'string':
      return fallbackString(property, draw);
    case 'object': {
      const inner = fillArguments(property.schema, { reading: draw.reading, data: draw.data, answers: [] });
      return inner.kind === 'filled' && Object.keys(inner.arguments).length > 0 ? inner.arguments : undefined;
    }
    case 'any':
      return draw.data ?? draw.reading.whole;
    case 'boolean':
    case 'array':
      return undefined;
  }
}

function fallbackString(property: Property, draw: Draw): unknown {
  if (formatOf(property) !== null || strictPattern(property) !== null) return undefined;
  const { asked, data } = draw;
  if (asksInWords(property)) return data ?? asked;
  if (holdsText(property)) return takesLink(property) ? (urlIn(asked) ?? undefined) : undefined;
  const coded = /\b(?:code|iso|symbol|ticker)\b/i.test(`${property.name} ${property.description}`);
  const direction = directionOf(property);
  if (isUnit(property)) return firstFree(unitsIn(asked, direction, draw.ends), property, draw);
  const used = data !== null && Object.values(draw.values).includes(data);
  const short = data !== null && isShort(data) && !used ? [data] : [];
  const behind = direction === 'from' ? namesBehind(asked, draw.ends) : [];
  const codes = coded ? codesIn(asked) : [];
  const directed = codes.filter(
    (code) =>
      direction !== null && new RegExp(`\\b(?:${prepositions[direction]})\\s+${code}\\b`, 'i').test(asked),
  );
  const candidates = [...directed, ...behind, ...codes, ...short, ...phrasesIn(asked, direction)];
  return firstFree(candidates, property, draw);
}

/** The first phrase that fits and that nobody took. */
function firstFree(phrases: string[], property: Property, { taken }: Draw): string | undefined {
  const chosen = phrases.find((phrase) => !taken.has(phrase) && satisfies(property, phrase));
  if (chosen !== undefined) taken.add(chosen);
  return chosen;
}
