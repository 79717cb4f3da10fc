import type { About, Admission, Me, SessionPage, SessionView } from './api-types';
import type { Inbox, InboxFilter, TaskPage } from './task-types';
import { connectChat } from './chat-connection';
import type { ChatConnection } from './chat-connection';
import { createHttp } from './http';
import type { Page } from './http';
import type { ConnectOptions } from './line';
import { moneyCalls } from './money-calls';
import type { MoneyCalls } from './money-calls';
import type { FetchLike, SocketConstructor } from './platform';
import { memoryTokens } from './tokens';
import type { Tokens, TokenStore } from './tokens';
import { walletCalls } from './wallet-calls';
import type { WalletCalls } from './wallet-calls';

export interface ClientOptions {
  /** `http://127.0.0.1:8080`; empty in a page that the server itself has sent */
  baseUrl: string;
  fetch?: FetchLike;
  /** needed where the platform has none: in Node 20, the one of the package `ws` */
  WebSocket?: SocketConstructor;
  /** where the sign-in is kept; in memory by default */
  tokens?: TokenStore;
}

export interface MooringClient extends MoneyCalls, WalletCalls {
  about: () => Promise<About>;
  /** The one-click sign-in of a development server. */
  signInForDevelopment: (email: string) => Promise<{ user_id: string }>;
  signOut: () => void;
  isSignedIn: () => boolean;
  me: () => Promise<Me>;
  createSession: (wish?: {
    title?: string;
    budget_usdc?: string;
    auto_approve_usdc?: string;
  }) => Promise<Admission & { session_id: string }>;
  listSessions: (page?: { cursor?: string; limit?: number; q?: string }) => Promise<SessionPage>;
  session: (id: string) => Promise<SessionView>;
  /** Closes a chat for good: its turn ends, what is held for no task comes back. */
  closeSession: (id: string) => Promise<{ phase: 'CLOSED' }>;
  /** Closes a chat and takes its words out of every table; what money moved stays on record. */
  eraseSession: (id: string) => Promise<{ ok: true }>;
  connectSession: (id: string, options?: ConnectOptions) => ChatConnection;
  /** A task of an agent or a chat of this person, with all that happened to it. */
  task: (id: string) => Promise<TaskPage>;
  /** The bytes of a file that came of a task. */
  artifact: (taskId: string, id: string) => Promise<ArrayBuffer>;
  /** The tasks for an agent of this person, newest first. */
  inbox: (agentId: string, filter?: InboxFilter) => Promise<Inbox>;
  /** The page of an approval, as the server writes it; with the fields of its form, what became of a press. */
  approvalPage: (id: string, form?: Record<string, string>) => Promise<Page>;
}

/** Everything a chat client needs of a Mooring server, typed. Runs in browsers and in Node 20 and newer. */
export function createClient(options: ClientOptions): MooringClient {
  const tokens = options.tokens ?? memoryTokens();
  const http = createHttp({ baseUrl: options.baseUrl, fetch: options.fetch ?? globalFetch, tokens });
  const get = <T>(path: string): Promise<T> => http.call<T>({ method: 'GET', path });
  return {
    ...moneyCalls(http),
    ...walletCalls(http),
    about: () => http.open<About>({ method: 'GET', path: '/api/about' }),
    async signInForDevelopment(email) {
      const body = { email };
      const login = await http.open<Tokens & { user_id: string }>({
        method: 'POST',
        path: '/dev/sign-in',
        body,
      });
      tokens.write({ access_token: login.access_token, refresh_token: login.refresh_token });
      return { user_id: login.user_id };
    },
    signOut: () => tokens.write(null),
    isSignedIn: () => tokens.read() !== null,
    me: () => get<Me>('/api/me'),
    createSession: (wish = {}) => http.call({ method: 'POST', path: '/api/sessions', body: { ...wish } }),
    listSessions(page = {}) {
      const query = new URLSearchParams();
      if (page.cursor !== undefined) query.set('cursor', page.cursor);
      if (page.limit !== undefined) query.set('limit', String(page.limit));
      if (page.q !== undefined) query.set('q', page.q);
      return get<SessionPage>(`/api/sessions?${query.toString()}`);
    },
    session: (id) => get<SessionView>(`/api/sessions/${encodeURIComponent(id)}`),
    closeSession: (id) =>
      http.call({ method: 'POST', path: `/api/sessions/${encodeURIComponent(id)}/close`, body: {} }),
    eraseSession: (id) => http.call({ method: 'DELETE', path: `/api/sessions/${encodeURIComponent(id)}` }),
    task: (id) => get<TaskPage>(`/api/tasks/${encodeURIComponent(id)}`),
    artifact: (taskId, id) =>
      http.file({
        method: 'GET',
        path: `/api/tasks/${encodeURIComponent(taskId)}/artifacts/${encodeURIComponent(id)}`,
      }),
    inbox(agentId, filter = {}) {
      const query = new URLSearchParams(Object.entries(filter).filter(([, value]) => value !== ''));
      return get<Inbox>(`/api/agents/${encodeURIComponent(agentId)}/inbox?${query.toString()}`);
    },
    approvalPage: (id, form) =>
      http.page({
        path: `/approvals/${encodeURIComponent(id)}`,
        ...(form === undefined ? { method: 'GET' } : { method: 'POST', form }),
      }),
    connectSession: (sessionId, connect = {}) =>
      connectChat({ ...connect, http, sessionId, WebSocket: options.WebSocket ?? globalSocket() }),
  };
}

const globalFetch: FetchLike = (url, init) => fetch(url, init);

function globalSocket(): SocketConstructor {
  const { WebSocket } = globalThis as { WebSocket?: SocketConstructor };
  if (WebSocket === undefined) {
    throw new Error(
      'This platform has no WebSocket: pass one to createClient, such as that of the package ws.',
    );
  }
  return WebSocket;
}
