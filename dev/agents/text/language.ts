import { z } from 'zod';
import { COMMON_WORDS } from './stop-words';

export const Language = z.object({
  detected: z.enum(['english', 'not_english', 'unsure']),
  note: z.string().describe('Says whether the figures can be trusted: they are made for English'),
});
export type Language = z.infer<typeof Language>;

const EVIDENCE_WORDS = 12;

/** A guess from script and the commonest words. A short text without evidence is `unsure`, not refused. */
export function detectLanguage(words: string[]): Language {
  const letters = words.join('');
  const latin = letters.match(/\p{Script=Latin}/gu)?.length ?? 0;
  const all = letters.match(/\p{L}/gu)?.length ?? 0;
  if (all > 0 && latin / all < 0.7) return notEnglish('It is not written in the Latin alphabet');

  const lower = words.map((word) => word.toLowerCase());
  const hits = Object.entries(COMMON_WORDS).map(
    ([name, common]) => [name, lower.filter((word) => common.has(word)).length] as const,
  );
  const english = hits.find(([name]) => name === 'English')?.[1] ?? 0;
  const [best, bestHits] = hits.reduce((top, entry) => (entry[1] > top[1] ? entry : top));
  if (best !== 'English' && bestHits >= 3 && bestHits > english * 1.5) return notEnglish(`It looks ${best}`);
  if (english / Math.max(1, words.length) >= 0.15) {
    return { detected: 'english', note: 'The text looks English.' };
  }
  if (words.length >= EVIDENCE_WORDS && english === 0)
    return notEnglish('It holds none of the common English words');
  return { detected: 'unsure', note: 'The text is too short or too unusual to be sure that it is English.' };
}

const notEnglish = (reason: string): Language => ({
  detected: 'not_english',
  note: `${reason}. The figures are made for English and do not hold for this text.`,
});
