import type { Envelope, ServerFrame } from '../domain/frames';
import { isRecord } from './json';

export type {
  ClientFrame,
  ConfirmationRequestData,
  Envelope,
  ErrorData,
  LoggedFrame,
  PaymentRequestData,
  PendingPrompt,
  Picture,
  ServerFrame,
  StatusData,
  UserPromptData,
} from '../domain/frames';

/** A frame that this version does not know, or that lacks what it should have. Its `seq` counts all the same. */
export interface UnknownFrame extends Envelope {
  type: 'UNKNOWN';
  data: { type: string; data: Record<string, unknown> };
}
export type Frame = ServerFrame | UnknownFrame;

type Kind = 'string' | 'number' | 'boolean' | 'object';

/** What a reader of each frame relies on. */
const NEEDS: Record<ServerFrame['type'], Record<string, Kind>> = {
  USER_MESSAGE: { content: 'string', message_id: 'string' },
  AGENT_MESSAGE: { content: 'string', message_id: 'string', turn_id: 'string' },
  TURN_START: { turn_id: 'string' },
  STATUS: { turn_id: 'string', call_id: 'string', state: 'string', text: 'string' },
  PAYMENT_REQUEST: {
    payment_id: 'string',
    turn_id: 'string',
    amount_usdc: 'string',
    agent_id: 'string',
    agent_name: 'string',
    action: 'string',
    description: 'string',
    expires_at: 'string',
  },
  USER_PROMPT: {
    prompt_id: 'string',
    turn_id: 'string',
    call_id: 'string',
    question: 'string',
    expires_at: 'string',
  },
  USER_PROMPT_RESOLVED: { prompt_id: 'string', outcome: 'string' },
  CONFIRMATION_REQUEST: {
    confirmation_id: 'string',
    task_id: 'string',
    turn_id: 'string',
    call_id: 'string',
    agent_name: 'string',
    risk_level: 'string',
    summary: 'string',
    expires_at: 'string',
    url: 'string',
  },
  CONFIRMATION_RESOLVED: { confirmation_id: 'string', turn_id: 'string', outcome: 'string' },
  PAYMENT_SUCCESSFUL: {
    payment_id: 'string',
    turn_id: 'string',
    amount_usdc: 'string',
    agent_name: 'string',
  },
  PAYMENT_FAILED: { payment_id: 'string', turn_id: 'string', state: 'string', amount_usdc: 'string' },
  PAYMENT_RELEASED: { payment_id: 'string', turn_id: 'string', state: 'string', amount_usdc: 'string' },
  PAYMENT_PENDING: { payment_id: 'string', turn_id: 'string', amount_usdc: 'string', agent_name: 'string' },
  PAYMENT_REFUNDED: {
    payment_id: 'string',
    turn_id: 'string',
    amount_usdc: 'string',
    refunded_usdc: 'string',
  },
  TASK_UPDATE: { task_id: 'string', status: 'string' },
  TURN_END: { turn_id: 'string', outcome: 'string', cost_usdc: 'string' },
  ERROR: { code: 'string', message: 'string', fatal: 'boolean', request_id: 'string' },
  SESSION_CLOSED: { reason: 'string' },
  SESSION_READY: { phase: 'string', last_seq: 'number', pending: 'object' },
  ACK: { for: 'string' },
  AGENT_DELTA: { message_id: 'string', turn_id: 'string', index: 'number', text: 'string' },
  TURN_RESET: { turn_id: 'string' },
};

const isKnown = (type: string): type is ServerFrame['type'] => Object.hasOwn(NEEDS, type);

/** Reads what came over the wire; null when it is no frame at all. */
export function readFrame(value: unknown): Frame | null {
  if (!isRecord(value)) return null;
  const { type, id, ts, session_id: sessionId, seq } = value;
  if (typeof type !== 'string') return null;
  if (seq !== undefined && !(Number.isSafeInteger(seq) && Number(seq) > 0)) return null;
  const data = isRecord(value['data']) ? value['data'] : {};
  const envelope: Envelope = {
    v: 1,
    id: typeof id === 'string' ? id : '',
    ts: typeof ts === 'string' ? ts : new Date().toISOString(),
    session_id: typeof sessionId === 'string' ? sessionId : '',
    ...(seq === undefined ? {} : { seq: Number(seq) }),
  };
  if (isKnown(type) && hasAll(data, NEEDS[type]))
    return { ...envelope, type, data } as unknown as ServerFrame;
  return { ...envelope, type: 'UNKNOWN', data: { type, data } };
}

const hasAll = (data: Record<string, unknown>, needs: Record<string, Kind>): boolean =>
  Object.entries(needs).every(([name, kind]) => data[name] !== null && typeof data[name] === kind);
