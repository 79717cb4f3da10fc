import { randomBytes } from 'node:crypto';
import { ask, decide, open, turnEnd } from './driver';
import type { Scenario } from './driver';

const QUESTION = 'How readable is my text?';

/** A person who is asked, who stops, and who closes. */
export const STOPS_AND_QUESTIONS: Scenario[] = [
  {
    name: 'a question is answered',
    run: async (stage) => {
      const chat = await open(stage, QUESTION);
      await chat.reply('The committee will review the proposal. Then it decides.');
      await decide(chat, false, stage);
      await turnEnd(chat);
    },
  },
  {
    name: 'nobody answers the question',
    settings: { MOORING_HUMAN_WAIT_MS: '500', MOORING_QUESTION_DEADLINE_MS: '2000' },
    run: async (stage) => {
      const chat = await open(stage, QUESTION);
      await chat.until(({ type }) => type === 'USER_PROMPT_RESOLVED');
      await turnEnd(chat, 'answered');
    },
  },
  {
    name: 'a turn is cancelled while the model speaks',
    run: async (stage) => {
      const chat = await open(stage, 'Hello #model:slow');
      await chat.stop();
      await turnEnd(chat, 'cancelled');
    },
  },
  {
    name: 'a turn is cancelled while a busy model is waited for',
    run: async (stage) => {
      const chat = await open(stage, `Hello ${randomBytes(4).toString('hex')} #model:429-waitx9`);
      await chat.until(({ type, data }) => type === 'STATUS' && String(data['text']).includes('is busy'));
      await chat.stop();
      await turnEnd(chat, 'cancelled');
    },
  },
  {
    name: 'a turn is cancelled while it asks to be paid',
    run: async (stage) => {
      const chat = await open(stage, ask());
      await chat.until(({ type }) => type === 'PAYMENT_REQUEST');
      await chat.stopNow();
      await turnEnd(chat, 'cancelled');
    },
  },
  {
    name: 'a chat is closed while the model speaks',
    run: async (stage) => {
      const chat = await open(stage, 'Hello #model:slow');
      await chat.atWork();
      await chat.close();
      await chat.until(({ type }) => type === 'SESSION_CLOSED');
    },
  },
  {
    name: 'a chat is closed while an agent works',
    run: async (stage) => {
      const chat = await open(stage, ask('#agent:slow '));
      await decide(chat, true, stage);
      await chat.until(({ type, data }) => type === 'STATUS' && data['task_id'] !== undefined);
      await chat.close();
      await chat.until(({ type }) => type === 'PAYMENT_SUCCESSFUL');
    },
  },
];
