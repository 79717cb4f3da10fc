import type { Picture } from '../domain/frames';

const SVG = 'image/svg+xml';
/** What the model reads in the place of a picture that the person sees. */
export const SHOWN_PICTURE = '(a picture; the person sees it in the chat)';
// Of all pictures of an answer together: they travel in one frame.
const MOST_BYTES = 64 * 1024;
const MOST_PICTURES = 4;
const MOST_ALT = 200;
const MAX_DEPTH = 10;

const XML_LINE = /\s*<\?xml[^>]*\?>/iy;
const BLANKS = /\s*/y;
// One with entities of its own is none: what they stand for may grow without end.
const DOCTYPE = /<!DOCTYPE[^>[]*>/iy;
const ROOT = /<svg[\s>]/iy;

type JsonObject = Record<string, unknown>;

/**
 * Parts an agent's output into what the model reads and the pictures that the person sees. A picture is a string that
 * the action's own schema calls SVG; in its place the model reads that it is shown.
 */
export function takePictures(output: unknown, schema: JsonObject): { output: unknown; pictures: Picture[] } {
  const pictures: Picture[] = [];
  let bytes = 0;
  const alt = altOf(output);
  const take = (name: string, svg: string): string => {
    const size = Buffer.byteLength(svg);
    const tooMuch = `(a picture of ${Math.ceil(size / 1024)} KiB, too large to be shown)`;
    if (bytes + size > MOST_BYTES) return tooMuch;
    if (!beginsAsSvg(svg)) return '(this was to be a picture, and is none)';
    if (pictures.length === MOST_PICTURES) return tooMuch;
    bytes += size;
    pictures.push({ name, alt: alt ?? name, svg });
    return SHOWN_PICTURE;
  };
  return { output: walk(output, schema, { name: 'picture', depth: 0, take }), pictures };
}

/** Passes each character once, whatever a stranger wrote: this runs on the thread that serves everybody. */
function beginsAsSvg(text: string): boolean {
  let at = end(XML_LINE, text, 0);
  at = afterComments(text, at);
  at = end(DOCTYPE, text, at);
  at = afterComments(text, at);
  return end(ROOT, text, at) > at;
}

function afterComments(text: string, from: number): number {
  let at = end(BLANKS, text, from);
  while (text.startsWith('<!--', at)) {
    const close = text.indexOf('-->', at + 4);
    if (close < 0) return at;
    at = end(BLANKS, text, close + 3);
  }
  return at;
}

/** Where the pattern ends that begins at `at`; `at` itself when it does not stand there. */
function end(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at;
  return pattern.test(text) ? pattern.lastIndex : at;
}

interface Place {
  name: string;
  depth: number;
  take: (name: string, svg: string) => string;
}

function walk(value: unknown, schema: unknown, place: Place): unknown {
  if (!isObject(schema) || place.depth > MAX_DEPTH) return value;
  const deeper = { ...place, depth: place.depth + 1 };
  if (typeof value === 'string') {
    return schema['contentMediaType'] === SVG ? place.take(place.name, value) : value;
  }
  if (Array.isArray(value)) return value.map((item) => walk(item, schema['items'], deeper));
  const properties = schema['properties'];
  if (!isObject(value) || !isObject(properties)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => [
      name,
      Object.hasOwn(properties, name) ? walk(item, properties[name], { ...deeper, name }) : item,
    ]),
  );
}

/** Most answers say in a summary what they are: the best words for who cannot see the picture. */
function altOf(output: unknown): string | null {
  const summary = isObject(output) ? output['summary'] : undefined;
  if (typeof summary !== 'string' || summary.trim() === '') return null;
  const characters = [...summary.trim()];
  return characters.length <= MOST_ALT
    ? characters.join('')
    : `${characters.slice(0, MOST_ALT - 1).join('')}…`;
}

const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
