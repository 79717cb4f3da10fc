import createDOMPurify from 'dompurify';
import { Marked } from 'marked';
import type { Token, Tokens } from 'marked';

const escape = (text: string): string =>
  text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;').replace(/"/g, '&quot;');

// HTML in an answer is shown as the text it is, and a picture by its description: nothing is fetched from elsewhere.
const marked = new Marked({
  renderer: { html: ({ text }) => escape(text), image: ({ text }) => escape(text) },
});

const purify = createDOMPurify(window);
const ALLOWED = {
  ALLOWED_TAGS: [
    'p',
    'br',
    'strong',
    'em',
    'del',
    'code',
    'pre',
    'blockquote',
    'ul',
    'ol',
    'li',
    'hr',
    'a',
    'input',
    'h1',
    'h2',
    'h3',
    'h4',
    'h5',
    'h6',
    'table',
    'thead',
    'tbody',
    'tr',
    'th',
    'td',
  ],
  ALLOWED_ATTR: ['href', 'align', 'start', 'type', 'checked', 'disabled'],
  ALLOW_DATA_ATTR: false,
};

/** Links say where they lead, and leave no trace of where they came from. */
purify.addHook('afterSanitizeAttributes', (node) => {
  if (node.nodeName !== 'A') return;
  const href = node.getAttribute('href') ?? '';
  const url = /^https?:/i.test(href) ? URL.parse(href) : null;
  if (url === null) return node.removeAttribute('href');
  node.setAttribute('rel', 'noopener noreferrer nofollow');
  node.setAttribute('target', '_blank');
  if (!(node.textContent ?? '').includes(url.host)) node.append(` (${url.host})`);
});

export type Block =
  | { kind: 'code'; raw: string; language: string; text: string }
  | { kind: 'table'; raw: string; html: string }
  | { kind: 'html'; raw: string; html: string };

/** The blocks of a text. All but the last are finished, and stay as they are while the text grows. */
export function lexBlocks(text: string): Token[] {
  return marked.lexer(text).filter(({ type }) => type !== 'space' && type !== 'def');
}

export function renderBlock(token: Token): Block {
  if (token.type === 'code') {
    const { raw, lang = '', text } = token as Tokens.Code;
    return { kind: 'code', raw, language: /^[\w+#.-]{0,20}/.exec(lang)?.[0] ?? '', text };
  }
  const html = purify.sanitize(marked.parser([token]), ALLOWED);
  return { kind: token.type === 'table' ? 'table' : 'html', raw: token.raw, html };
}
