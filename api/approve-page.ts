import type { Confirmation } from '../db/confirmations';
import type { Question } from '../db/questions';
import { spanInWords } from '../domain/time-words';
import {
  codeField,
  exactPayload,
  masked,
  risk,
  said,
  time,
  titleOf,
  whereItStands,
  whoAsksWhom,
  whyRisky,
  ZONE,
} from './approve-parts';
import { escaped, htmlPage, script } from './html';

/** What the page of an approval shows. */
export interface Approval {
  question: Question;
  confirmation: Confirmation;
  /** what would run is still what was asked for */
  bound: boolean;
}

/** How the page was come by, and what a press on it came to when it did not decide. */
export interface Showing {
  webRoot: string | null;
  /** where the form goes */
  action: string;
  by: 'link' | 'sign-in';
  notice: string | null;
  typed: { note: string; code: string };
}

export const isOpen = ({ state, expired }: Confirmation): boolean => state === 'OPEN' && !expired;

/** The page of an approval: one form that works without scripts; after the decision, what became of it. */
export function approvePage(approval: Approval, showing: Showing): string {
  const { question, confirmation } = approval;
  const open = isOpen(confirmation);
  const { personName, personEmail } = question;
  const way = showing.by === 'link' ? `, by a link sent to ${masked(personEmail)}` : '';
  return page({
    title: open ? `${question.riskLevel}: your yes or no` : 'An approval',
    webRoot: showing.webRoot,
    head: `For ${said(personName)}${escaped(way)}`,
    body: open ? askingBody(approval, showing) : outcomeBody(approval, showing.notice),
  });
}

function askingBody(approval: Approval, { notice, action, typed }: Showing): string {
  const { question, confirmation, bound } = approval;
  return `<div>
${risk(question.riskLevel)}
<h1>${titleOf(question)}</h1>
<p class="quiet">Nothing has run yet. ${said(question.toName)} waits for your decision.</p>
<p class="only-narrow small"><b>Decide before ${time(confirmation.expiresAt, 'short')}.</b> <a href="#decision">Go to the decision</a></p>
${noticeOf(notice)}
${whoAsksWhom(question)}
${exactPayload(question, confirmation)}
${whyRisky(question)}
</div>
<div class="decision" id="decision">
${form({ ...approval, action, typed, bound })}
${whereItStands(question, confirmation)}
</div>`;
}

const noticeOf = (notice: string | null): string =>
  notice === null ? '' : `<p class="notice wait" role="alert">${escaped(notice)}</p>`;

/** Enter never decides: the first submit of the form is the inert one. */
function form({
  question,
  confirmation,
  bound,
  action,
  typed,
}: Approval & Pick<Showing, 'action' | 'typed'>): string {
  const left = spanInWords(Date.parse(confirmation.expiresAt) - Date.now());
  const opened = time(new Date().toISOString(), 'short');
  const approve = bound
    ? `<button class="btn ${question.riskLevel === 'R3' ? 'danger' : 'primary'} big full" name="do" value="approve">Approve: this is done, now</button>`
    : '<p class="notice bad">What would run is no longer what you were asked for: it cannot be approved any more.</p>';
  return `<form class="card" method="post" action="${escaped(action)}" aria-label="Your decision">
<button class="sr" name="do" value="review" tabindex="-1" aria-hidden="true" formnovalidate>Show again</button>
<div class="until"><span class="small t-wait">Decide before</span><b>${time(confirmation.expiresAt, 'day')}</b>
<span class="small quiet">${ZONE}. ${left} were left when this page opened, ${opened}. After that the task expires and nothing is done.</span></div>
<div class="pad">
<div class="field"><label for="note">Note <span class="quiet regular">(kept with the decision)</span></label><textarea id="note" name="note" rows="2" maxlength="500">${escaped(typed.note)}</textarea></div>
${question.riskLevel === 'R3' && bound ? codeField(question, confirmation, typed.code) : ''}
<div class="answers">${approve}
<button class="btn big full" name="do" value="decline" formnovalidate>Decline: nothing is done</button></div>
<p class="hint">Opening this page decided nothing. The first decision counts, and this question ends with it.</p>
</div></form>`;
}

const OUTCOMES = {
  APPROVED: 'You approved it.',
  REFUSED: 'You declined it: nothing was done.',
  EXPIRED: 'This approval expired: nothing was done. Ask again.',
  WITHDRAWN: 'The task was cancelled before anybody decided: nothing was done.',
  OPEN: 'The time of this approval is over: nothing was done. Ask again.',
} as const;

function outcomeBody({ question, confirmation }: Approval, notice: string | null): string {
  const { state, note, decidedAt, expiresAt } = confirmation;
  const at = decidedAt ?? (state === 'WITHDRAWN' ? question.endedAt : expiresAt);
  return `<div class="outcome" id="decision">
${risk(question.riskLevel)}
<h1>${titleOf(question)}</h1>
${noticeOf(notice)}
<section class="card" role="status"><h2 tabindex="-1">${OUTCOMES[state]}</h2>
${at === null ? '' : `<p class="small quiet">${time(at, 'day')}, ${ZONE}</p>`}${note === null ? '' : `<p class="small">Your note: “${said(note)}”</p>`}
<p class="hint">This page decides nothing any more.</p></section>
${whereItStands(question, confirmation)}
</div>`;
}

/** Why there is no question to be shown. */
export const wordsPage = (
  webRoot: string | null,
  { title, words, hint }: { title: string; words: string; hint: string },
): string =>
  page({
    title,
    webRoot,
    head: '',
    body: `<div class="outcome" id="decision"><h1>${escaped(title)}</h1><section class="card"><p>${escaped(words)}</p>
<p class="hint">${escaped(hint)}</p></section></div>`,
  });

function page({
  title,
  webRoot,
  head,
  body,
}: {
  title: string;
  webRoot: string | null;
  head: string;
  body: string;
}): string {
  return htmlPage({
    title,
    webRoot,
    head: ['<meta name="robots" content="noindex">', script(webRoot, 'local-times.js')],
    body: `<body class="approve">
<header class="approve-head"><span class="brand"><svg viewBox="0 0 24 24" aria-hidden="true"><path d="M4.5 4.5v15M19.5 4.5v15"/><path d="M4.5 7.5c2.6 9 12.4 9 15 0"/></svg>Mooring</span><span>${head}</span></header>
<main class="decide" id="main">
${body}
</main>
</body>`,
  });
}
