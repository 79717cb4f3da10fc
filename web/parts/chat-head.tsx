import type { ChatSnapshot } from '../session/chat-store';
import { elapsed } from '../state/clock';
import { isUnanswered, liveTurn, openPayments, turnTimes } from '../state/turn-view';

interface ChatHeadProps {
  title: string;
  snapshot: ChatSnapshot;
  serverNow: number;
  amount: string;
  onAmount: () => void;
}

/** What this chat is, where it stands, and how long this turn has taken. */
export function ChatHead({ title, snapshot, serverNow, amount, onAmount }: ChatHeadProps) {
  const { transcript } = snapshot;
  const turn = liveTurn(transcript);
  return (
    <header className="chat-head">
      <h1>
        <bdi>{title}</bdi>
      </h1>
      <StateBadge snapshot={snapshot} />
      <span className="grow" />
      {turn !== null && <span className="small quiet nowrap">{timesText(turnTimes(turn, serverNow))}</span>}
      {amount !== '' && (
        <button className="btn plain sm amount-button" type="button" onClick={onAmount}>
          <span className="sr">Money in this chat: </span>
          {amount}
        </button>
      )}
    </header>
  );
}

function timesText({ totalMs, waitedMs }: { totalMs: number; waitedMs: number }): string {
  const total = `This turn ${elapsed(totalMs)}`;
  return waitedMs < 1_000 ? total : `${total}, of it ${elapsed(waitedMs)} waiting for you`;
}

function StateBadge({ snapshot: { transcript } }: { snapshot: ChatSnapshot }) {
  if (transcript.closed !== null) return <span className="badge">Closed</span>;
  if (openPayments(transcript).length > 0) return <span className="badge wait">Waiting for you</span>;
  if (liveTurn(transcript) !== null || isUnanswered(transcript))
    return <span className="badge do">At work</span>;
  return null;
}
