import type { Confirmation } from '../db/confirmations';
import type { Question } from '../db/questions';
import { escaped, stylesheet } from './html';

/** What the page of an approval shows. */
export interface Approval {
  question: Question;
  confirmation: Confirmation;
  /** what would run is still what was asked for */
  bound: boolean;
}

const LEVELS = { R0: '', R1: '', R2: 'acts for you', R3: 'cannot be undone' } as const;

/** The page of an approval: one form, no scripts. `notice` says what a press came to when it did not decide. */
export function approvePage(
  { question, confirmation, bound }: Approval,
  { webRoot, notice, action }: { webRoot: string | null; notice: string | null; action: string },
): string {
  const what = question.description ?? question.action ?? question.taskType;
  const open = confirmation.state === 'OPEN' && !confirmation.expired;
  const said = notice === null ? '' : `<p class="notice" role="alert">${escaped(notice)}</p>`;
  const right = open ? form({ question, confirmation, bound, action }) : outcome(confirmation);
  return page({
    title: open ? `${question.riskLevel}: your yes or no` : 'An approval',
    webRoot,
    head: `For ${escaped(question.personName)}, by a link sent to ${escaped(masked(question.personEmail))}`,
    body: `<div>
<p class="risk-level ${question.riskLevel.toLowerCase()}">${question.riskLevel} · ${LEVELS[question.riskLevel]}</p>
<h1><bdi>${escaped(what)}</bdi></h1>
<p class="quiet">${open ? `Nothing has run yet. ${escaped(question.toName)} waits for your decision.` : ''}</p>
${said}
<section class="card"><h2>Who asks whom</h2>
<div class="who"><div><b><bdi>${escaped(question.fromName)}</bdi></b><small>your agent ${escaped(question.fromSlug)}, asked ${time(question.createdAt)}</small></div>
<span class="quiet">asks</span>
<div><b><bdi>${escaped(question.toName)}</bdi></b><small>${escaped(question.toSlug)}</small></div></div></section>
<section class="card"><h2>Exactly this will run</h2>
<pre class="payload">${escaped(payloadOf(question))}</pre>
<p class="hint">Fingerprint <code>${confirmation.payloadHash.toString('hex').slice(0, 16)}</code>. If one character changes, your approval is void.</p></section>
<section class="card"><h2>Why this is ${question.riskLevel}</h2>
<ul>${question.riskReasons.map((reason) => `<li>${escaped(reason)}</li>`).join('')}</ul></section>
</div>
<div class="decision" id="decision">${right}</div>`,
  });
}

/** A link that leads to no question. */
export const noQuestionPage = (webRoot: string | null, message: string): string =>
  page({ title: 'No such question', webRoot, head: '', body: `<div><h1>${escaped(message)}</h1></div>` });

/** Enter never decides: the first submit of the form is the inert one. */
function form({ question, confirmation, bound, action }: Approval & { action: string }): string {
  const left = `${spanOf(Date.parse(confirmation.expiresAt) - Date.now())} were left when this page opened. After that the task expires and nothing is done.`;
  const approve = bound
    ? `<button class="btn ${question.riskLevel === 'R3' ? 'danger' : 'primary'} big full" name="do" value="approve">Approve</button>`
    : '<p class="notice">What would run is no longer what you were asked for: it cannot be approved any more.</p>';
  return `<form class="card" method="post" action="${escaped(action)}" aria-label="Your decision">
<button class="sr" name="do" value="review" tabindex="-1" aria-hidden="true" formnovalidate>Show again</button>
<div class="until"><span class="small">Decide before</span><b>${time(confirmation.expiresAt)}</b><span class="small quiet">${escaped(left)}</span></div>
<label>Note <span class="quiet">(kept with the decision)</span><textarea name="note" rows="2" maxlength="500"></textarea></label>
${question.riskLevel === 'R3' && bound ? codeField(question, confirmation) : ''}
${approve}
<button class="btn big full" name="do" value="decline" formnovalidate>Decline</button>
<p class="hint">Opening this page decided nothing. The first decision counts, and this link ends with it.</p>
</form>`;
}

const codeField = ({ personEmail }: Question, { codeHash, codeGood }: Confirmation): string => {
  const sent = codeHash !== null && codeGood;
  const hint = `A code of six digits goes to ${masked(personEmail)}; it is good for 10 minutes and five tries.`;
  return `<label>Code from your mail <span class="quiet">(to approve)</span>
<input name="code" inputmode="numeric" autocomplete="one-time-code" pattern="[0-9]{6}" maxlength="6" required></label>
<button class="btn full" name="do" value="send-code" formnovalidate>${sent ? 'Send a new code' : 'Send the code'}</button>
<p class="hint">${escaped(hint)}</p>`;
};

const OUTCOMES = {
  APPROVED: 'You approved it',
  REFUSED: 'You declined it: nothing was done',
  EXPIRED: 'This approval expired: nothing was done. Ask again',
  WITHDRAWN: 'The task was cancelled before anybody decided: nothing was done',
  OPEN: 'The time of this approval is over: nothing was done. Ask again',
} as const;

function outcome({ state, decidedAt, expiresAt, note }: Confirmation): string {
  const at = decidedAt ?? (state === 'WITHDRAWN' ? null : expiresAt);
  return `<section class="card" role="status"><h2>${OUTCOMES[state]}.</h2>
${at === null ? '' : `<p>${time(at)}</p>`}${note === null ? '' : `<p class="quiet">“<bdi>${escaped(note)}</bdi>”</p>`}
<p class="hint">This link decides nothing any more.</p></section>`;
}

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
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
<title>${escaped(title)} · Mooring</title>
<link rel="icon" href="/favicon.svg" type="image/svg+xml">
${stylesheet(webRoot)}
</head>
<body>
<header class="approve-head"><span class="brand">Mooring</span><span>${head}</span></header>
<main class="decide" id="main">
${body}
</main>
</body>
</html>
`;
}

/** What the receiver gets, to the character that the hash is over. */
const payloadOf = ({ action, description, payload, payloadRef }: Question): string =>
  JSON.stringify(
    {
      ...(action === null ? {} : { action }),
      ...(description === null ? {} : { description }),
      ...(payload === null ? {} : { payload }),
      ...(payloadRef === null ? {} : { payload_ref: payloadRef }),
    },
    null,
    2,
  );

const DAY = new Intl.DateTimeFormat('en-GB', { dateStyle: 'full', timeStyle: 'short', timeZone: 'UTC' });
const time = (iso: string): string =>
  `<time datetime="${escaped(iso)}">${escaped(DAY.format(new Date(iso)))} UTC</time>`;

function spanOf(ms: number): string {
  const minutes = Math.max(0, Math.floor(ms / 60_000));
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

const masked = (email: string): string => email.replace(/^(.)[^@]*/, '$1•••');
