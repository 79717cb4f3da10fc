import type { ChatSnapshot } from '../session/chat-store';
import { elapsed } from '../state/clock';
import { isAsking, isBusy, liveTurn, turnTimes } from '../state/turn-view';
import { Icon } from './icons';

interface ChatHeadProps {
  title: string;
  snapshot: ChatSnapshot;
  serverNow: number;
  amount: string;
  onAmount: () => void;
  onMore: () => void;
}

/** What this chat is, where it stands, and how long this turn has taken. */
export function ChatHead({ title, snapshot, serverNow, amount, onAmount, onMore }: ChatHeadProps) {
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
      <MoreButton onMore={onMore} />
    </header>
  );
}

export function MoreButton({ onMore }: { onMore: () => void }) {
  return (
    <button
      className="btn plain sm icon-only"
      type="button"
      aria-label="More about this chat"
      onClick={onMore}
    >
      <Icon name="dots" />
    </button>
  );
}

function timesText({ totalMs, waitedMs }: { totalMs: number; waitedMs: number }): string {
  const total = `This turn ${elapsed(totalMs)}`;
  return waitedMs < 1_000 ? total : `${total}, of it ${elapsed(waitedMs)} waiting for you`;
}

function StateBadge({ snapshot: { transcript } }: { snapshot: ChatSnapshot }) {
  if (transcript.closed !== null) return <span className="badge">Closed</span>;
  if (isAsking(transcript)) return <span className="badge wait">Waiting for you</span>;
  if (isBusy(transcript)) return <span className="badge do">At work</span>;
  return null;
}
