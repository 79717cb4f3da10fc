import { datesIn, emailIn, emailsIn, itemsIn, listIn, numbersIn, optionAt, urlIn } from './mentions';
import { codesIn } from './phrases';
import { readMessage } from './reading';
import { formatOf, holdsText } from './roles';
import { itemsOf, MAX_MATCHED, optionsOf, satisfies, strictPattern } from './schema';
import type { Property } from './schema';

/** A value of a formatted or patterned string found in a text, or null. */
export function formatted(property: Property, text: string, nth = 0): string | null {
  switch (formatOf(property)) {
    case 'url':
      return urlIn(text);
    case 'email':
      return emailIn(text);
    case 'date':
      return datesIn(text)[nth]?.date ?? null;
    case 'date-time': {
      const stamp = /\b\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:\d{2})?/.exec(
        text,
      )?.[0];
      const date = datesIn(text)[nth]?.date;
      return stamp ?? (date === undefined ? null : `${date}T00:00:00Z`);
    }
    case null:
      return strictPattern(property) === null ? null : patterned(property, text);
  }
}

const MOST_WORDS = 400;

/** The first word of a text that keeps the property's pattern; codes in capitals are tried before others. */
function patterned(property: Property, text: string): string | null {
  const bare = text.split(/\s+/, MOST_WORDS).map((word) => word.replace(/^[("'“‘]+|[)"'”’.,;:?!]+$/g, ''));
  // Two words before one of them: "3 pm" is no "3".
  const pairs = bare.slice(1).map((word, index) => `${bare[index] ?? ''} ${word}`);
  const candidates = [
    ...codesIn(text),
    ...pairs,
    ...bare,
    ...(text.length <= MAX_MATCHED ? [text.trim()] : []),
  ];
  return candidates.find((word) => word !== '' && satisfies(property, word)) ?? null;
}

/** JSON that was pasted, whole or within the text. */
export function jsonIn(text: string): unknown {
  const from = text.search(/[[{]/);
  const to = Math.max(text.lastIndexOf('}'), text.lastIndexOf(']'));
  if (from === -1 || to < from) return undefined;
  try {
    return JSON.parse(text.slice(from, to + 1)) as unknown;
  } catch {
    return undefined;
  }
}

/** Items of a list in a text, as the array's items want them; undefined when they do not fit. */
export function listFor(property: Property, text: string, pasted: boolean): unknown {
  const json = jsonIn(text);
  if (Array.isArray(json) && satisfies(property, json)) return json;
  const item = itemsOf(property.schema);
  if (item.kind === 'enum') {
    const options = optionsOf(item.schema);
    return options.filter((option) => optionAt(option, text) !== -1);
  }
  if (item.kind === 'number' || item.kind === 'integer') return numbersIn(text).map(({ value }) => value);
  if (item.kind !== 'string') return undefined;
  if (formatOf(item) === 'email') return [...new Set(emailsIn(text))];
  const listed = pasted ? itemsIn(text) : listIn(text);
  return property.schema['uniqueItems'] === true ? [...new Set(listed)] : listed;
}

const YES = /^\W*(?:yes|y|true|yep|yeah|sure|ok|okay|on|do|please do|1)\b/i;
const NO = /^\W*(?:no|n|false|nope|off|don't|do not|without|0)\b/i;

/** Reads the person's answer to the question about one property; undefined when it is no value of it. */
export function readAnswer(property: Property, answer: string): unknown {
  const value = answerValue(property, answer.trim());
  return value !== undefined && satisfies(property, value) ? value : undefined;
}

function answerValue(property: Property, answer: string): unknown {
  switch (property.kind) {
    case 'string':
      if (formatOf(property) !== null) return formatted(property, answer) ?? undefined;
      if (satisfies(property, answer) && !holdsText(property)) return answer === '' ? undefined : answer;
      return formatted(property, answer) ?? answerText(answer);
    case 'number':
    case 'integer':
      return numbersIn(answer).find(({ value }) => satisfies(property, value))?.value;
    case 'boolean':
      return YES.test(answer) ? true : NO.test(answer) ? false : undefined;
    case 'enum':
      return answerOption(optionsOf(property.schema), answer);
    case 'array': {
      const list = [listFor(property, answer, false), listFor(property, answer, true), [answer]];
      return list.find((items) => satisfies(property, items));
    }
    case 'object':
      return jsonIn(answer);
    case 'any':
      return jsonIn(answer) ?? answer;
  }
}

/** "Here is the text: …" brings the text behind the colon, a bare text is itself. */
function answerText(answer: string): string | undefined {
  const { instruction, data } = readMessage(answer);
  const introduced =
    data !== null && /\b(?:here|this|text|it|the)\b/i.test(instruction) && instruction.length < 60;
  const text = introduced ? data : answer;
  return text === '' ? undefined : text;
}

function answerOption(options: unknown[], answer: string): unknown {
  const named = options.find((option) => optionAt(option, answer) !== -1);
  if (named !== undefined) return named;
  const same = options.find((option) => String(option).toLowerCase() === answer.toLowerCase());
  const place = /^\s*(\d{1,2})\W*$/.exec(answer)?.[1];
  return same ?? (place === undefined ? undefined : options[Number(place) - 1]);
}
