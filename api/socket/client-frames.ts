import { z } from 'zod';
import { MooringError } from '../../domain/errors';
import type { ClientFrame } from '../../domain/frames';
import { parseJson } from '../json';
import {
  ClientId,
  ConfirmationAnswer,
  MessageContent,
  PaymentAnswer,
  PromptAnswer,
  TurnToStop,
} from '../schemas';

const id = z.exactOptional(ClientId);

const FRAMES = {
  AUTH: z.strictObject({
    type: z.literal('AUTH'),
    id,
    data: z.strictObject({ token: z.string().min(1).max(4096) }),
  }),
  RESUME: z.strictObject({
    type: z.literal('RESUME'),
    id,
    data: z.strictObject({ after_seq: z.number().int() }),
  }),
  USER_MESSAGE: z.strictObject({
    type: z.literal('USER_MESSAGE'),
    id,
    data: z.strictObject({ content: MessageContent }),
  }),
  PAYMENT_RESPONSE: z.strictObject({
    type: z.literal('PAYMENT_RESPONSE'),
    id,
    data: z.strictObject(PaymentAnswer),
  }),
  USER_PROMPT_RESPONSE: z.strictObject({
    type: z.literal('USER_PROMPT_RESPONSE'),
    id,
    data: z.strictObject(PromptAnswer),
  }),
  CONFIRMATION_RESPONSE: z.strictObject({
    type: z.literal('CONFIRMATION_RESPONSE'),
    id,
    data: z.strictObject(ConfirmationAnswer),
  }),
  CANCEL_TURN: z.strictObject({
    type: z.literal('CANCEL_TURN'),
    id,
    data: z.strictObject(TurnToStop).default({}),
  }),
  CANCEL_SESSION: z.strictObject({
    type: z.literal('CANCEL_SESSION'),
    id,
    data: z.strictObject({}).default({}),
  }),
} as const;

export const isFrameType = (type: string): boolean => Object.hasOwn(FRAMES, type);

const AnyFrame = z.looseObject({ type: z.string().max(64) });
const Known = z.discriminatedUnion('type', [
  FRAMES.AUTH,
  FRAMES.RESUME,
  FRAMES.USER_MESSAGE,
  FRAMES.PAYMENT_RESPONSE,
  FRAMES.USER_PROMPT_RESPONSE,
  FRAMES.CONFIRMATION_RESPONSE,
  FRAMES.CANCEL_TURN,
  FRAMES.CANCEL_SESSION,
]);

/** Not a frame at all: what sends such things is not a client of ours. */
export function readEnvelope(text: string): { type: string } {
  const frame = AnyFrame.safeParse(parseJson(text));
  if (!frame.success) throw new MooringError('invalid_request', 'A frame is {"type": "...", "data": {...}}.');
  return frame.data;
}

/** A frame of a type we know, with what it needs and nothing else. */
export function readFrame(envelope: { type: string }): ClientFrame {
  if (!isFrameType(envelope.type)) {
    throw new MooringError('invalid_request', 'This type of frame is not known here.');
  }
  return Known.parse(envelope);
}
