import type { ChatSnapshot } from '../session/chat-store';
import { remaining } from '../state/clock';
import { isUnanswered, liveTurn, openPayments } from '../state/turn-view';
import type { OpenChat } from './side';

/** The chat on this page, as the side shows it: what it waits for, or what it does. */
export function openChatOf(id: string, { transcript, view }: ChatSnapshot, serverNow: number): OpenChat {
  const title = view?.title ?? null;
  const [ask] = openPayments(transcript);
  if (ask !== undefined) {
    const leftMs = Date.parse(ask.request.expires_at) - serverNow;
    const left = leftMs > 0 ? remaining(leftMs) : 'ended';
    return { id, title, mark: 'wait', line: `Approve ${ask.request.amount_usdc} USDC · ${left}` };
  }
  const turn = liveTurn(transcript);
  if (turn === null && !isUnanswered(transcript)) return { id, title, mark: 'rest', line: null };
  const step = turn?.parts.findLast((part) => part.kind === 'step' && part.state === 'now');
  return { id, title, mark: 'now', line: step?.kind === 'step' ? step.text : 'Working' };
}
