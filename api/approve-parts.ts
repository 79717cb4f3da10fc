import type { Confirmation } from '../db/confirmations';
import type { Question } from '../db/questions';
import { CODE_MS, CODE_TRIES } from '../domain/confirmation';
import type { TaskStatus } from '../domain/task';
import { timeInWords } from '../domain/time-words';
import type { TimeStyle } from '../domain/time-words';
import { escaped } from './html';

/** In UTC; the page's script puts it into the time zone of whoever reads it. */
export const time = (iso: string, style: TimeStyle): string =>
  `<time datetime="${escaped(iso)}" data-style="${style}">${escaped(timeInWords(iso, style, 'UTC'))}</time>`;

/** Whose clock the times of the page go by. */
export const ZONE = '<span data-zone>UTC</span>';

/** What an agent or a person wrote: data, whichever way its letters run. */
export const said = (text: string): string => `<bdi>${escaped(text)}</bdi>`;

export const masked = (email: string): string => email.replace(/^(.)[^@]*/, '$1•••');

const LEVELS = {
  R0: { cells: 0, word: 'only looks' },
  R1: { cells: 1, word: 'can be undone' },
  R2: { cells: 2, word: 'acts for you' },
  R3: { cells: 3, word: 'cannot be undone' },
} as const;

/** Cells filled to the level, the level, and what it means. */
export function risk(level: Question['riskLevel']): string {
  const { cells, word } = LEVELS[level];
  const row = [1, 2, 3].map((at) => (at <= cells ? '<i class="on"></i>' : '<i></i>')).join('');
  return `<p class="risk ${level.toLowerCase()}"><span aria-hidden="true">${row}</span>${level} <em>· ${word}</em></p>`;
}

const MOST_OF_A_TITLE = 140;

/** What is to be done, short enough to be read at a glance; all of it stands in what will run. */
export function titleOf({ action, description, toName, taskType }: Question): string {
  if (action !== null) return `Let ${said(toName)} do ${said(action.replaceAll('_', ' '))}?`;
  const what = description ?? taskType.replaceAll('_', ' ');
  return `“${said(what.length > MOST_OF_A_TITLE ? `${what.slice(0, MOST_OF_A_TITLE)}…` : what)}”`;
}

const tile = (name: string): string =>
  `<span class="tile" aria-hidden="true">${escaped([...name].slice(0, 2).join(''))}</span>`;

export function whoAsksWhom(question: Question): string {
  const asker =
    question.sessionId === null
      ? `<b>${said(question.fromName)}</b><small>your agent ${escaped(question.fromSlug)}, asked ${time(question.createdAt, 'short')}</small>`
      : `Your chat <b>${said(question.chatTitle ?? 'New chat')}</b><small>asked ${time(question.createdAt, 'short')}</small>`;
  return `<section class="card" aria-labelledby="who"><h2 class="sr" id="who">Who asks whom</h2>
<div class="who"><div>${tile(question.sessionId === null ? question.fromName : question.personName)}<span>${asker}</span></div>
<span class="asks">asks</span>
<div>${tile(question.toName)}<span><b>${said(question.toName)}</b><small>${escaped(question.toSlug)}</small></span></div></div></section>`;
}

/** What the receiver gets, to the character that the hash is over. */
export function exactPayload(question: Question, { payloadHash }: Confirmation): string {
  const { action, description, payload, payloadRef } = question;
  const whole = {
    ...(action === null ? {} : { action }),
    ...(description === null ? {} : { description }),
    ...(payload === null ? {} : { payload }),
    ...(payloadRef === null ? {} : { payload_ref: payloadRef }),
  };
  const fingerprint = payloadHash.toString('hex').slice(0, 16).match(/.{4}/g)?.join(' ') ?? '';
  return `<section class="card" aria-labelledby="what"><h2 id="what">Exactly this will run</h2>
<pre class="payload">${escaped(visible(JSON.stringify(whole, null, 2)))}</pre>
<p class="hint">Fingerprint <code>${fingerprint}</code>. If one character changes, your approval is void.</p></section>`;
}

/** What a page would not show, or would show in another order, as JSON writes it: the same text to the character. */
const visible = (json: string): string =>
  json.replace(/(?!\n)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (hidden) =>
    Array.from({ length: hidden.length }, (_, at) => `\\u${hex(hidden.charCodeAt(at))}`).join(''),
  );
