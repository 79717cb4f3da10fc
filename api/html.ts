import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** As text of a page or of an attribute. */
export const escaped = (text: string): string =>
  text
    .replace(/&/g, '&amp;')
    .replace(/</g, '&lt;')
    .replace(/>/g, '&gt;')
    .replace(/"/g, '&quot;')
    .replace(/'/g, '&#39;');

/** The stylesheet of the built pages, whose name has a hash in it. */
function stylesheet(webRoot: string | null): string {
  if (webRoot === null) return '';
  const href = /<link rel="stylesheet"[^>]* href="([^"]+)"/.exec(
    readFileSync(join(webRoot, 'index.html'), 'utf8'),
  )?.[1];
  return href === undefined ? '' : `<link rel="stylesheet" href="${escaped(href)}">`;
}

/** A script of the built pages, by its name; where there are no pages there is none. */
export const script = (webRoot: string | null, name: string): string =>
  webRoot === null ? '' : `<script type="module" src="/${escaped(name)}"></script>`;

interface Frame {
  /** as text */
  title: string;
  webRoot: string | null;
  /** what else stands in the head: tags that are safe */
  head?: string[];
  /** the whole body with its tag */
  body: string;
}

/** A page that the server writes itself: one head for all of them. */
export const htmlPage = ({ title, webRoot, head = [], body }: Frame): string => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escaped(title)} · Mooring</title>
<link rel="icon" href="/favicon.svg" type="image/svg+xml">
${[stylesheet(webRoot), ...head].join('\n')}
</head>
${body}
</html>
`;
