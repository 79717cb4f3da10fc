import { setTimeout as delay } from 'node:timers/promises';
import { errorBody } from './api-error';
import type { Fault } from './faults';
import type { InputUsage } from './prompt-cache';
import type { PlayedAnswer } from './scenes';
import type { Reply } from './planner/plan';
import { splitIntoPieces, countTokens } from './tokens';

// An answer is read while it comes; the input of another tool is only waited for, so it comes in bigger pieces.
const ANSWER_PIECES = 200;
const INPUT_PIECES = 40;
const PING_EVERY = 50;

export interface Draft {
  id: string;
  toolUseId: string;
  model: string;
  input: InputUsage;
  maxTokens: number;
  reply: Reply;
}

export type StopReason = 'end_turn' | 'tool_use' | 'max_tokens';

/** The reply as it is sent: its pieces, cut at max_tokens as the API cuts them. */
export function piecesOf({ reply, maxTokens }: Draft): {
  pieces: string[];
  tokens: number;
  stop: StopReason;
} {
  const whole = reply.kind === 'say' ? reply.text : JSON.stringify(reply.input);
  const answers = reply.kind === 'say' || reply.tool === 'send_orchestrator_message';
  const fits = countTokens(whole) <= maxTokens;
  const sent = fits ? whole : [...whole].slice(0, maxTokens * 4).join('');
  return {
    pieces: splitIntoPieces(sent, answers ? ANSWER_PIECES : INPUT_PIECES),
    tokens: Math.min(countTokens(whole), maxTokens),
    stop: fits ? (reply.kind === 'say' ? 'end_turn' : 'tool_use') : 'max_tokens',
  };
}

export function usageOf(input: InputUsage, outputTokens: number): Record<string, unknown> {
  return {
    input_tokens: input.input,
    output_tokens: outputTokens,
    cache_creation: null,
    cache_creation_input_tokens: input.cacheWrite,
    cache_read_input_tokens: input.cacheRead,
    inference_geo: null,
    output_tokens_details: null,
    server_tool_use: null,
    service_tier: 'standard',
    speed: null,
  };
}

/** The message object; empty for `message_start`, whole for an answer that is not streamed. */
export function messageOf(
  draft: Draft,
  content: unknown[],
  end: { stop: StopReason | null; tokens: number },
): unknown {
  return {
    id: draft.id,
    type: 'message',
    role: 'assistant',
    model: draft.model,
    container: null,
    diagnostics: null,
    content,
    stop_reason: end.stop,
    stop_sequence: null,
    stop_details: null,
    usage: usageOf(draft.input, end.tokens),
  };
}

export function wholeMessage(draft: Draft): unknown {
  const { pieces, tokens, stop } = piecesOf(draft);
  const { reply } = draft;
  const block =
    reply.kind === 'say'
      ? { type: 'text', text: pieces.join(''), citations: null }
      : // Half an object cannot be sent as one: the API then has no input either.
        {
          type: 'tool_use',
          id: draft.toolUseId,
          name: reply.tool,
          input: stop === 'max_tokens' ? {} : reply.input,
        };
  return messageOf(draft, [block], { stop, tokens });
}

/** Plays an answer that no plan gives, as it stands, without delays. */
export function streamScene(
  { answer, draft }: { answer: PlayedAnswer; draft: Draft },
  { write, writeRaw }: { write: StreamOptions['write']; writeRaw: (text: string) => void },
): void {
  write('message_start', { type: 'message_start', message: messageOf(draft, [], { stop: null, tokens: 1 }) });
  for (const [index, { start, deltas }] of answer.blocks.entries()) {
    write('content_block_start', { type: 'content_block_start', index, content_block: start });
    for (const delta of deltas) write('content_block_delta', { type: 'content_block_delta', index, delta });
    write('content_block_stop', { type: 'content_block_stop', index });
  }
  if (answer.flaw === 'garbled') writeRaw('event: message_delta\ndata: {"type":"message_delta","del\n\n');
  const ending = { container: null, stop_details: null, stop_reason: answer.stop, stop_sequence: null };
  write('message_delta', { type: 'message_delta', delta: ending, usage: usageOf(draft.input, 25) });
  if (answer.flaw !== 'unstopped') write('message_stop', { type: 'message_stop' });
}

export interface StreamOptions {
  write: (event: string, data: unknown) => void;
  gone: AbortSignal;
  delayMs: number;
  fault: Fault | null;
  requestId: string;
}

/** Sends the reply as events, a delay before each piece. False: it broke off, as the fault asked. */
export async function streamMessage(draft: Draft, options: StreamOptions): Promise<boolean> {
  const { write, gone, fault } = options;
  const { pieces, tokens, stop } = piecesOf(draft);
  const breakAt = fault === null ? -1 : Math.floor(pieces.length / 2);
  write('message_start', { type: 'message_start', message: messageOf(draft, [], { stop: null, tokens: 1 }) });
  write('content_block_start', { type: 'content_block_start', index: 0, content_block: emptyBlock(draft) });
  for (const [at, piece] of pieces.entries()) {
    if (at === breakAt) {
      if (fault?.kind === 'mid') write('error', errorBody(fault.error, options.requestId));
      return false;
    }
    if (at % PING_EVERY === 0) write('ping', { type: 'ping' });
    if (options.delayMs > 0) await delay(options.delayMs, undefined, { signal: gone });
    const delta =
      draft.reply.kind === 'say'
        ? { type: 'text_delta', text: piece }
        : { type: 'input_json_delta', partial_json: piece };
    write('content_block_delta', { type: 'content_block_delta', index: 0, delta });
  }
  write('content_block_stop', { type: 'content_block_stop', index: 0 });
  const ending = { container: null, stop_details: null, stop_reason: stop, stop_sequence: null };
  write('message_delta', { type: 'message_delta', delta: ending, usage: usageOf(draft.input, tokens) });
  write('message_stop', { type: 'message_stop' });
  return true;
}

const emptyBlock = ({ reply, toolUseId }: Draft): unknown =>
  reply.kind === 'say'
    ? { type: 'text', text: '', citations: null }
    : { type: 'tool_use', id: toolUseId, name: reply.tool, input: {} };
