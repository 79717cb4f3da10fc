/** Times in words, the same on the pages that the server writes and on those of the browser. */
export { spanInWords, timeInWords, zoneInWords } from '../domain/time-words';
export type { TimeStyle } from '../domain/time-words';