const hex = (unit: number): string => unit.toString(16).padStart(4, '0');

export const whyRisky = ({ riskLevel, riskReasons }: Question): string =>
  `<section class="card" aria-labelledby="why"><h2 id="why">Why this is ${riskLevel}</h2>
<ul class="why small">${riskReasons.map((reason) => `<li>${said(reason)}</li>`).join('')}</ul></section>`;

export function codeField(
  { personEmail }: Question,
  { codeHash, codeGood, codeTries, codeUntil }: Confirmation,
  typed: string,
): string {
  const to = escaped(masked(personEmail));
  const sent = codeHash !== null && codeGood && codeUntil !== null;
  const sentAt = sent ? new Date(Date.parse(codeUntil) - CODE_MS).toISOString() : null;
  const hint =
    sentAt === null
      ? `Six digits go to ${to}, good for ${CODE_MS / 60_000} minutes.`
      : codeTries >= CODE_TRIES
        ? 'Too many wrong codes: this one is worth nothing any more.'
        : `Sent ${time(sentAt, 'short')} to ${to}, good for ${CODE_MS / 60_000} minutes.`;
  return `<div class="field"><label for="code">Code from your mail <span class="quiet regular">(to approve)</span></label>
<span class="row"><input class="code-in" id="code" name="code" value="${escaped(typed)}" inputmode="numeric" autocomplete="one-time-code" pattern="[0-9]{6}" maxlength="6" required aria-describedby="code-hint"><button class="btn sm" name="do" value="send-code" formnovalidate>${sent ? 'Send a new code' : 'Send the code'}</button></span>
<small id="code-hint">${hint}</small></div>`;
}

type Knot = [kind: '' | 'wait' | 'now' | 'todo' | 'bad', words: string, at: string | null];

const WENT_ON: Record<TaskStatus, [Knot[0], (name: string) => string]> = {
  draft: ['now', (name) => `${name} is told`],
  pending_delivery: ['now', (name) => `${name} is told`],
  delivered: ['now', (name) => `${name} is told`],
  pending_accept: ['now', (name) => `${name} is told`],
  accepted: ['now', (name) => `${name} works on it`],
  waiting_human_confirm: ['now', (name) => `${name} works on it`],
  in_progress: ['now', (name) => `${name} works on it`],
  completed: ['', (name) => `${name} has done it`],
  declined: ['bad', (name) => `${name} declined it`],
  failed: ['bad', (name) => `${name} could not do it`],
  expired: ['bad', () => 'Its time was over before it was done'],
  cancelled: ['bad', () => 'It was cancelled before it was done'],
};

/** The line: what happened, what waits, what comes. */
export function whereItStands(question: Question, confirmation: Confirmation): string {
  const knots: Knot[] = [['', `Accepted by ${said(question.toName)}`, confirmation.askedAt]];
  knots.push(...decisionKnots(question, confirmation));
  const rows = knots.map(
    ([kind, words, at]) =>
      `<li${kind === '' ? '' : ` class="${kind}"`}><div class="step"><span>${words}</span>${at === null ? '' : `<span class="t">${time(at, 'short')}</span>`}</div></li>`,
  );
  return `<section class="card" aria-labelledby="stands"><h2 class="sr" id="stands">Where it stands</h2>
<ol class="line">${rows.join('')}</ol></section>`;
}

function decisionKnots(
  { toName, status, endedAt }: Question,
  { state, expired, decidedAt, remindedAt, remindAt, expiresAt }: Confirmation,
): Knot[] {
  if (state === 'OPEN' && !expired) {
    const reminder: [string, string | null] =
      remindedAt === null ? [', reminder by mail', remindAt] : [', reminded by mail', remindedAt];
    return [
      ['wait', `<b>Waiting for you</b>${reminder[0]}`, reminder[1]],
      ['todo', `${said(toName)} does it and reports`, null],
    ];
  }
  if (state === 'REFUSED') return [['', '<b>You declined it</b>', decidedAt]];
  if (state === 'WITHDRAWN') return [['bad', '<b>Cancelled</b> before you decided', endedAt]];
  if (state !== 'APPROVED') return [['bad', '<b>Nobody decided</b> in time', expiresAt]];
  const [kind, words] = WENT_ON[status];
  return [
    ['', '<b>You approved it</b>', decidedAt],
    [kind, words(said(toName)), endedAt],
  ];
}
