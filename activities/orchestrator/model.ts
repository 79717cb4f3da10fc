import Anthropic from '@anthropic-ai/sdk';
import type { MessageStream } from '@anthropic-ai/sdk/lib/MessageStream';
import { ApplicationFailure } from '@temporalio/common';
import type { ErrorCode } from '../../domain/errors';
import { SYSTEM_PROMPT, TOOL_DEFINITIONS } from './tools';

/** One answer of the model, whole: never a part of one. */
export interface ModelAnswer {
  content: Record<string, unknown>[];
  stopReason: string;
  inputTokens: number;
  outputTokens: number;
}

export interface Model {
  name: string;
  /** Streams one answer. `onGrowth` may read, whenever it wants, what the person is to see of it. Throws typed failures. */
  answer: (
    messages: Anthropic.MessageParam[],
    options: { signal: AbortSignal; onGrowth: (read: () => string) => void },
  ) => Promise<ModelAnswer>;
}

interface ModelDeps {
  apiKey: string;
  baseUrl: string | undefined;
  model: string;
  maxTokens: number;
  timeoutMs: number;
}

/** The Anthropic Messages API. Temporal owns retries, so the SDK has none. */
export function createModel({ apiKey, baseUrl, model, maxTokens, timeoutMs }: ModelDeps): Model {
  const client = new Anthropic({
    apiKey,
    maxRetries: 0,
    timeout: timeoutMs,
    ...(baseUrl === undefined ? {} : { baseURL: baseUrl }),
  });
  return {
    name: model,
    async answer(messages, { signal, onGrowth }) {
      try {
        const stream = client.messages.stream(
          { model, max_tokens: maxTokens, system: SYSTEM_PROMPT, tools: TOOL_DEFINITIONS, messages },
          { signal },
        );
        listen(stream, onGrowth);
        const message = await stream.finalMessage();
        return {
          content: message.content.map((block) => ({ ...block })),
          stopReason: message.stop_reason ?? 'end_turn',
          inputTokens: message.usage.input_tokens,
          outputTokens: message.usage.output_tokens,
        };
      } catch (error) {
        throw classify(error);
      }
    },
  };
}

/**
 * What the person reads is the text, and the content of send_orchestrator_message. The growing content is taken
 * from partial JSON to be looked at only: nothing is done with it before the answer is whole.
 */
function listen(stream: MessageStream, onGrowth: (read: () => string) => void): void {
  stream.on('streamEvent', (_event, snapshot) => onGrowth(() => readableText(snapshot.content)));
}

export function readableText(content: readonly { type: string }[]): string {
  return content
    .map((block) => {
      if ('text' in block && block.type === 'text') return String(block.text);
      if (!('name' in block) || block.name !== 'send_orchestrator_message' || !('input' in block)) return '';
      const { input } = block;
      const written = typeof input === 'object' && input !== null && 'content' in input ? input.content : '';
      return typeof written === 'string' ? written : '';
    })
    .filter((text) => text !== '')
    .join('\n\n');
}

/** Faults of the model as failures that say whether, and when, to try again. */
function classify(error: unknown): ApplicationFailure {
  const fail = (code: ErrorCode, nonRetryable: boolean, retryAfterMs?: number) =>
    ApplicationFailure.create({
      message: error instanceof Error ? error.message : String(error),
      type: code,
      nonRetryable,
      ...(retryAfterMs === undefined ? {} : { nextRetryDelay: retryAfterMs }),
    });
  if (!(error instanceof Anthropic.APIError)) return fail('model_overloaded', false);
  const { status, type, headers, error: body } = error as ApiFault;
  if (status === 429 && JSON.stringify(body ?? '').includes('enforced_spend_limit_reached')) {
    return fail('model_spend_limit', true);
  }
  // Without a status the connection broke, or an error came inside the stream.
  const passing = status === undefined ? type !== 'invalid_request_error' : status >= 500;
  if (passing || [408, 409, 429].includes(status ?? 0))
    return fail('model_overloaded', false, retryAfter(headers));
  return fail('model_refused', true);
}

interface ApiFault {
  status: number | undefined;
  type: string | null;
  headers: Headers | undefined;
  error: unknown;
}

function retryAfter(headers: Headers | undefined): number | undefined {
  const seconds = Number(headers?.get('retry-after') ?? Number.NaN);
  return Number.isFinite(seconds) && seconds > 0 ? Math.min(seconds, 300) * 1000 : undefined;
}
