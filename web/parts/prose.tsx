import { memo, useMemo } from 'react';
import type { Token } from 'marked';
import { CopyButton } from './copy-button';
import { lexBlocks, renderBlock } from './markdown';

/** An answer. Finished blocks are drawn once; only the last one is drawn again as the text grows. */
export const Prose = memo(function Prose({ text }: { text: string }) {
  const blocks = useMemo(() => lexBlocks(text), [text]);
  return (
    <div className="prose">
      {blocks.map((token, index) => (
        <Block key={index} token={token} />
      ))}
    </div>
  );
});

const Block = memo(
  function Block({ token }: { token: Token }) {
    const block = renderBlock(token);
    switch (block.kind) {
      case 'code':
        return (
          <figure className="codeblock">
            <header>
              <span>{block.language || 'Text'}</span>
              <CopyButton text={block.text} />
            </header>
            <pre tabIndex={0}>
              <code>{block.text}</code>
            </pre>
          </figure>
        );
      case 'table':
        return (
          <div
            className="tbl"
            tabIndex={0}
            role="region"
            aria-label="Table"
            dangerouslySetInnerHTML={{ __html: block.html }}
          />
        );
      case 'html':
        return <div className="block" dangerouslySetInnerHTML={{ __html: block.html }} />;
    }
  },
  (before, after) => before.token.raw === after.token.raw,
);
