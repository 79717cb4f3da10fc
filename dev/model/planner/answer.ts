import { SHOWN_PICTURE } from '../../../activities/pictures';
import { isObject } from './tool-results';
import type { JsonObject } from './tool-results';

const FIRST = ['summary', 'answer', 'text', 'result', 'report', 'message', 'conclusion', 'content'];
const CODE = new Set(['code', 'json', 'html', 'sql', 'css', 'xml', 'yaml', 'script', 'csv']);
const MOST_ROWS = 30;
const MOST_COLUMNS = 8;
const MOST_CHARS = 12_000;
const MAX_DEPTH = 3;

/** An agent's output as Markdown: what it says first, then its figures as lists and tables. */
export function outputAsMarkdown(output: unknown): string {
  const text = section(output, 2).trim();
  if (text === '') return 'The agent answered without any content.';
  return text.length <= MOST_CHARS
    ? text
    : `${text.slice(0, MOST_CHARS)}\n\n(The answer goes on; it was cut here.)`;
}

function section(value: unknown, depth: number): string {
  if (typeof value === 'string') return textOf(value, '');
  if (Array.isArray(value)) return listOf(value, depth);
  if (isObject(value)) return objectOf(value, depth);
  return inline(value);
}

function objectOf(value: JsonObject, depth: number): string {
  const first = FIRST.find((name) => typeof value[name] === 'string' && value[name] !== '');
  const rest = Object.entries(value).filter(
    ([name, item]) => name !== first && item !== undefined && item !== SHOWN_PICTURE,
  );
  const short = ([name, item]: [string, unknown]): boolean =>
    isInline(item) && !(typeof item === 'string' && CODE.has(name.toLowerCase()));
  const flat = rest.filter(short);
  const deep = rest.filter((entry) => !short(entry));
  const lead = first === undefined ? [] : [textOf(String(value[first]), first)];
  const list = flat.map(([name, item]) => `- ${title(name)}: ${inline(item)}`).join('\n');
  const parts = deep.map(([name, item]) => `**${title(name)}**\n\n${deepPart(name, item, depth)}`);
  return [...lead, ...(list === '' ? [] : [list]), ...parts].join('\n\n');
}

function deepPart(name: string, item: unknown, depth: number): string {
  if (typeof item === 'string') return textOf(item, name);
  return depth > MAX_DEPTH ? fenced(JSON.stringify(item, null, 2), 'json') : section(item, depth + 1);
}

function listOf(items: unknown[], depth: number): string {
  if (items.length === 0) return 'None.';
  if (items.every((item) => isObject(item) && Object.keys(item).length > 0))
    return tableOf(items.filter(isObject));
  if (items.every(isInline))
    return more(
      items.map((item) => `- ${inline(item)}`),
      '\n',
    );
  return depth > MAX_DEPTH
    ? fenced(JSON.stringify(items, null, 2), 'json')
    : more(
        items.map((item) => section(item, depth + 1)),
        '\n\n',
      );
}

/** A table, or a line for each row where the columns would not fit beside each other. Empty columns are left out. */
function tableOf(rows: JsonObject[]): string {
  const columns = [...new Set(rows.flatMap((row) => Object.keys(row)))].filter((name) =>
    rows.some((row) => row[name] !== null && row[name] !== undefined),
  );
  if (columns.length > MOST_COLUMNS) return more(rows.map(lineOf), '\n');
  const line = (cells: string[]): string => `| ${cells.join(' | ')} |`;
  const head = [line(columns.map((name) => cell(title(name)))), line(columns.map(() => '---'))];
  return `${head.join('\n')}\n${more(
    rows.map((row) => line(columns.map((name) => cell(inline(row[name]))))),
    '\n',
  )}`;
}

function lineOf(row: JsonObject): string {
  const [first, ...rest] = Object.entries(row).filter(([, value]) => value !== null && value !== undefined);
  const figures = rest.map(([name, value]) => `${title(name).toLowerCase()} ${cell(inline(value))}`);
  return `- **${cell(inline(first?.[1]))}**: ${figures.join('; ')}`;
}

function more(lines: string[], between: string): string {
  const shown = lines.slice(0, MOST_ROWS).join(between);
  return lines.length <= MOST_ROWS ? shown : `${shown}\n\n(and ${lines.length - MOST_ROWS} more)`;
}

/** Short enough for one line of a list or one cell of a table. */
const isInline = (value: unknown): boolean =>
  typeof value === 'string'
    ? value.length <= 160 && !value.includes('\n') && !value.trimStart().startsWith('<')
    : Array.isArray(value)
      ? value.length <= 12 && value.every((item) => !isObject(item) && !Array.isArray(item) && isShort(item))
      : !isObject(value);

/** Short enough to stand between commas. */
const isShort = (value: unknown): boolean =>
  isInline(value) && (typeof value !== 'string' || (value.length <= 40 && !value.includes(',')));

function inline(value: unknown): string {
  if (value === null || value === undefined) return '–';
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  if (typeof value === 'number') return String(Number.isInteger(value) ? value : Number(value.toFixed(4)));
  if (Array.isArray(value)) return value.map(inline).join(value.every(isShort) ? ', ' : '; ') || 'none';
  if (isObject(value)) {
    return Object.entries(value)
      .map(([name, item]) => `${title(name).toLowerCase()} ${inline(item)}`)
      .join(', ');
  }
  return typeof value === 'string' ? value : '';
}

const cell = (text: string): string =>
  text
    .replace(/\|/g, '\\|')
    .replace(/\s*\n\s*/g, ' ')
    .slice(0, 200);

function textOf(text: string, name: string): string {
  if (/^\s*(?:<\?xml[^>]*>\s*)?<svg[\s>]/i.test(text)) return fenced(text, 'svg');
  if (/^\s*<(?:!doctype|html|[a-z]+[\s>])/i.test(text)) return fenced(text, 'html');
  return CODE.has(name.toLowerCase())
    ? fenced(text, name.toLowerCase() === 'code' ? '' : name.toLowerCase())
    : text;
}

/** A fence longer than any inside, so that the text cannot end it. */
function fenced(text: string, language: string): string {
  const longest = Math.max(2, ...(text.match(/`+/g) ?? []).map((ticks) => ticks.length));
  const fence = '`'.repeat(longest + 1);
  return `${fence}${language}\n${text.trimEnd()}\n${fence}`;
}

/** "flesch_reading_ease" as "Flesch reading ease". */
export function title(name: string): string {
  const spaced = name
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .replace(/[_-]+/g, ' ')
    .trim();
  const lower = /[A-Z]{2}/.test(name) ? spaced : spaced.toLowerCase();
  return lower.charAt(0).toUpperCase() + lower.slice(1);
}
