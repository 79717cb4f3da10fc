import { useEffect, useRef, useState } from 'react';
import type { ChatSnapshot } from '../session/chat-store';
import { remainingWords } from '../state/clock';
import { countWords } from '../state/pasted';
import { liveTurn, openConfirmations, openPayments, openQuestions, viewOf } from '../state/turn-view';
import type { Confirmation, Question, Turn } from '../state/conversation';

const STEP_EVERY_MS = 3_000;
const LOSS_MS = 5_000;

/** What is said aloud: steps and the answer politely, questions and losses at once. */
export function LiveRegions({ snapshot, serverNow }: { snapshot: ChatSnapshot; serverNow: number }) {
  return (
    <>
      <p className="sr" role="status" aria-live="polite">
        {usePolite(snapshot)}
      </p>
      <p className="sr" role="alert" aria-live="assertive">
        {useUrgent(snapshot, serverNow)}
      </p>
    </>
  );
}

function usePolite({ transcript, loaded }: ChatSnapshot): string {
  const [said, setSaid] = useState('');
  const saidAt = useRef(0);
  const was = useRef<Turn | null>(null);
  const turn = liveTurn(transcript);
  const step = turn?.parts.findLast((part) => part.kind === 'step');
  const words = step?.kind === 'step' ? step.text : '';
  useEffect(() => {
    const before = was.current;
    was.current = turn;
    if (!loaded) return;
    const ended = transcript.items.find((item) => item.kind === 'turn' && item.id === before?.id);
    if (before !== null && ended?.kind === 'turn' && ended.end !== null) {
      const answer = viewOf(ended).answer?.text ?? ended.end.text ?? '';
      const stopped = ended.end.outcome === 'cancelled';
      setSaid(stopped ? 'Stopped' : `Answer ready, ${countWords(answer)} words`);
      return;
    }
    if (words === '') return;
    const wait = Math.max(0, saidAt.current + STEP_EVERY_MS - Date.now());
    const timer = setTimeout(() => {
      saidAt.current = Date.now();
      setSaid(words);
    }, wait);
    return () => clearTimeout(timer);
  }, [turn, words, loaded, transcript.items]);
  return said;
}

function useUrgent({ transcript, connection, refused, loaded }: ChatSnapshot, serverNow: number): string {
  const [lost, setLost] = useState(false);
  const away = connection.kind === 'waiting' || connection.kind === 'connecting';
  useEffect(() => {
    setLost(false);
    if (!away) return;
    const timer = setTimeout(() => setLost(true), LOSS_MS);
    return () => clearTimeout(timer);
  }, [away]);
  if (lost) return 'The connection is lost. Nothing is lost: the work goes on without this page.';
  if (refused !== null) return `Not sent: ${refused.message}`;
  if (!loaded || transcript.closed !== null) return '';
  const [ask] = openPayments(transcript);
  if (ask === undefined) {
    const [question] = openQuestions(transcript);
    if (question !== undefined) return questionWords(question, serverNow);
    const [risky] = openConfirmations(transcript);
    return risky === undefined ? '' : riskyWords(risky, serverNow);
  }
  const { agent_name: agent, amount_usdc: amount, expires_at: expiresAt } = ask.fate.request;
  const leftMs = Date.parse(expiresAt) - serverNow;
  if (leftMs <= 0) return `The offer of ${agent} has run out.`;
  return `Waiting for you: approve ${amount} USDC for ${agent}?${lastMinute(leftMs)}`;
}

function questionWords({ prompt }: Question, serverNow: number): string {
  const leftMs = Date.parse(prompt.expires_at) - serverNow;
  if (leftMs <= 0) return 'The time for the question is over.';
  return `A question for you: ${prompt.question}${lastMinute(leftMs)}`;
}

function riskyWords({ request }: Confirmation, serverNow: number): string {
  const leftMs = Date.parse(request.expires_at) - serverNow;
  if (leftMs <= 0) return 'The time to confirm is over.';
  return `Waiting for you: ${request.summary} Confirm or decline.${lastMinute(leftMs)}`;
}

/** A countdown is spoken on arrival, at one minute and at its end. */
const lastMinute = (leftMs: number): string => (leftMs <= 60_000 ? ` ${remainingWords(60_000)}.` : '');
