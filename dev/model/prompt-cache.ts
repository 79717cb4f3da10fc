import { createHash } from 'node:crypto';
import { blocksOf } from './request';
import type { CountRequest } from './request';
import { countTokens } from './tokens';

export interface InputUsage {
  input: number;
  cacheRead: number;
  cacheWrite: number;
}

/** The prompt cache of the API: what stands before a `cache_control` mark is kept, and the longest kept part is read. */
export interface PromptCache {
  count: (request: CountRequest) => InputUsage;
}

export function createPromptCache(mostEntries = 1_000): PromptCache {
  const kept = new Set<string>();
  return {
    count(request) {
      const hash = createHash('sha256').update(request.model);
      let tokens = 0;
      let cacheRead = 0;
      let marked = 0;
      for (const part of partsOf(request)) {
        const { cache_control: mark, ...rest } = part;
        const text = JSON.stringify(rest);
        hash.update(text);
        tokens += countTokens(text);
        const key = hash.copy().digest('base64');
        if (kept.has(key)) cacheRead = tokens;
        if (mark === undefined) continue;
        marked = tokens;
        if (kept.size >= mostEntries) kept.delete([...kept][0] ?? '');
        kept.add(key);
      }
      return {
        input: tokens - Math.max(marked, cacheRead),
        cacheRead,
        cacheWrite: Math.max(0, marked - cacheRead),
      };
    },
  };
}

/** In the order in which the API reads a request: tools, system, messages, block by block. */
function partsOf({ tools = [], system = [], messages }: CountRequest): Record<string, unknown>[] {
  const rules = typeof system === 'string' ? [{ type: 'text', text: system }] : system;
  return [...tools, ...rules, ...messages.flatMap((message) => blocksOf(message))];
}
