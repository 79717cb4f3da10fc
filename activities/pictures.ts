import type { Picture } from '../domain/frames';

const SVG = 'image/svg+xml';
/** What the model reads in the place of a picture that the person sees. */
export const SHOWN_PICTURE = '(a picture; the person sees it in the chat)';
// Of all pictures of an answer together: they travel in one frame.
const MOST_BYTES = 64 * 1024;
const MOST_PICTURES = 4;
const MOST_ALT = 200;
const MAX_DEPTH = 10;

const PROLOG =
  /^\s*(?:<\?xml[^>]*\?>\s*)?(?:<!--[^]*?-->\s*)*(?:<!DOCTYPE[^>[]*>\s*)?(?:<!--[^]*?-->\s*)*<svg[\s>]/i;

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
    if (!PROLOG.test(svg)) return '(this was to be a picture, and is none)';
    const size = Buffer.byteLength(svg);
    if (pictures.length === MOST_PICTURES || bytes + size > MOST_BYTES) {
      return `(a picture of ${Math.ceil(size / 1024)} KiB, too large to be shown)`;
    }
    bytes += size;
    pictures.push({ name, alt: alt ?? name, svg });
    return SHOWN_PICTURE;
  };
  return { output: walk(output, schema, { name: 'picture', depth: 0, take }), pictures };
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
