import { SENTINEL } from '../faults';
import { blocksOf } from '../request';
import type { ApiBlock, ApiMessage } from '../request';
import { isObject, readObject } from './tool-results';
import type { JsonObject } from './tool-results';

/** One tool call and what came back. `result` is null while nothing, or nothing readable, came back. */
export interface Step {
  id: string;
  tool: string;
  input: JsonObject;
  result: JsonObject | null;
  text: string;
  failed: boolean;
}

/** What one message of the person led to. `outcome`: it was no message but a late outcome from the platform. */
export interface Turn {
  message: string;
  outcome: JsonObject | null;
  steps: Step[];
  said: string[];
}

/** Reads the messages of a request as turns. Only what the person wrote opens one; tool results never do. */
export function readConversation(messages: ApiMessage[]): Turn[] {
  const turns: Turn[] = [];
  for (const message of messages) {
    const blocks = blocksOf(message);
    if (message.role === 'assistant') recordAssistant(turns, blocks);
    else {
      for (const block of blocks) if (block.type === 'tool_result') recordResult(turns, block);
      const text = textOf(blocks);
      if (text === '') continue;
      const outcome = readLateOutcome(text);
      if (outcome !== null) turns.push({ message: '', outcome, steps: [], said: [] });
      else if (message.role === 'user') turns.push(opened(text));
    }
  }
  return turns;
}

const opened = (text: string): Turn => ({
  message: text.replace(SENTINEL, '').trim(),
  outcome: null,
  steps: [],
  said: [],
});

const textOf = (blocks: ApiBlock[]): string =>
  blocks
    .map((block) => (block.type === 'text' ? block.text : ''))
    .filter((text) => text !== '')
    .join('\n')
    .trim();

function recordAssistant(turns: Turn[], blocks: ApiBlock[]): void {
  const turn = turns.at(-1);
  if (turn === undefined) return;
  for (const block of blocks) {
    if (block.type === 'text') turn.said.push(block.text);
    if (block.type !== 'tool_use') continue;
    const { id, name, input } = block;
    turn.steps.push({ id, tool: name, input, result: null, text: '', failed: false });
    if (name === 'send_orchestrator_message') turn.said.push(String(input['content']));
  }
}

function recordResult(turns: Turn[], block: Extract<ApiBlock, { type: 'tool_result' }>): void {
  const step = turns.flatMap((turn) => turn.steps).findLast(({ id }) => id === block.tool_use_id);
  if (step === undefined) return;
  const { content = '' } = block;
  step.text = typeof content === 'string' ? content : textOf(content.filter((part) => part.type === 'text'));
  step.result = readObject(step.text);
  step.failed = block.is_error === true;
}

const IDS = ['payment_id', 'task_id', 'prompt_id', 'tool_use_id'] as const;

/** A late outcome is one tagged JSON object with a status and the id of what was waited for. */
function readLateOutcome(text: string): JsonObject | null {
  if (!/^<([a-z_]+)[^>]*>[^]*<\/\1>$/.test(text)) return null;
  const value = readObject(text);
  if (value === null || typeof value['status'] !== 'string') return null;
  return IDS.some((id) => typeof value[id] === 'string') ? value : null;
}

/** The step a late outcome belongs to. */
export function awaitedStep(turns: Turn[], outcome: JsonObject): { turn: number; step: Step } | null {
  for (let turn = turns.length - 1; turn >= 0; turn -= 1) {
    const step = turns[turn]?.steps.findLast(({ id, result }) =>
      IDS.some((name) => {
        const wanted = outcome[name];
        return wanted !== undefined && (name === 'tool_use_id' ? id === wanted : result?.[name] === wanted);
      }),
    );
    if (step !== undefined) return { turn, step };
  }
  return null;
}

export const isRefusal = ({ failed, result }: Step): boolean =>
  failed || result === null || (isObject(result['error']) && result['status'] === undefined);
