import { randomBytes } from 'node:crypto';
import type { Client } from '@temporalio/client';
import type { Mail } from '../../dev/mailbox/mail-store';
import { openChat } from '../harness/chat';
import type { Chat } from '../harness/chat';
import type { Acknowledged, World } from '../invariants/world';

export interface Stage {
  api: () => string;
  agentUrl: (agent: string) => string;
  /** what was mailed to an address, the newest first */
  mailsTo: (address: string) => Promise<Mail[]>;
  temporal: Client;
  /** what is stored */
  query: World['query'];
  /** how often the platform has died in this run */
  deaths: () => number;
  /** what clients were told is kept here, for the invariants */
  acknowledged: Acknowledged;
}

/** One way through the product, driven as a client would, over however many restarts. */
export interface Scenario {
  name: string;
  settings?: Record<string, string>;
  /** where the platform dies before, so that the run meets what only a recovery does */
  after?: string[];
  /** points that another scenario passes too, where a kill means something else here */
  also?: string[];
  run: (stage: Stage) => Promise<void>;
}

const TEXT = 'The committee will review the proposal. Then it decides. People wait for the answer.';
export const ask = (mark = ''): string => `How readable is this text: ${mark}${TEXT}`;
export const newEmail = (): string => `crash-${randomBytes(6).toString('hex')}@example.test`;

export async function open(
  { api, acknowledged }: Stage,
  content: string,
  wish: { auto_approve_usdc?: string } = {},
): Promise<Chat> {
  const chat = await openChat(api, newEmail(), wish);
  await chat.say('m1', content);
  acknowledged.messages.push({ sessionId: chat.sessionId, clientId: 'm1', content });
  return chat;
}

export async function decide(chat: Chat, approved: boolean, { acknowledged }: Stage): Promise<void> {
  const request = await chat.until(({ type }) => type === 'PAYMENT_REQUEST');
  await chat.answer(approved);
  acknowledged.decisions.push({ paymentId: String(request.data['payment_id']), approved });
}

export const turnEnd = (chat: Chat, outcome?: string) =>
  chat.until(
    ({ type, data }) => type === 'TURN_END' && (outcome === undefined || data['outcome'] === outcome),
  );

/** Asks, answers the payment, waits for the end of the turn. */
export const hiring =
  (mark: string, approved = true) =>
  async (stage: Stage): Promise<void> => {
    const chat = await open(stage, ask(mark));
    await decide(chat, approved, stage);
    await turnEnd(chat);
  };
