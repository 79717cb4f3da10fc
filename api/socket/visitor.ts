import type { WebSocket } from 'ws';
import { readFrames } from '../../db/events';
import { MooringError } from '../../domain/errors';
import type { ClientFact } from '../../domain/frames';
import { asUser } from '../../domain/principal';
import { newId } from '../../lib/ids';
import type { Logger } from '../../lib/log';
import type { ApiContext } from '../context';
import type { Places } from '../places';
import { recordFact } from '../record-fact';
import { admit, readyFrame } from './admission';
import { readFrame } from './client-frames';
import { createFeed } from './feed';
import type { Feed } from './feed';
import type { SocketTimings } from './timings';
import type { Wire } from './wire';

export interface ConnectionDeps {
  api: ApiContext;
  log: Logger;
  timings: SocketTimings;
  /** by person and chat */
  places: Places;
}

export interface Visit {
  ws: WebSocket;
  wire: Wire;
  sessionId: string;
  /** from the handshake; null: it comes as the first frame */
  token: string | null;
  /** null: not said; NaN: said and no number */
  afterSeq: number | null;
}

/** Somebody who was let in: takes their frames. */
export interface Visitor {
  take: (frame: { type: string }) => Promise<void>;
}

/** Lets the bearer of a token in, or closes. What must be undone when the socket ends is added to `leave`. */
export async function welcome(
  { api, log, places }: ConnectionDeps,
  { wire, sessionId, afterSeq, ws }: Visit,
  { token, leave }: { token: string; leave: (() => void)[] },
): Promise<Visitor | null> {
  const entry = await admit(api, { sessionId, token });
  // It may have gone in the meantime; then nobody would undo what follows.
  if (ws.readyState !== ws.OPEN) return null;
  if ('refused' in entry) {
    wire.close(entry.refused);
    return null;
  }
  const { userId } = entry;
  const giveBack = places.take(`${userId}/${sessionId}`);
  if (giveBack === null) {
    wire.close(4429, { message: 'too many sockets in this chat', retryAfterMs: 10_000 });
    return null;
  }
  const feed = createFeed({
    wire,
    log,
    read: (after, limit) =>
      api.db.withTx(asUser(userId), 'socket.read', (tx) =>
        readFrames(tx, { sessionId, afterSeq: after, limit }),
      ),
  });
  // Heard from before the log is read: what happens in between is not missed.
  leave.push(giveBack, api.watch.follow(sessionId, feed));

  const begin = (place: number | null): Promise<void> =>
    beginAt(place, { api, feed, wire, sessionId, userId });
  await begin(afterSeq);
  const record = async (fact: ClientFact & { id: string }): Promise<void> => {
    const answer = await recordFact(api, { userId, sessionId, way: 'socket' }, fact);
    wire.sendMoment({ type: 'ACK', data: { for: fact.id, seq: 'seq' in answer ? answer.seq : null } });
  };
  let mayResume = afterSeq === null;
  return {
    async take(envelope) {
      const first = mayResume;
      mayResume = false;
      const frame = readFrame(envelope);
      if (frame.type === 'RESUME' && first) await begin(frame.data.after_seq);
      else if (frame.type === 'RESUME' || frame.type === 'AUTH') throw tooLateFor(frame.type);
      else await record({ ...frame, id: frame.id ?? newId('msg') });
    },
  };
}

interface Beginning {
  api: ApiContext;
  feed: Feed;
  wire: Wire;
  sessionId: string;
  userId: string;
}

/** SESSION_READY, then the log after `place` (null: from now on). */
async function beginAt(
  place: number | null,
  { api, feed, wire, sessionId, userId }: Beginning,
): Promise<void> {
  await feed.pause();
  const ready = await api.db.withTx(asUser(userId), 'socket.ready', (tx) => readyFrame(tx, sessionId));
  const lastSeq = ready.data.last_seq;
  const afterSeq = place ?? lastSeq;
  if (!(afterSeq >= 0 && afterSeq <= lastSeq)) {
    wire.close(4400, { message: `after_seq is not within 0 and ${lastSeq}` });
    return;
  }
  wire.sendMoment(ready);
  feed.begin({ afterSeq, lastSeq });
}

const tooLateFor = (type: string): MooringError =>
  new MooringError('invalid_request', `${type} can only be the first frame of a socket.`);
