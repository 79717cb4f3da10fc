import type { LogFrame, StatusData } from '../../domain/frames';
import type { TurnOutcome } from '../../domain/session';
import type { ScriptedChat } from './scripted-chat';

const AGENT = { agent_id: 'agt_text', agent_name: 'Text Analyst' };

const MAILER = { agent_id: 'agt_news', agent_name: 'Newsletter Sender' };
const RISKY = {
  ...MAILER,
  task_id: 'tsk_1',
  action: 'send_newsletter',
  summary: 'Newsletter Sender is to send newsletter for you.',
  arguments: {
    to: 'ann@example.test, bea@example.test',
    subject: 'News',
    text: 'Dear readers,\nwe moved to the harbour. Come and see us.',
  },
};
/** As the platform says it. */
const AFTER_RISKY = {
  approved: { state: 'now', text: 'You confirmed it; the agent works' },
  declined: { state: 'done', text: 'You declined; nothing was done' },
  expired: { state: 'failed', text: 'Nobody confirmed it in time; nothing was done' },
  withdrawn: { state: 'done', text: 'It was taken back before anybody confirmed it; nothing was done' },
} as const;

export const ANSWER = `**The text reads at the level of a 16-year-old.** A 14-year-old follows most of it, with effort in two sentences.

| Measure | Value | Aim for age 14 |
| --- | ---: | ---: |
| Flesch reading ease | 48.2 | 60 or more |
| Words a sentence | 24.1 | 15 |
| Syllables a word | 1.62 | 1.50 |

What would help most:

1. Part the first sentence, which has 51 words.
2. Say “while we rebuild” for “during which period”.
3. Read more at [plain language](https://plainlanguage.example/guide).

\`\`\`text
ease = 206.835 - 1.015 * words / sentences - 84.6 * syllables / words
\`\`\`

*No language model was used for this answer.*`;

/** The main job as the platform tells it, one frame after the other. The test says when the next part comes. */
export interface Story {
  /** up to the open payment, which ends `minutes` from now */
  ask: (minutes?: number) => void;
  /** the decision is taken, the agent works */
  work: () => void;
  decline: () => void;
  /** nobody answered in time */
  runOut: () => void;
  /** the price lies within what was approved beforehand: the agent works, and is paid or not */
  unasked: (end: 'PAYMENT_SUCCESSFUL' | 'PAYMENT_RELEASED') => void;
  /** the first part of the answer, token by token, up to this length */
  stream: (length: number) => void;
  finish: () => void;
  /** the orchestrator asks the person something, until `minutes` from now */
  question: (options?: string[], minutes?: number) => void;
  /** a risky task waits for the person, until `minutes` from now */
  risky: (level: 'R2' | 'R3', minutes?: number) => void;
  resolveRisky: (outcome: 'approved' | 'declined' | 'expired' | 'withdrawn') => void;
  resolve: (outcome: 'answered' | 'expired' | 'withdrawn', answer?: string) => void;
  /** the person has stopped the turn */
  stopped: (said?: string) => void;
  fail: () => void;
  /** the turn ends as it does, with words of the orchestrator or of the platform */
  end: (outcome: TurnOutcome, said: string | null, text?: string) => void;
  /** a whole turn, some time ago */
  past: (minutesAgo: number) => void;
}

