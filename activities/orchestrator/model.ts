import Anthropic from '@anthropic-ai/sdk';
import { ApplicationFailure } from '@temporalio/common';
import type { ErrorCode } from '../../domain/errors';
import { growingText } from './readable-text';
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
    options: { signal: AbortSignal; onGrowth: (read: () => string) => void; attempt: number },
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
    async answer(messages, { signal, onGrowth, attempt }) {
      try {
        const stream = client.messages.stream(
          { model, max_tokens: maxTokens, system: SYSTEM_PROMPT, tools: TOOL_DEFINITIONS, messages },
          // The SDK's own timeout ends with the headers; a stream that stalls is ended by this one.
          { signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]) },
        );
        const growth = growingText();
        stream.on('streamEvent', (event) => {
          growth.take(event);
          onGrowth(growth.read);
        });
        const message = await stream.finalMessage();
        return {
          content: message.content.map((block) => ({ ...block })),
          stopReason: message.stop_reason ?? 'end_turn',
          inputTokens: message.usage.input_tokens,
          outputTokens: message.usage.output_tokens,
        };
      } catch (error) {
        throw classify(error, attempt);
      }
    },
  };
}

/** So often is a model asked that does not answer; then the turn ends in words. */
const TRIES = 6;

/**
 * Faults of the model as failures that say whether, and when, to try again: as it asks, or after half a second,
 * doubling. Its own words stay out of the history.
 */
function classify(error: unknown, attempt: number): ApplicationFailure {
  const { status, type, headers, error: body } = faultOf(error);
  const fail = (code: ErrorCode, delayMs: number | null) =>
    ApplicationFailure.create({
      message: `the model: ${code} (HTTP ${status ?? 'none'}, ${type ?? 'no type'})`,
      type: code,
      nonRetryable: delayMs === null || attempt >= TRIES,
      ...(delayMs === null ? {} : { nextRetryDelay: delayMs }),
    });
  const said = JSON.stringify(body ?? '');
  if (status === 429 && said.includes('enforced_spend_limit_reached')) return fail('model_spend_limit', null);
  if (status === 413 || said.includes('prompt is too long')) return fail('chat_too_long', null);
  if ([401, 403, 404].includes(status ?? 0)) return fail('model_settings', null);
  // Without a status the connection broke, or an error came inside the stream.
  const passing = status === undefined ? type !== 'invalid_request_error' : status >= 500;
  if (passing || [408, 409, 429].includes(status ?? 0)) {
    return fail('model_overloaded', retryAfter(headers) ?? Math.min(500 * 2 ** (attempt - 1), 15_000));
  }
  return fail('model_refused', null);
}

interface ApiFault {
  status?: number | undefined;
  type?: string | null;
  headers?: Headers | undefined;
  error?: unknown;
}

const faultOf = (error: unknown): ApiFault =>
  error instanceof Anthropic.APIError ? (error as ApiFault) : {};

function retryAfter(headers: Headers | undefined): number | undefined {
  const seconds = Number(headers?.get('retry-after') ?? Number.NaN);
  return Number.isFinite(seconds) && seconds > 0 ? Math.min(seconds, 300) * 1000 : undefined;
}
