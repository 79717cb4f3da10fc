import type { MessagesRequest } from '../request';
import { chooseAmong, chooseConnected, chooseIn } from './choose';
import { isRefusal, readConversation } from './conversation';
import type { Step } from './conversation';
import { fillArguments } from './fill';
import type { Filled } from './fill';
import { dataInReach, readMessage, soughtIn } from './reading';
import { optionsOf } from './schema';
import type { Property } from './schema';
import { stems } from './stems';
import { ASKED, lastStep, readThread, STAND_IN_LINE, statusOf } from './thread';
import type { Thread } from './thread';
import { readFound, readOffer, readOutcome } from './tool-results';
import type { Action, JsonObject, Offer } from './tool-results';
import * as words from './words';

/** The next thing the stand-in does: one tool call, or plain text where no tool can carry its answer. */
export type Reply = { kind: 'call'; tool: string; input: JsonObject } | { kind: 'say'; text: string };

interface Desk {
  thread: Thread;
  tools: string[];
}

const MOST_CONNECTS = 3;
const MOST_FAILED_ANSWERS = 2;
const STALE = /connect|offer|terms|snapshot|stale|no action/i;

export const endsTurn = (reply: Reply): boolean =>
  reply.kind === 'say' || reply.tool === 'send_orchestrator_message';

/** Plans from the conversation and the tools offered, and from nothing else: no memory, no clock, no prompt. */
export function plan(request: Pick<MessagesRequest, 'messages' | 'tools' | 'tool_choice'>): Reply {
  const thread = readThread(readConversation(request.messages));
  const offered = request.tool_choice?.type === 'none' ? [] : (request.tools ?? []);
  const tools = offered.map(({ name }) => name);
  if (thread === null) return answer(tools, words.HELP);
  const sent = thread.current.steps.at(-1);
  if (sent?.tool === 'send_orchestrator_message') {
    // Asked again after its answer: the tool refused it, or the platform wants the turn's last word.
    return { kind: 'say', text: isRefusal(sent) ? String(sent.input['content']) : STAND_IN_LINE };
  }
  return next({ thread, tools });
}

function answer(tools: string[], text: string): Reply {
  const content = `${text}\n\n${STAND_IN_LINE}`;
  return tools.includes('send_orchestrator_message')
    ? { kind: 'call', tool: 'send_orchestrator_message', input: { content } }
    : { kind: 'say', text: content };
}

function call(desk: Desk, tool: string, input: JsonObject): Reply {
  if (desk.tools.includes(tool)) return { kind: 'call', tool, input };
  return answer(
    desk.tools,
    `I cannot go on here: the tool ${tool} is not offered to me. Nothing was charged.`,
  );
}

function next(desk: Desk): Reply {
  const { thread, tools } = desk;
  const { outcome, message } = thread.current;
  if (outcome !== null && thread.request === '') return answer(tools, strayOutcome(outcome.result));
  if (thread.answers.length > 0 && words.NEVER_MIND.test(message)) return answer(tools, words.dropped);
  return afterPrompt(desk) ?? afterWork(desk) ?? afterConnect(desk) ?? beforeConnect(desk);
}

function strayOutcome(result: JsonObject): string {
  const outcome = readOutcome(result);
  if (outcome?.status === 'completed') {
    return words.completedWords(outcome.output, 'the agent', outcome.charged_usdc ?? null);
  }
  return `Something asked for earlier in this chat has ended: ${words.clip(outcome?.status ?? '', 60)}.`;
}

/** A question that got no answer within the turn ends it; the next message may still be the answer. */
function afterPrompt({ thread, tools }: Desk): Reply | null {
  const last = thread.steps.findLast(({ tool }) => tool !== 'send_orchestrator_message');
  if (last?.tool !== 'user_prompt' || last.result?.['answer'] !== undefined) return null;
  // Also when it hears of that in a turn of its own: who did not answer is not asked again.
  if (statusOf(last) === 'expired') return answer(tools, `No answer came, so I stop here. ${words.dropped}`);
  if (last.id !== thread.current.steps.at(-1)?.id) return null;
  return answer(tools, `${String(last.input['question'])}\n\n${ASKED}`);
}

/** What was done since the agent was connected last: earlier attempts at it count no more. */
function sinceConnect({ steps }: Thread): Step[] {
  return steps.slice(steps.findLastIndex(({ tool }) => tool === 'connect_agent') + 1);
}

const wasRefused = (step: Step): boolean => ['', 'refused'].includes(statusOf(step));

function afterWork(desk: Desk): Reply | null {
  const { thread, tools } = desk;
  const recent = sinceConnect(thread);
  const work = recent.findLast(({ tool }) => tool === 'invoke_agent');
  const payment = recent.findLast(({ tool }) => tool === 'request_payment_confirmation');
  const held = payment !== undefined && statusOf(payment) === 'held';
  const ended = work ?? (held ? undefined : payment);
  if (ended === undefined) return null;
  const agentId = String(ended.input['agent_id']);
  if (wasRefused(ended) && lastStep(thread, 'connect_agent') === undefined && STALE.test(ended.text)) {
    return call(desk, 'connect_agent', { agent_id: agentId });
  }
  const agent = nameOf(thread, agentId);
  if (work === undefined) return answer(tools, words.paymentWords(ended, agent));
  return answer(tools, words.invokeWords(work, agent, held ? String(payment.input['amount_usdc']) : null));
}