export function tell(chat: ScriptedChat, turn = `trn_${chat.log.length}`): Story {
  const at = { shift: 0 };
  const time = (): Date => new Date(Date.now() - at.shift);
  const append = (frame: LogFrame): void => void chat.append(frame, time());
  const step = (call: string, data: Pick<StatusData, 'state' | 'text'> & Partial<StatusData>): void =>
    append({
      type: 'STATUS',
      data: {
        phase: data.state === 'waiting' ? 'AWAITING_PAYMENT' : 'WORKING',
        turn_id: turn,
        call_id: `${turn}/${call}`,
        ...data,
      },
    });
  const pay = { payment_id: `pay_${turn}`, turn_id: turn, amount_usdc: '0.05' };
  let streamed = 0;
  let index = 0;
  const later = (ms: number): void => {
    at.shift -= ms;
  };
  const end = (outcome: TurnOutcome, text?: string): void =>
    append({
      type: 'TURN_END',
      data: {
        turn_id: turn,
        outcome,
        ...(text === undefined ? {} : { text }),
        usage: {
          input_tokens: 900,
          output_tokens: 40,
          cache_read_input_tokens: 2_100,
          steps: [
            { input_tokens: 800, output_tokens: 30, cost_usdc: '0.0031' },
            { input_tokens: 100, output_tokens: 10, cache_read_input_tokens: 2_100, cost_usdc: '0.001' },
          ],
        },
        cost_usdc: '0.0041',
      },
    });
  const story: Story = {
    ask(minutes = 14.2) {
      chat.phase = 'WORKING';
      step('1', { state: 'now', text: 'Searching for “readability of a text”', tool: 'vector_search' });
      later(210);
      step('1', {
        state: 'done',
        text: 'Searched for “readability of a text”: 2 agents fit, 2 are healthy',
        tool: 'vector_search',
      });
      step('2', { state: 'now', text: 'Checking the agent', tool: 'connect_agent' });
      later(120);
      step('2', {
        state: 'done',
        text: 'Connected to Text Analyst, healthy; its terms are saved',
        tool: 'connect_agent',
        ...AGENT,
      });
      chat.agents = [
        { agent_id: AGENT.agent_id, name: AGENT.agent_name, health: 'healthy', paid_usdc: '0.00' },
      ];
      step('3', { state: 'now', text: 'Preparing the payment', tool: 'request_payment_confirmation' });
      chat.budget = { ...chat.budget, asked_usdc: '0.05' };
      chat.phase = 'AWAITING_PAYMENT';
      append({
        type: 'PAYMENT_REQUEST',
        data: {
          ...pay,
          ...AGENT,
          action: 'readability',
          description: 'Text Analyst measures how readable the text is.',
          expires_at: new Date(time().getTime() + minutes * 60_000).toISOString(),
          capture_deadline: new Date(time().getTime() + 3_600_000).toISOString(),
          network: 'ledger',
          refund_policy:
            'Held when you approve, paid when the work is done; all of it comes back if it fails.',
        },
      });
      step('3', {
        state: 'waiting',
        text: 'Waiting for you to approve the price',
        tool: 'request_payment_confirmation',
        ...AGENT,
      });
    },
    work() {
      chat.phase = 'WORKING';
      chat.budget = { ...chat.budget, asked_usdc: '0.00', held_usdc: '0.05' };
      step('3', {
        state: 'done',
        text: 'You approved 0.05 USDC; it is held for Text Analyst',
        tool: 'request_payment_confirmation',
        ...AGENT,
      });
      step('4', { state: 'now', text: 'Text Analyst works: readability', tool: 'invoke_agent', ...AGENT });
    },
    decline() {
      append({ type: 'PAYMENT_FAILED', data: { ...pay, state: 'DECLINED', reason_code: 'declined' } });
      chat.budget = { ...chat.budget, asked_usdc: '0.00' };
      step('3', { state: 'failed', text: 'You declined; nothing was paid', ...AGENT });
      const content = 'Nothing was paid. Ask again when you like.';
      append({ type: 'AGENT_MESSAGE', data: { content, message_id: `${turn}/5`, turn_id: turn } });
      const usage = { input_tokens: 10, output_tokens: 10 };
      append({ type: 'TURN_END', data: { turn_id: turn, outcome: 'answered', usage, cost_usdc: '0.00' } });
    },
    runOut() {
      append({ type: 'PAYMENT_FAILED', data: { ...pay, state: 'EXPIRED', reason_code: 'expired' } });
      chat.budget = { ...chat.budget, asked_usdc: '0.00' };
      step('3', { state: 'failed', text: 'The offer ended without an answer; nothing was paid', ...AGENT });
      story.end('answered', 'Nothing was paid, since no answer came. Ask again when you like.');
    },
    end(outcome, said, text) {
      if (said !== null) {
        append({ type: 'AGENT_MESSAGE', data: { content: said, message_id: `${turn}/5`, turn_id: turn } });
      }
      end(outcome, text);
    },
    unasked(fate) {
      chat.budget = { ...chat.budget, auto_approve_usdc: '0.10' };
      const held = 'Approved when you opened the chat: 0.05 USDC; it is held for Text Analyst';
      step('3', { state: 'done', text: held, tool: 'request_payment_confirmation', ...AGENT });
      const paid = fate === 'PAYMENT_SUCCESSFUL';
      const text = paid ? 'Text Analyst did the work: readability' : 'The agent could not be reached';
      step('4', { state: paid ? 'done' : 'failed', text, tool: 'invoke_agent', ...AGENT });
      append(
        paid
          ? { type: fate, data: { ...pay, ...AGENT } }
          : { type: fate, data: { ...pay, state: 'VOIDED', reason_code: 'task_failed' } },
      );
      const content = paid ? 'It reads at the level of a 16-year-old.' : 'It could not be done.';
      append({ type: 'AGENT_MESSAGE', data: { content, message_id: `${turn}/5`, turn_id: turn } });
      const usage = { input_tokens: 1_200, output_tokens: 60 };
      append({ type: 'TURN_END', data: { turn_id: turn, outcome: 'answered', usage, cost_usdc: '0.0049' } });
    },
    stream(length) {
      if (streamed === 0) {
        later(1_900);
        step('4', { state: 'done', text: 'Text Analyst ran readability', tool: 'invoke_agent', ...AGENT });
        append({ type: 'PAYMENT_SUCCESSFUL', data: { ...pay, ...AGENT } });
        chat.agents = chat.agents.map((agent) => ({ ...agent, paid_usdc: '0.05' }));
        chat.budget = { ...chat.budget, held_usdc: '0.00', spent_usdc: '0.05' };
      }
      while (streamed < Math.min(length, ANSWER.length)) {
        const text = ANSWER.slice(streamed, Math.min(streamed + 12, length));
        chat.moment({
          type: 'AGENT_DELTA',
          data: { message_id: `${turn}/5`, turn_id: turn, attempt: 1, index, text },
        });
        streamed += text.length;
        index += 1;
      }
    },
    finish() {
      story.stream(1);
      const content = ANSWER;
      append({ type: 'AGENT_MESSAGE', data: { content, message_id: `${turn}/5`, turn_id: turn } });
      const usage = { input_tokens: 3_000, output_tokens: 400 };
      append({
        type: 'TURN_END',
        data: { turn_id: turn, outcome: 'answered', usage, cost_usdc: '0.0123' },
      });
      chat.budget = { ...chat.budget, spent_usdc: '0.0623', model_usdc: '0.0123' };
      chat.phase = 'AGENT_CONNECTED';
    },
    question(options, minutes = 9.2) {
      step('q', { state: 'now', text: 'Preparing a question', tool: 'user_prompt' });
      const question =
        options === undefined ? 'Which text should be read?' : 'Which readers should the text suit?';
      const expires_at = new Date(time().getTime() + minutes * 60_000).toISOString();
      const some = options === undefined ? {} : { options };
      const ids = { prompt_id: `prm_${turn}`, turn_id: turn, call_id: `${turn}/q` };
      append({ type: 'USER_PROMPT', data: { ...ids, question, ...some, expires_at } });
      step('q', { state: 'waiting', text: 'Waiting for your answer', tool: 'user_prompt' });
    },
    risky(level, minutes = 230) {
      step('r', { state: 'now', text: 'Handing over the work', tool: 'invoke_agent' });
      append({
        type: 'CONFIRMATION_REQUEST',
        data: {
          ...RISKY,
          confirmation_id: `hc_${turn}`,
          turn_id: turn,
          call_id: `${turn}/r`,
          risk_level: level,
          risk_reasons: [`The agent itself says ${level}.`],
          expires_at: new Date(time().getTime() + minutes * 60_000).toISOString(),
          url: `/approvals/hc_${turn}`,
        },
      });
      const text = `Waits for you to confirm: ${RISKY.action}`;
      step('r', { state: 'waiting', text, tool: 'invoke_agent', ...MAILER });
    },
    resolveRisky(outcome) {
      const ids = { confirmation_id: `hc_${turn}`, task_id: RISKY.task_id, turn_id: turn };
      append({ type: 'CONFIRMATION_RESOLVED', data: { ...ids, outcome } });
      step('r', { ...AFTER_RISKY[outcome], tool: 'invoke_agent', ...MAILER });
    },
    resolve(outcome, answer) {
      const given = answer === undefined ? {} : { answer };
      append({
        type: 'USER_PROMPT_RESOLVED',
        data: { prompt_id: `prm_${turn}`, turn_id: turn, outcome, ...given },
      });
    },
    stopped(said) {
      if (said !== undefined) {
        const message = { content: said, message_id: `${turn}/5`, turn_id: turn, cancelled: true as const };
        append({ type: 'AGENT_MESSAGE', data: message });
      }
      end('cancelled');
    },
    fail() {
      const failure = { code: 'model_overloaded', message: 'No.', retryable: true, fatal: false } as const;
      append({
        type: 'ERROR',
        data: { ...failure, error_type: 'internal_error', turn_id: turn, request_id: 'req_of_the_message' },
      });
      end('failed', 'The model does not answer at the moment. Nothing was bought. Ask again in a while.');
    },
    past(minutesAgo) {
      at.shift = minutesAgo * 60_000;
      const content = 'Which of these days stand out?\nday,visitors\n1,204\n2,198\n3,1142\n4,221';
      append({ type: 'USER_MESSAGE', data: { content, message_id: `msg_${turn}` } });
      story.ask();
      later(4_100);
      story.work();
      story.finish();
    },
  };
  return story;
}
