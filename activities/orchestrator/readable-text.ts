/** The tool whose `content` is what the person reads. */
export const SPEAKING_TOOL = 'send_orchestrator_message';

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

/** The value of "content" as far as it has come; an escape that is cut in two waits for its rest. */
export function growingContent(json: string): string {
  const [, open = ''] = /^\s*\{\s*"content"\s*:\s*"((?:[^"\\]|\\u[0-9a-fA-F]{4}|\\[^u])*)/.exec(json) ?? [];
  try {
    return String(JSON.parse(`"${open}"`)).replace(/[\uD800-\uDBFF]$/, '');
  } catch {
    return '';
  }
}
