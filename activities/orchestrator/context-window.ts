import type Anthropic from '@anthropic-ai/sdk';
import {
  factsBefore,
  loadConversation,
  recordFacts,
  RESULT_BEGINNING,
  tellLess,
  toldPart,
  turnsWithoutFact,
} from '../../db/conversation';
import type { ToldPart, ToldResult, TurnTranscript } from '../../db/conversation';
import type { Tx } from '../../db/database';
import { lockSession } from '../../db/sessions';
import { requireFence } from '../../db/turns';
import { MooringError } from '../../domain/errors';
import { toMessages } from './conversation';
import type { Fact } from './conversation';
import { PREAMBLE_BYTES } from './tools';
import { turnFact } from './turn-fact';
import { CHAT_TOO_LONG } from './words';

// The rule is told in docs/context.md.
const MOST_TURNS = 200;
/** After a cut so much of the room is filled: what follows begins with the same for many steps, and stays cached. */
const FILLED = 0.75;
const MOST_FACTS = 60;
const FACTS_BYTES = 12 * 1024;
/** Before the first step has said how its request was counted; then between what words and what signs take. */
const TOKENS_PER_BYTE = { guess: 1 / 3, least: 1 / 6, most: 1 };

export interface ModelContext {
  messages: Anthropic.MessageParam[];
  /** of the whole request */
  bytes: number;
}

/** What the model is told now: the summary, then the turns that fit into `tokens`. What does not fit leaves for good. */
export async function loadContext(tx: Tx, sessionId: string, tokens: number): Promise<ModelContext> {
  const { tokensPerByte, ...told } = await toldPart(tx, sessionId);
  const turns = await loadConversation(tx, sessionId, { ...told, most: MOST_TURNS + 1 });
  const open = turns.at(-1);
  // It was too long for the model once in this turn: half as much is told.
  const share = open !== undefined && told.wholeFrom > open.number ? 0.5 : 1;
  const perByte = tokensPerByte ?? TOKENS_PER_BYTE.guess;
  const counted = Math.min(Math.max(perByte, TOKENS_PER_BYTE.least), TOKENS_PER_BYTE.most);
  const most = (tokens * share) / counted;
  const fits = await toldNow(tx, sessionId, { told, turns, most });
  if (fits !== null) return fits;

  const less = whereToCut(turns, most * FILLED - PREAMBLE_BYTES - FACTS_BYTES);
  await letLeave(tx, sessionId, less);
  const rest = await loadConversation(tx, sessionId, { ...less, most: MOST_TURNS });
  const cut = await toldNow(tx, sessionId, {
    told: less,
    turns: trimOpenTurn(rest, most - PREAMBLE_BYTES - FACTS_BYTES),
    most,
  });
  if (cut === null) throw new MooringError('chat_too_long', CHAT_TOO_LONG);
  return cut;
}

/** The model found it too long all the same: it is asked once more in this turn, with half as much. False: it was. */
export async function tellHalf(
  tx: Tx,
  turn: { id: string; sessionId: string; number: number },
  fence: number,
): Promise<boolean> {
  await lockSession(tx, turn.sessionId);
  await requireFence(tx, turn.id, fence);
  const { from, wholeFrom } = await toldPart(tx, turn.sessionId);
  if (wholeFrom > turn.number) return false;
  await tellLess(tx, turn.sessionId, { from, wholeFrom: turn.number + 1 });
  return true;
}

/** The request as it would be; null when it is too long. */
async function toldNow(
  tx: Tx,
  sessionId: string,
  { told, turns, most }: { told: ToldPart; turns: TurnTranscript[]; most: number },
): Promise<ModelContext | null> {
  if (turns.length > MOST_TURNS) return null;
  const facts = await factsBefore(tx, sessionId, { from: told.from, most: MOST_FACTS });
  const messages = toMessages(turns, newestThatFit(facts));
  const bytes = PREAMBLE_BYTES + sizeOf(messages);
  return bytes <= most ? { messages, bytes } : null;
}

function newestThatFit(facts: Fact[]): Fact[] {
  let bytes = 0;
  const first = facts.findLastIndex(({ fact }) => (bytes += sizeOf(fact)) > FACTS_BYTES);
  return facts.slice(first + 1);
}

/** Tool results of turns that have ended are cut first, then whole turns leave; of both the oldest. */
export function whereToCut(turns: TurnTranscript[], most: number): ToldPart {
  const ended = turns.filter(({ outcome }) => outcome !== null);
  const first = turns[0]?.number ?? 1;
  const place = { from: first, wholeFrom: first };
  let bytes = turns.reduce((sum, turn) => sum + sizeOf(turn), 0);
  for (const turn of ended) {
    if (bytes <= most) break;
    bytes -= sizeOf(turn) - sizeOf(trimmed(turn));
    place.wholeFrom = turn.number + 1;
  }
  const tooMany = ended.length - MOST_TURNS * FILLED;
  for (const [at, turn] of ended.entries()) {
    if (bytes <= most && (turns.length <= MOST_TURNS || at >= tooMany)) break;
    bytes -= sizeOf(turn.number < place.wholeFrom ? trimmed(turn) : turn);
    place.from = turn.number + 1;
  }
  return { from: place.from, wholeFrom: Math.max(place.from, place.wholeFrom) };
}

async function letLeave(tx: Tx, sessionId: string, told: ToldPart): Promise<void> {
  // A chat that was closed may have been erased: nothing is written down of it.
  if ((await lockSession(tx, sessionId)).phase === 'CLOSED') return;
  const gone = await turnsWithoutFact(tx, sessionId, told.from);
  await recordFacts(
    tx,
    sessionId,
    gone.map((turn) => ({ number: turn.number, fact: turnFact(turn) })),
  );
  await tellLess(tx, sessionId, told);
}

/** The open turn never leaves: its tool results are cut, the oldest first, as far as it takes. */
function trimOpenTurn(turns: TurnTranscript[], most: number): TurnTranscript[] {
  let bytes = turns.reduce((sum, turn) => sum + sizeOf(turn), 0);
  return turns.map((turn) =>
    turn.outcome !== null
      ? turn
      : withResults(turn, (result) => {
          if (bytes <= most) return result;
          bytes -= sizeOf(result) - sizeOf(beginning(result));
          return beginning(result);
        }),
  );
}

const trimmed = (turn: TurnTranscript): TurnTranscript => withResults(turn, beginning);

const withResults = (turn: TurnTranscript, change: (result: ToldResult) => ToldResult): TurnTranscript => ({
  ...turn,
  steps: turn.steps.map((step) => ({ ...step, results: step.results.map(change) })),
});

const beginning = (result: ToldResult): ToldResult => ({
  ...result,
  text: [...result.text.slice(0, 2 * RESULT_BEGINNING)].slice(0, RESULT_BEGINNING).join(''),
});

/** As it stands in a request, nearly: the names around it are in ours as long. */
function sizeOf(part: TurnTranscript | ToldResult | Anthropic.MessageParam[] | string): number {
  return Buffer.byteLength(JSON.stringify(part));
}
