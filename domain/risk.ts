import { RISK_LEVELS } from './task';
import type { RiskLevel } from './task';

/** Words that make a task risky wherever they stand as whole words (contracts/network.md, D16). */
const WORDS: Record<'R2' | 'R3', readonly string[]> = {
  R3: [
    'payment',
    'pay',
    'purchase',
    'buy',
    'order',
    'place_order',
    'checkout',
    'transfer',
    'withdraw',
    'meet_offline',
    'in_person',
    'read_private',
    'connect_mcp',
    'grant_access',
    'access_private',
  ],
  R2: [
    'booking',
    'reservation',
    'appointment',
    'email_send',
    'send_email',
    'contact_person',
    'dm_send',
    'message_human',
    'share_contact',
    'share_info',
    'confirm_on_behalf',
    'sign',
    'agree',
    'delete',
    'cancel_subscription',
  ],
};

/** Finds whether there is any of them at all in a text of words joined by `_`: most texts have none. */
const ANY = new RegExp(`_(?:${[...WORDS.R3, ...WORDS.R2].join('|')})_`, 'u');

/** Keys of a payload by which an agent says itself what it will do. */
const HINTS = new Set(['action', 'intent', 'operation', 'risk_capability']);

const MOST_REASONS = 5;

export interface Risk {
  level: RiskLevel;
  /** why it is so, a sentence for each reason */
  reasons: string[];
}

/**
 * The risk of a task: the highest of what the sender says, of the words in its texts, and of what its payload says
 * that it will do. Nobody can lower it.
 */
export function assessRisk({
  said,
  by,
  texts,
  payload,
}: {
  said: RiskLevel;
  /** who says so */
  by: 'The sender' | 'The agent itself';
  /** description, name of the action: whatever a person would read */
  texts: string[];
  payload: unknown;
}): Risk {
  const found: Risk[] = said === 'R0' ? [] : [{ level: said, reasons: [`${by} says ${said}.`] }];
  for (const text of texts) found.push(...risksIn(text, 'The description'));
  if (payload == null || !mayBeRisky(payload)) return highest(found);
  const seen = new Set<string>();
  for (const { path, text } of textsOf(payload, '')) {
    // What stands there a thousand times says no more than once.
    if (seen.has(text)) continue;
    // Five reasons are told, and there is nothing above R3.
    if (found.filter(({ level }) => level === 'R3').length === MOST_REASONS) break;
    seen.add(text);
    const key = path.split('.').at(-1) ?? '';
    found.push(
      ...risksIn(text, HINTS.has(key) ? `What the payload says to do (${path})` : `The payload (${path})`),
    );
  }
  return highest(found);
}

function highest(found: Risk[]): Risk {
  const level = found.map((risk) => risk.level).reduce(higher, 'R0');
  const reasons = found.filter((risk) => risk.level === level).flatMap((risk) => risk.reasons);
  return { level, reasons: [...new Set(reasons)].slice(0, MOST_REASONS) };
}

/** Looked at as one text first, which is quick however many there are in it; its escapes part words as what they stand for. */
const mayBeRisky = (payload: unknown): boolean =>
  ANY.test(joinedOf(plainOf(JSON.stringify(payload).replace(/\\(?:u[0-9a-f]{4}|.)/g, ' '))));

/** However it is written: full width, with characters that nobody sees. */
const plainOf = (text: string): string =>
  text
    .normalize('NFKC')
    .replace(/\p{Cf}/gu, '')
    .toLowerCase();

/** `send email` and `send-email` are `send_email`. */
const joinedOf = (plain: string): string => `_${(plain.match(/[\p{L}\p{N}]+/gu) ?? []).join('_')}_`;

function risksIn(text: string, where: string): Risk[] {
  const plain = plainOf(text);
  const joined = joinedOf(plain);
  if (!ANY.test(joined)) return [];
  const words = new Set(plain.match(/[\p{L}\p{N}_]+/gu) ?? []);
  return (['R3', 'R2'] as const).flatMap((level) => {
    const word = WORDS[level].find(
      (one) => words.has(one) || (one.includes('_') && joined.includes(`_${one}_`)),
    );
    return word === undefined ? [] : [{ level, reasons: [`${where} says “${word.replaceAll('_', ' ')}”.`] }];
  });
}

const higher = (one: RiskLevel, other: RiskLevel): RiskLevel =>
  RISK_LEVELS.indexOf(one) >= RISK_LEVELS.indexOf(other) ? one : other;

/** Every text of a payload with the way to it; the payload is no deeper than what the door lets in. */
function textsOf(value: unknown, path: string): { path: string; text: string }[] {
  if (typeof value === 'string') return [{ path: path === '' ? 'text' : path, text: value }];
  if (typeof value !== 'object' || value === null) return [];
  const isList = Array.isArray(value);
  return Object.entries(value).flatMap(([key, inner]) => {
    const way = path === '' ? key : `${path}.${key}`;
    // The place in a list is nobody's word.
    return isList ? textsOf(inner, way) : [{ path: way, text: key }, ...textsOf(inner, way)];
  });
}
