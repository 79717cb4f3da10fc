import { z } from 'zod';
import { Refusal } from '../action';
import { hasLetter, sentencesOf } from './words';
import type { Sentence } from './words';

export const TEXT_LIMIT = 50_000;

export const Text = z
  .string()
  .max(TEXT_LIMIT, `must have at most ${TEXT_LIMIT} characters`)
  .regex(/\S/, 'must not be empty');

export function readText(text: string): { sentences: Sentence[]; words: string[] } {
  const sentences = sentencesOf(text);
  const words = sentences.flatMap((sentence) => sentence.words);
  if (!words.some(hasLetter))
    throw new Refusal('no_words', 'text: holds no words, so there is nothing to measure');
  return { sentences, words };
}

export const round = (value: number, digits = 1): number => Number(value.toFixed(digits));
export const clip = (text: string, length: number): string =>
  text.length <= length ? text : `${text.slice(0, length - 1).replace(/[\uD800-\uDBFF]$/, '')}…`;
export const plural = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`;
