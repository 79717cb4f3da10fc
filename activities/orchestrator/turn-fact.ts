import type { TurnRecord } from '../../db/conversation';
import { formatUsdc } from '../../domain/money';

const ASKED_CHARS = 160;
const NAME_CHARS = 60;
const MOST_ROWS = 8;

/**
 * What is kept of a turn that has left the conversation: one line, from the platform's records alone, so that the
 * same turn always gives the same line. What a person or an agent wrote stands in it as a quotation.
 */
export function turnFact({ number, kind, content, outcome, hired, payments }: TurnRecord): string {
  const began =
    kind === 'user'
      ? `The person asked ${quoted(content, ASKED_CHARS)}.`
      : 'The outcome of an earlier request came.';
  const agents = hired.map(
    ({ agent, action, status }) =>
      `${quoted(agent, NAME_CHARS)} for ${quoted(action, NAME_CHARS)} (${status})`,
  );
  const money = payments.map(
    ({ agent, action, micros, state }) =>
      `${formatUsdc(micros)} USDC to ${quoted(agent, NAME_CHARS)} for ${quoted(action, NAME_CHARS)} (${state})`,
  );
  return [
    `Turn ${number}.`,
    began,
    agents.length === 0 ? 'No agent was hired.' : `Hired: ${some(agents)}.`,
    money.length === 0 ? 'Nothing was paid.' : `Payments: ${some(money)}.`,
    `It ended: ${outcome}.`,
  ].join(' ');
}

function quoted(text: string, most: number): string {
  const line = text.replace(/\s+/g, ' ').trim();
  return JSON.stringify(
    line.length > most ? `${line.slice(0, most - 1).replace(/[\uD800-\uDBFF]$/, '')}…` : line,
  );
}

const some = (parts: string[]): string =>
  parts.length > MOST_ROWS
    ? `${parts.slice(0, MOST_ROWS).join(', ')} and ${parts.length - MOST_ROWS} more`
    : parts.join(', ');
