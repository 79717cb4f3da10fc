export interface Pasted {
  /** what the person asks */
  ask: string;
  /** what they pasted with it, folded away */
  text: string | null;
  label: string;
}

const LONG_CHARS = 280;
const ASK_CHARS = 400;

/** Parts a question from a long text or a table that was pasted behind it. */
export function partPasted(content: string): Pasted {
  const whole = { ask: content, text: null, label: '' };
  for (const { index, 0: mark } of content.matchAll(/\n+|:\s+/g)) {
    if (index > ASK_CHARS) break;
    const ask = content.slice(0, index + (mark.startsWith(':') ? 1 : 0)).trim();
    const text = content.slice(index + mark.length).trim();
    const table = tableSize(text);
    if (ask === '' || (table === null && text.length < LONG_CHARS)) continue;
    return { ask, text, label: table ?? `Pasted text, ${countWords(text)} words` };
  }
  return whole;
}

export const countWords = (text: string): number =>
  text.split(/\s+/).filter((word) => /\w/u.test(word)).length;

/** “Pasted table, 31 rows, 2 columns” when the lines are parted alike; the first line names the columns. */
function tableSize(text: string): string | null {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  if (lines.length < 3) return null;
  for (const mark of ['\t', ';', ',', '|']) {
    const widths = lines.map((line) => line.split(mark).length);
    const [width = 0] = widths;
    const alike = widths.filter((other) => other === width).length;
    if (width > 1 && alike / lines.length >= 0.9) {
      return `Pasted table, ${lines.length - 1} rows, ${width} columns`;
    }
  }
  return null;
}
