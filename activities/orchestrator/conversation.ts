import type Anthropic from '@anthropic-ai/sdk';
import type { TurnTranscript } from '../../db/conversation';

/**
 * The conversation as the Messages API takes it. Results of tools and the next thing said share one user message,
 * and a step that was never answered (its turn was broken off) gets an answer, since the API insists on one.
 */
export function toMessages(turns: TurnTranscript[]): Anthropic.MessageParam[] {
  const messages: Anthropic.MessageParam[] = [];
  const say = (block: Anthropic.ContentBlockParam): void => {
    const last = messages.at(-1);
    if (last?.role === 'user' && Array.isArray(last.content)) last.content.push(block);
    else messages.push({ role: 'user', content: [block] });
  };

  const newest = turns.at(-1);
  for (const turn of turns) {
    // Before the newest turn, and at the end: up to there the next request begins with the same.
    if (turn === newest) markStable(messages);
    say({ type: 'text', text: turn.kind === 'user' ? userText(turn.content) : outcomeText(turn.content) });
    for (const step of turn.steps) {
      // Stored as the API sent them, so they are sent back unchanged, but for blanks, which it does not take back.
      const content = (step.content as unknown as Anthropic.ContentBlockParam[])
        .filter(isSaid)
        .map((block) => ({ ...block }));
      if (content.length === 0) continue;
      messages.push({ role: 'assistant', content });
      for (const block of content) {
        if (block.type !== 'tool_use') continue;
        const answer = step.results.find(({ toolUseId }) => toolUseId === block.id);
        say({
          type: 'tool_result',
          tool_use_id: block.id,
          content: JSON.stringify(answer?.result ?? { status: 'not_run' }),
          is_error: answer?.isError ?? false,
        });
      }
    }
  }
  markStable(messages);
  return messages;
}

/** Lets the model's server keep what was read up to the last block, where that may carry the mark. */
function markStable(messages: Anthropic.MessageParam[]): void {
  const block = messages.flatMap(({ content }) => (Array.isArray(content) ? content : [])).at(-1);
  if (block?.type === 'text' || block?.type === 'tool_use' || block?.type === 'tool_result')
    block.cache_control = { type: 'ephemeral' };
}

const isSaid = (block: Anthropic.ContentBlockParam): boolean =>
  block.type !== 'text' || block.text.trim() !== '';

/** A person's words never pass for the platform's own mark. */
const userText = (content: string): string => content.replace(/<(?=\/?outcome)/gi, '‹');

/** A late outcome is JSON; without `<` in it, nothing that an agent wrote can end it early or begin another. */
const outcomeText = (content: string): string => `<outcome>${content.replaceAll('<', '\\u003c')}</outcome>`;
