import type { WebSocket } from 'ws';
import type { LogFrame, LoggedFrame, MomentFrame, PendingPrompt } from '../../domain/frames';
import type { SessionPhase } from '../../domain/session';
import type { SessionAgent, SessionBudget } from '../../sdk/api-types';

/** One chat of the scripted server: a log that the test writes, and the sockets that follow it. */
export interface ScriptedChat {
  id: string;
  title: string | null;
  phase: SessionPhase;
  createdAt: string;
  log: LoggedFrame[];
  agents: SessionAgent[];
  budget: SessionBudget;
  sockets: Map<WebSocket, number>;
  /** what clients have sent, doubles included */
  received: { id: string; type: string; data: Record<string, unknown> }[];
  pending: () => PendingPrompt[];
  append: (frame: LogFrame, ts?: Date) => LoggedFrame;
  moment: (frame: MomentFrame) => void;
  /** Sends only what a socket does not have, but for rows that are to be left out. */
  bring: (socket: WebSocket) => void;
  closeSockets: (code: number, reason?: string) => void;
  /** Resolves with the first row that fits, now or later. */
  until: (fits: (frame: LoggedFrame) => boolean) => Promise<LoggedFrame>;
}

export function createScriptedChat(id: string, hidden: Set<number>): ScriptedChat {
  const watchers = new Set<() => void>();
  const momentEnvelope = () => ({
    v: 1 as const,
    id: `evt_m${Math.random()}`,
    ts: new Date().toISOString(),
    session_id: id,
  });
  const chat: ScriptedChat = {
    id,
    title: null,
    phase: 'STARTED',
    createdAt: new Date().toISOString(),
    log: [],
    agents: [],
    budget: {
      limit_usdc: '2.00',
      auto_approve_usdc: '0.00',
      spent_usdc: '0.00',
      held_usdc: '0.00',
      asked_usdc: '0.00',
      model_usdc: '0.00',
    },
    sockets: new Map(),
    received: [],
    pending() {
      const ended = new Set(
        chat.log.flatMap(({ type, data }) => {
          if (type === 'USER_PROMPT_RESOLVED') return [data.prompt_id];
          const pays = type.startsWith('PAYMENT_') && type !== 'PAYMENT_REQUEST';
          return pays && 'payment_id' in data ? [data.payment_id] : [];
        }),
      );
      for (const { data } of chat.received) ended.add(String(data['payment_id'] ?? data['prompt_id']));
      return chat.log.flatMap((row): PendingPrompt[] => {
        const { type, data } = row;
        if (type === 'PAYMENT_REQUEST' && !ended.has(data.payment_id)) return [{ type, data }];
        return type === 'USER_PROMPT' && !ended.has(data.prompt_id) ? [{ type, data }] : [];
      });
    },
    append(frame, ts = new Date()) {
      const seq = chat.log.length + 1;
      const row = {
        ...frame,
        v: 1,
        id: `evt_${seq}`,
        ts: ts.toISOString(),
        session_id: id,
        seq,
      } as LoggedFrame;
      chat.log.push(row);
      for (const socket of chat.sockets.keys()) chat.bring(socket);
      for (const watcher of watchers) watcher();
      return row;
    },
    moment(frame) {
      for (const socket of chat.sockets.keys())
        socket.send(JSON.stringify({ ...momentEnvelope(), ...frame }));
    },
    bring(socket) {
      const sent = chat.sockets.get(socket) ?? 0;
      for (const row of chat.log.slice(sent)) if (!hidden.delete(row.seq)) socket.send(JSON.stringify(row));
      chat.sockets.set(socket, chat.log.length);
    },
    closeSockets(code, reason = '') {
      for (const socket of chat.sockets.keys()) {
        if (code === 1006) socket.terminate();
        else socket.close(code, reason);
      }
    },
    until(fits) {
      return new Promise((resolve) => {
        const look = (): void => {
          const row = chat.log.find(fits);
          if (row === undefined) return;
          watchers.delete(look);
          resolve(row);
        };
        watchers.add(look);
        look();
      });
    },
  };
  return chat;
}
