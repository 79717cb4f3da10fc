import type { DemoAgent } from '../action';
import { keywords } from './keywords';
import { readability } from './readability';

export const textAnalyst: DemoAgent = {
  version: '1.0.0',
  message:
    'I am Plainsight. I read English text. Use `readability` to learn how hard a text is to read, for which ' +
    'school age, and what to change; use `keywords` to find its key phrases. Send the whole text in `text`. ' +
    'Each action costs 0.05 USDC. Other languages are answered with a warning.',
  actions: [readability, keywords],
};
