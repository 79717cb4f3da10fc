import type { Raced, Side } from './races';

const TERMINAL = ['completed', 'declined', 'failed', 'expired', 'cancelled'];
/** What each side makes of a task if it is the one. */
const MAKES: Record<Side, string> = {
  accept: 'accepted',
  decline: 'declined',
  cancel: 'cancelled',
  approve: 'in_progress',
  refuse: 'cancelled',
};

/** One outcome, and everybody is told that one: both sides, the workflow, the events, the question, each answer. */
export function expectOne({ told, events, question, ends, interactions }: Raced): void {
  const [end] = ends;
  expect(ends).toEqual([end, end, end]);
  expect(TERMINAL).toContain(end);
  expect(interactions).toBe(1);
  // One way through, without a fork: each event begins where the one before ended, and only the last one ends it.
  for (const [at, { from }] of events.entries()) expect(from).toBe(events[at - 1]?.to ?? '');
  expect(events.map(({ to }) => to).filter((to) => TERMINAL.includes(to))).toEqual([end]);
  expect(events.at(-1)?.to).toBe(end);
  const made = (side: Side): boolean =>
    events.some(({ from, to, actor }) =>
      side === 'approve' || side === 'refuse'
        ? from === 'waiting_human_confirm' && to === MAKES[side] && actor === 'person'
        : to === MAKES[side] && actor.startsWith('agt_'),
    );
  for (const { side, status, code, met, state } of told) {
    expect([side, told.some((one) => one.side === side && one.status === 200)]).toEqual([side, made(side)]);
    if (status === 200) continue;
    if (side === 'approve' || side === 'refuse') {
      expect([side, status, code]).toEqual(
        question === 'EXPIRED' ? [side, 410, 'confirmation_expired'] : [side, 409, 'confirmation_not_open'],
      );
      continue;
    }
    expect([side, status, code]).toEqual([side, 409, 'invalid_state_transition']);
    expect(events.map(({ to }) => to)).toContain(met);
    expect(state).toBeUndefined();
  }
  if (question !== null) expect(question).toBe(questionOf(events));
}

/** What became of a question, as the events of its task say. */
function questionOf(events: Raced['events']): string {
  const left = events.find(({ from }) => from === 'waiting_human_confirm');
  if (left?.to === 'in_progress') return 'APPROVED';
  if (left?.to === 'expired') return 'EXPIRED';
  return left?.actor === 'person' ? 'REFUSED' : 'WITHDRAWN';
}
