import { createHash } from 'node:crypto';
import { ApiError } from './api-error';
import type { ApiStatus } from './api-error';
import { blocksOf } from './request';
import type { ApiBlock, MessagesRequest } from './request';
import { SCENES } from './scenes';
import type { PlayedAnswer } from './scenes';

/** What a person can write into a message to see the platform meet a failing model, and how often. */
const FAULTS = [
  '429-spend',
  '429-wait',
  '529-mid',
  '400-long',
  '400',
  '401',
  '402',
  '413',
  '429',
  '500',
  '529',
  'cut',
  'slow',
];
export const SENTINEL = new RegExp(
  `#model:(${[...FAULTS, ...Object.keys(SCENES)].join('|')})(?:x(\\d{1,2}))?(?![\\w-])`,
  'g',
);

const SPEND_LIMIT = 'enforced_spend_limit_reached';
const STATUSES: Record<string, ApiStatus> = {
  '400': 400,
  '401': 401,
  '402': 402,
  '413': 413,
  '429': 429,
  '500': 500,
  '529': 529,
};

/** What is answered instead of the plan's reply: `refuse` at once, `play` with a scene's answer. */
export type Instead = { kind: 'refuse'; error: ApiError } | { kind: 'play'; answer: PlayedAnswer };
/** `cut` closes the socket within the stream, `mid` sends an error event there. */
export type Fault = { kind: 'cut' } | { kind: 'mid'; error: ApiError };

export interface Verdict {
  fault: Fault | Instead | null;
  slow: boolean;
  /** To be called when the turn got its answer: the same words in another chat fail anew. */
  settle: () => void;
}

export interface FaultBook {
  judge: (request: MessagesRequest) => Verdict;
}

/** Counts the failures already given, for each message within its conversation. */
export function createFaultBook(mostEntries = 1_000): FaultBook {
  const given = new Map<string, number>();
  return {
    judge: (request) => {
      const message = lastWords(request);
      const wanted = [...message.text.matchAll(SENTINEL)];
      const slow = wanted.some(([, name]) => name === 'slow');
      const key = keyOf(request, message.at);
      const used = given.get(key) ?? 0;
      let before = 0;
      for (const [, name = '', times] of wanted) {
        const forever = name === '429-spend';
        const faults = faultsOf(name, message.text);
        if (faults.length === 0) continue;
        const first = before;
        before += forever ? Infinity : Number(times ?? 1) * faults.length;
        const fault = faults[(used - first) % faults.length];
        if (used >= before || fault === undefined) continue;
        if (!forever) {
          if (given.size >= mostEntries) given.delete([...given.keys()][0] ?? '');
          given.set(key, used + 1);
        }
        return { fault, slow, settle: () => undefined };
      }
      return { fault: null, slow, settle: () => given.delete(key) };
    },
  };
}

function faultsOf(name: string, words: string): (Fault | Instead)[] {
  const scene = SCENES[name]?.(words);
  if (scene !== undefined) return scene.map((answer) => ({ kind: 'play', answer }));
  const fault = faultOf(name);
  return fault === null ? [] : [fault];
}

function faultOf(name: string): Fault | Instead | null {
  if (name === 'cut') return { kind: 'cut' };
  if (name === '529-mid') return { kind: 'mid', error: new ApiError(529, 'Overloaded') };
  if (name === '429-spend') {
    const details = { error_code: SPEND_LIMIT };
    return {
      kind: 'refuse',
      error: new ApiError(429, 'This workspace has reached its spend limit.', { details }),
    };
  }
  if (name === '400-long') {
    return { kind: 'refuse', error: new ApiError(400, 'prompt is too long: 210000 tokens > 200000 maximum') };
  }
  if (name === '429-wait') {
    return { kind: 'refuse', error: new ApiError(429, 'Later.', { headers: { 'retry-after': '240' } }) };
  }
  const status = STATUSES[name];
  if (status === undefined) return null;
  const headers = status === 429 ? { 'retry-after': '1' } : {};
  return { kind: 'refuse', error: new ApiError(status, `Asked for by #model:${name}.`, { headers }) };
}

/** After a pause it is still about what the person wrote before. */
const isNoGoOn = (block: ApiBlock): boolean => block.type === 'text' && !block.text.startsWith('<platform>');

/** The newest message of the person: tool results and late outcomes, which quote agents, are not words of theirs. */
function lastWords({ messages }: MessagesRequest): { text: string; at: number } {
  for (let at = messages.length - 1; at >= 0; at -= 1) {
    const message = messages[at];
    const last = message?.role === 'user' ? blocksOf(message).findLast(isNoGoOn) : undefined;
    if (last?.type === 'text') return { text: last.text.startsWith('<') ? '' : last.text, at };
  }
  return { text: '', at: 0 };
}

function keyOf({ messages, metadata }: MessagesRequest, at: number): string {
  const upTo = [metadata?.user_id ?? '', messages.slice(0, at + 1)];
  // Where the prompt is cached moves on within a turn.
  const text = JSON.stringify(upTo, (key, value: unknown) => (key === 'cache_control' ? undefined : value));
  return createHash('sha256').update(text).digest('base64');
}
