import { escaped, htmlPage } from './html';
import type { ReceiptClaims } from './receipts';

interface Showing {
  webRoot: string | null;
  typed: string;
  /** what the check came to; `claims` null: it is no receipt of ours */
  found: { claims: ReceiptClaims | null } | null;
}

/** The page that verifies a receipt, without scripts and for anybody who has one. */
export function receiptPage({ webRoot, typed, found }: Showing): string {
  return htmlPage({
    title: 'Verify a receipt',
    webRoot,
    body: `<body>
<main class="mails" id="main">
<h1>Verify a receipt</h1>
<p class="quiet">Whoever has the receipt of a payment can see here whether this platform signed it, and what it says. The keys for a check of your own are at <a href="/.well-known/jwks.json">/.well-known/jwks.json</a>.</p>
${found === null ? '' : verdict(found.claims)}
<form method="post" action="/receipts">
<label for="receipt">The receipt</label>
<textarea id="receipt" name="receipt" rows="6" required maxlength="8000" spellcheck="false" autocomplete="off">${escaped(typed)}</textarea>
<button class="btn" type="submit">Verify</button>
</form>
</main>
</body>`,
  });
}

function verdict(claims: ReceiptClaims | null): string {
  if (claims === null) {
    return `<section class="card" role="status">
<h2>This is not a receipt of ours</h2>
<p>It was changed, is not whole, or somebody else signed it. Nothing follows from what it says.</p>
</section>`;
  }
  const rows: [string, string][] = [
    ['Paid', `${claims.paid_usdc} ${claims.currency}`],
    ['of it the platform’s fee', `${claims.fee_usdc} ${claims.currency}`],
    ['Approved', `${claims.approved_usdc} ${claims.currency}`],
    ['To', `${claims.agent_name} (${claims.agent_id})`],
    ['For', claims.action],
    ['At', claims.paid_at],
    ['Payment', claims.jti],
    ['Task', claims.task_id ?? 'none'],
    ['Signed by', claims.iss],
  ];
  const list = rows
    .map(([name, value]) => `<dt>${name}</dt><dd><bdi>${escaped(value)}</bdi></dd>`)
    .join('\n');
  return `<section class="card" role="status">
<h2>Signed by this platform, and unchanged</h2>
<dl class="facts">
${list}
</dl>
</section>`;
}