function nameOf(thread: Thread, agentId: string): string {
  const offer = thread.offers.find(({ agent_id: id }) => id === agentId);
  return offer === undefined || offer.name === '' ? 'the agent' : words.clip(offer.name, 80);
}

/** With an offer in hand: ask what is missing, ask to pay, let it work. */
function afterConnect(desk: Desk): Reply | null {
  const { thread, tools } = desk;
  const wanted = wantedOf(thread);
  const chosen = connectedChoice(thread, soughtBy(thread));
  if (chosen === null) return null;
  const { offer, action } = chosen;
  if (action === null) return answer(tools, words.nobody(wanted));
  const filled = fill(thread, action);
  if (filled.kind === 'missing') return ask(desk, action, filled);
  const task = { agent_id: offer.agent_id, action: action.name };
  const paid = sinceConnect(thread).some(({ tool }) => tool === 'request_payment_confirmation');
  if (!paid && !words.isFree(action.price_usdc)) {
    return call(desk, 'request_payment_confirmation', {
      ...task,
      amount_usdc: action.price_usdc,
      reason: `For your request: ${words.clip(wanted, 160)}`,
    });
  }
  return call(desk, 'invoke_agent', { ...task, arguments: filled.arguments });
}

function fill(thread: Thread, action: Action): Filled {
  const reading = readMessage(thread.request);
  const data = dataInReach(reading, thread.earlier);
  return fillArguments(action.input_schema, { reading, data, answers: thread.answers });
}

/** What is asked, without the pasted text: as the person says it, and as an agent is looked for by it. */
const wantedOf = ({ request }: Thread): string => words.clip(readMessage(request).instruction, 300);
const soughtBy = ({ request }: Thread): string => words.clip(soughtIn(readMessage(request)), 300);

function connectedChoice(thread: Thread, sought: string): { offer: Offer; action: Action | null } | null {
  const connect = lastStep(thread, 'connect_agent');
  if (connect !== undefined) {
    const offer = isRefusal(connect) ? null : readOffer(connect.result);
    return offer === null ? null : { offer, action: choose(thread, sought, offer) };
  }
  if (lastStep(thread, 'vector_search') !== undefined || isSmallTalk(thread.request)) return null;
  const offer = chooseConnected(sought, thread.offers);
  return offer === null ? null : { offer, action: choose(thread, sought, offer) };
}

const choose = (thread: Thread, sought: string, offer: Offer): Action | null =>
  chooseIn(sought, offer, (action) => fill(thread, action).kind === 'filled');

function ask(
  { tools }: Desk,
  action: Action,
  { property, failedAnswers }: { property: Property; failedAnswers: number },
): Reply {
  if (failedAnswers >= MOST_FAILED_ANSWERS) return answer(tools, words.gaveUp(property));
  const question = words.question(property, action, failedAnswers);
  if (!tools.includes('user_prompt')) return answer(tools, `${question}\n\n${ASKED}`);
  const options = property.kind === 'enum' ? optionsOf(property.schema).map(String) : [];
  const few = options.length > 0 && options.length <= 10 ? { options } : {};
  return { kind: 'call', tool: 'user_prompt', input: { question, ...few } };
}

function beforeConnect(desk: Desk): Reply {
  const { thread, tools } = desk;
  const wanted = wantedOf(thread);
  const search = lastStep(thread, 'vector_search');
  if (search === undefined) {
    if (isSmallTalk(thread.request)) return answer(tools, words.HELP);
    return call(desk, 'vector_search', { query: soughtBy(thread), k: 5 });
  }
  if (isRefusal(search)) return answer(tools, words.searchFailed(search));
  const candidates = chooseAmong(soughtBy(thread), readFound(search.result));
  const tried = thread.steps
    .filter(({ tool }) => tool === 'connect_agent')
    .map(({ input }) => input['agent_id']);
  const untried = candidates.find(({ agentId }) => !tried.includes(agentId));
  if (untried !== undefined && tried.length < MOST_CONNECTS) {
    return call(desk, 'connect_agent', { agent_id: untried.agentId });
  }
  if (tried.length === 0) return answer(tools, words.nobody(wanted));
  const names = candidates
    .filter(({ agentId }) => tried.includes(agentId))
    .map(({ name }) => words.clip(name, 80));
  return answer(tools, words.unreachable(names));
}

function isSmallTalk(message: string): boolean {
  const plain = message.trim();
  return words.GREETING.test(plain) || words.ABOUT_US.test(plain) || stems(plain).length === 0;
}
