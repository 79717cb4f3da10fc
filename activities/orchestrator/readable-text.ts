import type Anthropic from '@anthropic-ai/sdk';

/** The tool whose `content` is what the person reads. */
const SPEAKING_TOOL = 'send_orchestrator_message';

/** What the person reads of a whole answer: its text, and the content of send_orchestrator_message. */
export function readableText(content: readonly Record<string, unknown>[]): string {
  return join(
    content.map((block) => {
      if (block['type'] === 'text') return String(block['text']);
      if (block['type'] !== 'tool_use' || block['name'] !== SPEAKING_TOOL) return '';
      const input = block['input'];
      const written = typeof input === 'object' && input !== null && 'content' in input ? input.content : '';
      return typeof written === 'string' ? written : '';
    }),
  );
}

const join = (parts: string[]): string => parts.filter((part) => part !== '').join('\n\n');

/**
 * The same while the answer grows. The content is read from JSON that is not whole yet, to be looked at only:
 * nothing is done with it before the answer is.
 */
export function growingText(): { take: (event: Anthropic.MessageStreamEvent) => void; read: () => string } {
  const blocks: { kind: 'text' | 'json' | 'silent'; raw: string }[] = [];
  return {
    take(event) {
      if (event.type === 'content_block_start') {
        const { content_block: block } = event;
        if (block.type === 'text') blocks[event.index] = { kind: 'text', raw: block.text };
        else {
          const speaks = block.type === 'tool_use' && block.name === SPEAKING_TOOL;
          blocks[event.index] = { kind: speaks ? 'json' : 'silent', raw: '' };
        }
      }
      if (event.type !== 'content_block_delta') return;
      const block = blocks[event.index];
      if (block === undefined) return;
      if (event.delta.type === 'text_delta') block.raw += event.delta.text;
      if (event.delta.type === 'input_json_delta') block.raw += event.delta.partial_json;
    },
    read: () =>
      join(
        blocks.map(({ kind, raw }) => (kind === 'text' ? raw : kind === 'json' ? growingContent(raw) : '')),
      ),
  };
}

/** The value of "content" as far as it has come; an escape that is cut in two waits for its rest. */
export function growingContent(json: string): string {
  const [, open = ''] = /^\s*\{\s*"content"\s*:\s*"((?:[^"\\]|\\u[0-9a-fA-F]{4}|\\[^u])*)/.exec(json) ?? [];
  try {
    return String(JSON.parse(`"${open}"`)).replace(/[\uD800-\uDBFF]$/, '');
  } catch {
    return '';
  }
}
