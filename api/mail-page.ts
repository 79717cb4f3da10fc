import { escaped, htmlPage } from './html';

export interface Mail {
  id: string;
  at: string;
  to: string;
  from: string;
  subject: string;
  text: string;
  html: string;
}

/** The mailbox as a page without scripts. A mail's HTML is shown as text, and in a frame that may do nothing. */
export function mailPage({
  mails,
  older,
  to,
  webRoot,
}: {
  mails: Mail[];
  /** What was sent before these and is on the next page. */
  older: { count: number; before: number } | null;
  to: string;
  webRoot: string | null;
}): string {
  const none = to === '' ? 'Nothing has been sent yet.' : `Nothing has been sent to ${to}.`;
  const list = mails.length === 0 ? `<p class="quiet">${escaped(none)}</p>` : mails.map(article).join('\n');
  return htmlPage({
    title: 'Development mailbox',
    webRoot,
    body: `<body>
<main class="mails" id="main">
<h1>Development mailbox</h1>
<p class="quiet">What was sent by mail on this machine, newest first. None of it has left the machine.</p>
<form method="get" action="/dev/mail">
<label for="to">Sent to</label>
<input id="to" name="to" type="text" inputmode="email" autocomplete="off" value="${escaped(to)}">
<button class="btn" type="submit">Show</button>
</form>
${list}
${older === null ? '' : link(older, to)}
</main>
</body>`,
  });
}

function link({ count, before }: { count: number; before: number }, to: string): string {
  const query = new URLSearchParams({ ...(to === '' ? {} : { to }), before: String(before) });
  const words = count === 1 ? 'One older mail' : `${count} older mails`;
  return `<p><a href="/dev/mail?${escaped(query.toString())}">${words}</a></p>`;
}

function article({ id, at, to, from, subject, text, html }: Mail): string {
  const frame = `<iframe sandbox="" title="The mail as HTML" srcdoc="${escaped(html)}"></iframe>`;
  const asHtml = html === '' ? '' : `<details><summary>As HTML</summary>${frame}</details>`;
  return `<article class="card" id="${escaped(id)}">
<h2><bdi>${escaped(subject === '' ? '(no subject)' : subject)}</bdi></h2>
<p class="small quiet">To <bdi>${escaped(to)}</bdi>, from <bdi>${escaped(from)}</bdi>, <time datetime="${escaped(at)}">${escaped(at)}</time></p>
<pre tabindex="0">${escaped(text === '' ? '(no text)' : text)}</pre>
${asHtml}
</article>`;
}
