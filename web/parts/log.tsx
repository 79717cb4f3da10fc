import { useCallback, useEffect, useLayoutEffect, useRef, useState } from 'react';
import type { ChatSnapshot } from '../session/chat-store';
import { nextAnswered } from '../state/turn-view';
import type { Said as SaidItem } from '../state/conversation';
import { Icon } from './icons';
import { Loading } from './loading';
import { Said } from './said';
import { Between } from './steps';
import type { Deciding } from './steps';
import { TurnPart } from './turn';

const NEAR_PX = 48;

interface LogProps {
  snapshot: ChatSnapshot;
  serverNow: number;
  onDecide: (paymentId: string, approved: boolean) => void;
  onAnswer: (promptId: string, answer: string) => void;
  onConfirm: (confirmationId: string, approved: boolean) => void;
  onAgain: ((content: string) => void) | null;
}

/** The conversation. It follows its end only while the reader is there; else it says that there is more. */
export function Log({ snapshot, serverNow, onDecide, onAnswer, onConfirm, onAgain }: LogProps) {
  const { transcript, outgoing, decisions, answers, loaded, view } = snapshot;
  const log = useRef<HTMLDivElement>(null);
  const end = useFollowing(log, [transcript.items, outgoing.length, loaded]);
  const deciding: Deciding = {
    payments: transcript.payments,
    questions: transcript.questions,
    confirmations: transcript.confirmations,
    decisions,
    answers,
    autoApprove: view?.budget.auto_approve_usdc ?? null,
    serverNow,
    onDecide(paymentId, approved) {
      focusRow();
      onDecide(paymentId, approved);
    },
    onAnswer(promptId, answer) {
      focusRow();
      onAnswer(promptId, answer);
    },
    onConfirm(confirmationId, approved) {
      focusRow();
      onConfirm(confirmationId, approved);
    },
    onAgain,
  };
  useKeptFocus(log, transcript.items);
  const next = nextAnswered(transcript);
  return (
    <div className="log-frame">
      <div
        className="log"
        id="log"
        role="log"
        aria-live="off"
        aria-label="Conversation"
        tabIndex={0}
        ref={log}
      >
        <div className="col">
          {!loaded && <Loading />}
          {loaded &&
            transcript.items.map((item) =>
              item.kind === 'said' ? (
                <Waiting
                  key={item.id}
                  said={item}
                  reads={item === next}
                  closed={transcript.closed !== null}
                  serverNow={serverNow}
                />
              ) : (
                <TurnPart key={item.id} turn={item} deciding={deciding} />
              ),
            )}
          {outgoing.map(({ id, content }) => (
            <Said key={id} content={content} note="Sending…" />
          ))}
        </div>
      </div>
      {end.more && (
        <button className="btn sm new-below" type="button" onClick={end.go}>
          <Icon name="down" />
          New text below
        </button>
      )}
    </div>
  );
}

/** The card goes; its row stays, and with it the place of whoever uses the keyboard. */
const focusRow = (): void => document.activeElement?.closest<HTMLElement>('li[tabindex]')?.focus();

interface WaitingProps {
  said: SaidItem;
  reads: boolean;
  closed: boolean;
  serverNow: number;
}

/** What the person said, and while no turn has it: that it is being read, or comes after the one that works. */
function Waiting({ said, reads, closed, serverNow }: WaitingProps) {
  if (!reads)
    return <Said content={said.content} note={said.taken || closed ? undefined : 'Answered next'} />;
  return (
    <>
      <Said content={said.content} />
      <article className="turn live" aria-label="Answer in progress">
        <ol className="line">
          <Between text="Reading your message" since={said.at} serverNow={serverNow} />
        </ol>
      </article>
    </>
  );
}

function useFollowing(
  log: React.RefObject<HTMLDivElement | null>,
  changes: unknown[],
): { more: boolean; go: () => void } {
  const atEnd = useRef(true);
  const [more, setMore] = useState(false);
  const go = useCallback((): void => {
    const node = log.current;
    if (node === null) return;
    node.scrollTop = node.scrollHeight;
    setMore(false);
  }, [log]);
  useEffect(() => {
    const node = log.current;
    if (node === null) return;
    const look = (): void => {
      atEnd.current = node.scrollHeight - node.scrollTop - node.clientHeight <= NEAR_PX;
      if (atEnd.current) setMore(false);
    };
    // A composer that grows, or a keyboard that comes up, takes room at the end.
    const resized = new ResizeObserver(() => (atEnd.current ? go() : undefined));
    node.addEventListener('scroll', look, { passive: true });
    resized.observe(node);
    return () => {
      node.removeEventListener('scroll', look);
      resized.disconnect();
    };
  }, [log, go]);
  useLayoutEffect(() => {
    if (atEnd.current) go();
    else setMore(true);
  }, changes);
  return { more, go };
}

/** When the part that had the focus is gone, the conversation has it, not the top of the page. */
function useKeptFocus(log: React.RefObject<HTMLDivElement | null>, items: unknown): void {
  const inside = useRef(false);
  useEffect(() => {
    const node = log.current;
    const note = (event: FocusEvent): void => {
      inside.current = event.target instanceof Node && node?.contains(event.target) === true;
    };
    document.addEventListener('focusin', note);
    return () => document.removeEventListener('focusin', note);
  }, [log]);
  useEffect(() => {
    if (inside.current && document.activeElement === document.body) {
      log.current?.focus({ preventScroll: true });
    }
  }, [items, log]);
}
