/** A regular expression in a text, and where it ends there. */
export interface Expression {
  pattern: string;
  end: number;
}

const MARKS = /[\^$\\|[\]{}*+]/;

// In back quotes, between slashes, in quotes, or a word that no sentence would have.
const FORMS = [
  /`([^`]+)`/g,
  /(?<=^|\s)\/(\S+?)\/[dgimsuvy]*(?=[\s?.,;:]|$)/g,
  /["“]([^"”]+)["”]/g,
  /(?<=^|\s)(\S+)/g,
];

export function expressionIn(text: string): Expression | null {
  for (const form of FORMS) {
    for (const match of text.matchAll(form)) {
      const [whole, inner = ''] = match;
      if (/^https?:/i.test(inner) || !MARKS.test(inner)) continue;
      return { pattern: inner, end: match.index + whole.length };
    }
  }
  return null;
}

/** What a pattern is to be tried on, where it stands behind the pattern: "… match aaa?", "… on the text "aaa"". */
export function triedOn(text: string, { end }: Expression): string | null {
  const behind =
    /^\s*(?:matche?s?|against|on|in|to|with|and)\s+(?:(?:the|this)\s+)?(?:(?:text|string|word)\s+)?:?\s*([^]+)$/i.exec(
      text.slice(end),
    )?.[1];
  if (behind === undefined) return null;
  const bare = behind.trim().replace(/\?$/, '').trim();
  const quoted = /^["“'`]([^]*)["”'`]$/.exec(bare)?.[1];
  return (quoted ?? bare) || null;
}
