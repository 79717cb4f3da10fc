import { AGENT_TEXT_LIMIT } from '../domain/session';

/** What stands around it in a result. */
const AROUND = 200;

/** Bytes of a value as the model reads it: in JSON, and in an outcome without a single `<`. */
const toldBytes = (value: unknown): number =>
  Buffer.byteLength(JSON.stringify(value).replaceAll('<', '\\u003c'));

const fits = (value: unknown): boolean => toldBytes(value) <= AGENT_TEXT_LIMIT - AROUND;

/** What an agent wrote, as the model and the page may see it: cut, as the text it then is, where its limit is reached. */
export function capped(output: unknown): unknown {
  const text = JSON.stringify(output);
  if (text.length <= AGENT_TEXT_LIMIT && fits(output)) return output;
  let [fitting, tooLong] = [0, Math.min(text.length, AGENT_TEXT_LIMIT) + 1];
  while (tooLong - fitting > 1) {
    const middle = Math.floor((fitting + tooLong) / 2);
    if (fits(cutAt(text, middle))) fitting = middle;
    else tooLong = middle;
  }
  return cutAt(text, fitting);
}

/** Cut between characters. */
const cutAt = (text: string, length: number) => ({
  cut: true,
  text: text.slice(0, length).replace(/[\uD800-\uDBFF]$/, ''),
});
