import Anthropic from '@anthropic-ai/sdk';
import { answerSoFar } from './answer-so-far';
import type { ModelAnswer } from './answer-so-far';
import { modelFailure } from './model-faults';
import { SYSTEM_PROMPT, TOOL_DEFINITIONS } from './tools';

export interface Model {
  name: string;
  /** Streams one answer. `onGrowth` may read, whenever it wants, what the person is to see of it. Throws typed failures. */
  answer: (
    messages: Anthropic.MessageParam[],
    options: {
      signal: AbortSignal;
      /** aborted: the answer ends here, with what was said */
      stop: AbortSignal;
      onGrowth: (read: () => string) => void;
      attempt: number;
    },
  ) => Promise<ModelAnswer>;
}

interface ModelDeps {
  apiKey: string;
  baseUrl: string | undefined;
  model: string;
  maxTokens: number;
  timeoutMs: number;
}

const CACHED = { cache_control: { type: 'ephemeral' as const } };

/** Tools and rules are the same in every chat: the model's server keeps them read. */
const PREAMBLE = {
  tools: TOOL_DEFINITIONS.map((tool, at) =>
    at === TOOL_DEFINITIONS.length - 1 ? { ...tool, ...CACHED } : tool,
  ),
  system: [{ type: 'text' as const, text: SYSTEM_PROMPT, ...CACHED }],
};

// No honest answer has more bytes to a token, and no stream of events more around them.
const BYTES_PER_TOKEN = 16;
const STREAM_BYTES_PER_TOKEN = 1024;

/** The Anthropic Messages API. Temporal owns retries, so the SDK has none. */
export function createModel({ apiKey, baseUrl, model, maxTokens, timeoutMs }: ModelDeps): Model {
  const client = new Anthropic({
    apiKey,
    maxRetries: 0,
    timeout: timeoutMs,
    // What it would log of a stream that it cannot read is what somebody said.
    logLevel: 'off',
    fetch: boundedFetch(maxTokens * STREAM_BYTES_PER_TOKEN),
    ...(baseUrl === undefined ? {} : { baseURL: baseUrl }),
  });
  return {
    name: model,
    async answer(messages, { signal, stop, onGrowth, attempt }) {
      const soFar = answerSoFar(maxTokens * BYTES_PER_TOKEN);
      const tooLong = new AbortController();
      try {
        const stream = client.messages.stream(
          { model, max_tokens: maxTokens, ...PREAMBLE, messages },
          // The SDK's own timeout ends with the headers; a stream that stalls is ended by this one.
          { signal: AbortSignal.any([signal, stop, tooLong.signal, AbortSignal.timeout(timeoutMs)]) },
        );
        stream.on('streamEvent', (event) => {
          soFar.take(event);
          if (soFar.isTooLong()) tooLong.abort();
          else onGrowth(soFar.read);
        });
        return soFar.whole(await stream.finalMessage());
      } catch (error) {
        if (stop.aborted) return soFar.brokenOff('cancelled');
        if (tooLong.signal.aborted) return soFar.brokenOff('too_long');
        throw modelFailure(error, attempt);
      }
    },
  };
}

/** `fetch` whose answers end with an error after so many bytes: nothing that a server sends can fill the memory. */
function boundedFetch(mostBytes: number): typeof fetch {
  return async (url, init) => {
    const response = await fetch(url, init);
    if (response.body === null) return response;
    let left = mostBytes;
    const bounded = new TransformStream<Uint8Array, Uint8Array>({
      transform(chunk, controller) {
        left -= chunk.byteLength;
        if (left < 0) controller.error(new SyntaxError('more than an answer'));
        else controller.enqueue(chunk);
      },
    });
    return new Response(response.body.pipeThrough(bounded), response);
  };
}
