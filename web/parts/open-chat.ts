import type { ChatSnapshot } from '../session/chat-store';
import { remaining } from '../state/clock';
import { isBusy, liveTurn, openConfirmations, openPayments, openQuestions } from '../state/turn-view';
import type { OpenChat } from './side';

/** The chat on this page, as the side shows it: what it waits for, or what it does. */
export function openChatOf(id: string, { transcript, view }: ChatSnapshot, serverNow: number): OpenChat {
  const title = view?.title ?? null;
  const left = (expiresAt: string): string => {
    const leftMs = Date.parse(expiresAt) - serverNow;
    return leftMs > 0 ? remaining(leftMs) : 'ended';
  };
  const open = transcript.closed === null;
  const [ask] = openPayments(transcript);
  if (open && ask !== undefined) {
    const line = `Approve ${ask.amount} USDC · ${left(ask.fate.request.expires_at)}`;
    return { id, title, mark: 'wait', line };
  }
  const [question] = openQuestions(transcript);
  if (open && question !== undefined) {
    return { id, title, mark: 'wait', line: `Answer a question · ${left(question.prompt.expires_at)}` };
  }
  const [risky] = openConfirmations(transcript);
  if (open && risky !== undefined) {
    const line = `Confirm ${risky.request.action.replaceAll('_', ' ')} · ${left(risky.request.expires_at)}`;
    return { id, title, mark: 'wait', line };
  }
  if (!isBusy(transcript)) return { id, title, mark: 'rest', line: null };
  const turn = liveTurn(transcript);
  const step = turn?.parts.findLast((part) => part.kind === 'step' && part.state === 'now');
  return { id, title, mark: 'now', line: step?.kind === 'step' ? step.text : 'Working' };
}
