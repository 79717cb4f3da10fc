import { parseUsdc } from '../../../domain/money';
import { outputAsMarkdown, title } from './answer';
import type { Step } from './conversation';
import { optionsOf, strictPattern } from './schema';
import type { Property } from './schema';
import { readOutcome, readProblem } from './tool-results';
import type { Action, JsonObject } from './tool-results';

export const HELP = [
  'I am the orchestrator of Mooring. Write what you want done and paste what it is about, for example ' +
    '"How readable is this text: …" or "Find the outliers in this table: …".',
  'I look for an agent that does it, connect to it, ask you before anything is paid, let it work, and bring you its ' +
    'answer with what it cost.',
].join('\n\n');

export const GREETING =
  /^(?:hi|hello|hey|good (?:morning|day|afternoon|evening)|thanks?|thank you|thx|bye|goodbye|ok|okay|yes|no|great|nice|cool|test|ping)(?: (?:there|mooring|you|so much|a lot|all|everyone))*[\s!.,?]*$/i;
export const ABOUT_US =
  /^(?:help|menu|what can you do|what do you do|what is this|who are you|what are you|how does (?:this|it|mooring) work|what is mooring|how are you|are you (?:a |an )?(?:bot|ai|human|language model|llm))\b[^:\n]{0,40}$/i;
export const NEVER_MIND = /^\W*(?:never ?mind|cancel|stop|forget it|drop it|leave it)\b[\s!.]*$/i;

export const dropped = 'Dropped. Nothing was done and nothing was charged.';

export const nobody = (request: string): string =>
  `I searched the agents and found nobody who fits "${clip(request, 120)}". Nothing was charged. ` +
  'Say it in other words, with what should be done in the first sentence, or ask for something else.';

export const unreachable = (names: string[]): string =>
  `I found ${names.join(', ')}, but could not connect just now. Nothing was charged. Try again in a moment.`;

export const searchFailed = (step: Step): string =>
  `The search for agents did not work${because(step)}. Nothing was charged. Try again in a moment.`;

/** What is missing, as a question with the form of the answer. */
export function question(property: Property, action: Action, failedAnswers: number): string {
  const again = failedAnswers > 0 ? 'I could not read that as an answer. ' : '';
  const about = property.description === '' ? '' : ` (${clip(property.description, 200)})`;
  return `${again}For "${title(action.name)}" I need one more thing: ${title(property.name)}${about}. ${form(property)}`;
}

function form(property: Property): string {
  const { kind, schema } = property;
  const bounds = [
    ['at least', schema['minimum'] ?? schema['minLength'] ?? schema['minItems']],
    ['at most', schema['maximum'] ?? schema['maxLength'] ?? schema['maxItems']],
  ].flatMap(([word, limit]) => (typeof limit === 'number' ? [`${String(word)} ${limit}`] : []));
  const limits = bounds.length === 0 ? '' : `, ${bounds.join(' and ')}`;
  switch (kind) {
    case 'enum':
      return `One of: ${optionsOf(schema).map(String).join(', ')}.`;
    case 'boolean':
      return 'Yes or no.';
    case 'number':
      return `A number${limits}.`;
    case 'integer':
      return `A whole number${limits}.`;
    case 'array':
      return `A list with commas between${limits}.`;
    case 'object':
      return 'As a JSON object.';
    case 'string': {
      const rule = schema['format'] ?? strictPattern(property)?.source;
      const shape = typeof rule === 'string' ? ` of the form ${clip(rule, 80)}` : '';
      return `A text${shape}${limits === '' ? '' : `${limits} characters`}.`;
    }
    case 'any':
      return 'Any text.';
  }
}

export const gaveUp = (property: Property): string =>
  `I still have no usable value for ${title(property.name)}, so I stop here. Nothing was charged. Ask again with it ` +
  'in your message.';

export const isFree = (price: string | null): boolean => price === null || (parseUsdc(price) ?? 1n) === 0n;

export function paymentWords(step: Step, agent: string): string {
  const amount = `${String(step.input['amount_usdc'])} USDC`;
  switch (readOutcome(step.result)?.status) {
    case 'declined':
      return `You declined the payment of ${amount}, so ${agent} was not asked to work. Nothing was charged. Ask again if you change your mind.`;
    case 'expired':
      return `The payment of ${amount} to ${agent} was not approved in time. Nothing was charged. Ask again, and you will get a new request to approve.`;
    case 'pending':
      return `The payment of ${amount} to ${agent} waits for you. Approve it and I go on by myself; decline it or leave it, and nothing is charged.`;
    default:
      return `The payment of ${amount} to ${agent} was not possible${because(step)}. Nothing was charged, and ${agent} was not asked to work.`;
  }
}

/** How an invocation ended, in words; `held` is what was set aside for it. */
export function invokeWords(step: Step, agent: string, held: string | null): string {
  const outcome = readOutcome(step.result);
  const back =
    held === null
      ? 'Nothing was charged.'
      : `You are not charged: the ${held} USDC held for it come back to you.`;
  if (outcome === null) {
    return `${agent} could not be asked to work${because(step)}. ${back}`;
  }
  switch (outcome.status) {
    case 'completed':
      return completedWords(outcome.output, agent, outcome.charged_usdc ?? held);
    case 'pending': {
      const money =
        held === null ? '' : ` The ${held} USDC stay held until then and are paid only for a finished job.`;
      return `${agent} is still at work. Its answer comes here by itself; you need not wait.${money}`;
    }
    case 'expired':
      return `${agent} did not finish in time. ${back} Ask again, or ask for another agent.`;
    case 'refused':
      return `The platform did not let ${agent} start${because(step)}. ${back}`;
    default:
      return `${agent} could not do it${because(step)}. ${back} Try again, or change what you ask for.`;
  }
}

export function completedWords(output: unknown, agent: string, charged: string | null): string {
  const cost = isFree(charged)
    ? `${agent} did this free of charge.`
    : `Cost: ${charged} USDC, paid to ${agent}.`;
  return `${outputAsMarkdown(output)}\n\n${cost}`;
}

const PLAIN: Record<string, string> = {
  budget_exceeded: 'it would go over the budget of this chat',
  insufficient_funds: 'your balance is too low; top it up and ask again',
  turn_limit: 'this turn has used all its steps; write again to go on',
  agent_unavailable: 'the agent does not answer just now; try again in a moment',
  rate_limited: 'too much was asked in a short time; try again in a moment',
  address_blocked: 'its address is not allowed',
};

function because(step: Step): string {
  const value: JsonObject | string = step.result ?? step.text;
  const { code, message } = readProblem(value);
  const words = PLAIN[code] ?? (message === '' ? '' : `the reason given: "${clip(message, 300)}"`);
  return words === '' ? '' : ` (${words})`;
}

export const clip = (text: string, most: number): string => {
  const line = text.replace(/\s+/g, ' ').trim();
  return line.length <= most ? line : `${line.slice(0, most - 1)}…`;
};
