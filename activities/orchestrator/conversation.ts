import type Anthropic from '@anthropic-ai/sdk';
import type { ToldResult, TurnTranscript } from '../../db/conversation';

/** A turn that is no longer told, in one line. */
export interface Fact {
  number: number;
  fact: string;
}

/**
 * The conversation as the Messages API takes it, after the summary of what has left it. Results of tools and the next
 * thing said share one user message, and a step that was never answered (its turn was broken off) gets an answer,
 * since the API insists on one.
 */
export function toMessages(turns: TurnTranscript[], facts: Fact[] = []): Anthropic.MessageParam[] {
  const messages: Anthropic.MessageParam[] = [];
  const say = (block: Anthropic.ContentBlockParam): void => {
    const last = messages.at(-1);
    if (last?.role === 'user' && Array.isArray(last.content)) last.content.push(block);
    else messages.push({ role: 'user', content: [block] });
  };

  if (facts.length > 0) say({ type: 'text', text: summaryText(facts) });
  const newest = turns.at(-1);
  for (const turn of turns) {
    // Before the newest turn, and at the end: up to there the next request begins with the same.
    if (turn === newest) markStable(messages);
    say({
      type: 'text',
      text: turn.kind === 'user' ? userText(turn.content) : platformText('outcome', turn.content),
    });
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
          content: answer === undefined ? JSON.stringify({ status: 'not_run' }) : resultText(answer),
          is_error: answer?.isError ?? false,
        });
      }
    }
  }
  // It paused, or was broken off, without a tool: the API has the last word be ours.
  if (messages.at(-1)?.role === 'assistant') say({ type: 'text', text: GO_ON });
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

/** A person's words never pass for one of the platform's own marks. */
const userText = (content: string): string => content.replace(/<(?=\/?(?:outcome|summary|platform))/gi, '‹');

/** JSON under a mark of the platform's; without `<` in it, nothing that others wrote can end it early or begin another. */
const platformText = (mark: 'outcome' | 'summary', json: string): string =>
  `<${mark}>${json.replaceAll('<', '\\u003c')}</${mark}>`;

const GO_ON = '<platform>Go on.</platform>';

function summaryText(facts: Fact[]): string {
  const before = (facts[0]?.number ?? 1) - 1;
  const older = before === 0 ? [] : [`Turns 1 to ${before} are older and not told any more.`];
  return platformText('summary', JSON.stringify([...older, ...facts.map(({ fact }) => fact)]));
}

/** A result whose end was cut says so; its beginning is a quotation, and no JSON to be read. */
function resultText({ text, bytes }: ToldResult): string {
  const whole = Buffer.byteLength(text) >= bytes;
  return whole ? text : JSON.stringify({ cut: true, bytes, begins: text });
}
