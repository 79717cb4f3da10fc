/** A plausible count, four characters to a token: good enough for usage and cost in a demo. */
export function countTokens(value: unknown): number {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
  return Math.max(1, Math.ceil(text.length / 4));
}

/** Cuts a text into pieces of one token, or longer ones where that would make more than `most` pieces. */
export function splitIntoPieces(text: string, most: number): string[] {
  const chars = [...text]; // whole code points: a delta never ends within a surrogate pair
  const size = Math.max(4, Math.ceil(chars.length / most));
  const pieces: string[] = [];
  for (let at = 0; at < chars.length; at += size) pieces.push(chars.slice(at, at + size).join(''));
  return pieces;
}
