import { isDeepStrictEqual } from 'node:util';
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

/** A result that came after its turn had ended, with what is known of the call it belongs to. */
export interface LateOutcome {
  result: JsonObject;
  call: { tool: string; input: JsonObject } | null;
}

/** What one message of the person led to. `outcome`: it was no message but a late outcome from the platform. */
export interface Turn {
  message: string;
  outcome: LateOutcome | null;
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
      for (const block of blocks) if (block.type === 'text') open(turns, block.text.trim(), message.role);
    }
  }
  return turns;
}

/** The summary of what is not told any more, and the word to go on after a pause: nothing was asked by them. */
const OF_PLATFORM = /^<(summary|platform)>/;

/** Each text is a message of its own: the API merges messages that follow each other into one of several blocks. */
function open(turns: Turn[], text: string, role: string): void {
  if (OF_PLATFORM.test(text)) return;
  const outcome = readLateOutcome(text);
  const message = outcome === null ? text.replace(SENTINEL, '').trim() : '';
  if (outcome !== null || (role === 'user' && text !== ''))
    turns.push({ message, outcome, steps: [], said: [] });
}

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

const IDS = ['payment_id', 'task_id', 'prompt_id', 'id'] as const;

/** A late outcome is one tagged JSON object: `{tool, input, result}`, or the result alone with the id waited for. */
function readLateOutcome(text: string): LateOutcome | null {
  if (!/^<([a-z_]+)[^>]*>[^]*<\/\1>$/.test(text)) return null;
  const value = readObject(text);
  if (value === null) return null;
  const { tool, input, result } = value;
  if (typeof tool === 'string' && isObject(input) && isObject(result))
    return { result, call: { tool, input } };
  const named = typeof value['status'] === 'string' && IDS.some((id) => typeof value[id] === 'string');
  return named ? { result: value, call: null } : null;
}

/** The step a late outcome belongs to: by its call where that is told, or else by the id. */
export function awaitedStep(
  turns: Turn[],
  { result, call }: LateOutcome,
): { turn: number; step: Step } | null {
  const belongs = (step: Step): boolean =>
    call === null
      ? IDS.some((id) => result[id] !== undefined && step.result?.[id] === result[id])
      : step.tool === call.tool &&
        isDeepStrictEqual(step.input, call.input) &&
        step.result?.['status'] === 'pending';
  for (let turn = turns.length - 1; turn >= 0; turn -= 1) {
    const step = turns[turn]?.steps.findLast(belongs);
    if (step !== undefined) return { turn, step };
  }
  return null;
}

/** Nothing came of a call that has no status of its own to say so. */
export const isRefusal = ({ failed, result }: Step): boolean =>
  failed || result === null || (isObject(result['error']) && result['status'] === undefined);
