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
import { createStart } from './start';
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

/** Lets the bearer of a token in; null: they have gone. What must be undone at the socket's end is added to `leave`. */
export async function welcome(
  { api, log, places, timings }: ConnectionDeps,
  { wire, sessionId, afterSeq, ws }: Visit,
  { token, leave }: { token: string; leave: (() => void)[] },
): Promise<Visitor | null> {
  const { userId } = await admit(api, { sessionId, token });
  // It may have gone in the meantime; then nobody would undo what follows.
  if (ws.readyState !== ws.OPEN) return null;
  const giveBack = places.take(`${userId}/${sessionId}`);
  if (giveBack === null) throw tooManySockets();
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

  const stand = () => api.db.withTx(asUser(userId), 'socket.ready', (tx) => readyFrame(tx, sessionId));
  const start = createStart({ feed, wire, resumeMs: timings.resumeMs }, afterSeq, await stand());
  leave.push(start.stop);
  const record = async (fact: ClientFact & { id: string }): Promise<void> => {
    const answer = await recordFact(api, { userId, sessionId, way: 'socket' }, fact);
    wire.sendMoment({ type: 'ACK', data: { for: fact.id, seq: 'seq' in answer ? answer.seq : null } });
  };
  return {
    async take(envelope) {
      const frame = readFrame(envelope);
      if (frame.type === 'RESUME' && start.claim()) {
        return start.at(frame.data.after_seq, (await stand()).data.last_seq);
      }
      if (frame.type === 'RESUME' || frame.type === 'AUTH') throw tooLateFor(frame.type);
      start.live();
      await record({ ...frame, id: frame.id ?? newId('msg') });
    },
  };
}
const tooLateFor = (type: string): MooringError =>
  new MooringError('invalid_request', `${type} can only be the first frame of a socket.`);

const tooManySockets = (): MooringError =>
  new MooringError('rate_limited', 'There are too many sockets in this chat.', {
    details: { retry_after_ms: 10_000 },
  });
