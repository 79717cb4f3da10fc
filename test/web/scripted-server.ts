import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import express from 'express';
import { WebSocketServer } from 'ws';
import type { WebSocket } from 'ws';
import { createScriptedChat } from './scripted-chat';
import type { ScriptedChat } from './scripted-chat';

/** What a test may make the server do wrong. */
export interface Behaviour {
  refuseUpgrades: boolean;
  /** messages are logged and not acknowledged */
  withholdAcks: boolean;
  /** the next so many sockets are closed with 4401 after their opening */
  refuseTokens: number;
  /** rows that are left out once of what a socket gets */
  hidden: Set<number>;
  /** access tokens issued so far are refused */
  expireAccess: boolean;
  standIn: boolean;
}

export interface ScriptedServer {
  url: string;
  chats: Map<string, ScriptedChat>;
  openChat: (title?: string) => ScriptedChat;
  behave: Behaviour;
  counts: { tokens: number; refreshes: number; upgrades: number };
  /** Stops listening and cuts every connection; `start` takes the same port again. */
  stop: () => Promise<void>;
  start: () => Promise<void>;
}

interface Options {
  /** built pages to serve beside the API */
  webRoot?: string;
  /** what the orchestrator does with a message or an answer */
  script?: (chat: ScriptedChat, received: ScriptedChat['received'][number]) => void;
}

/** The API as the page and the client meet it, without anything behind: a test writes what happens. */
export async function startScriptedServer({ webRoot, script }: Options = {}): Promise<ScriptedServer> {
  const chats = new Map<string, ScriptedChat>();
  const behave: Behaviour = {
    refuseUpgrades: false,
    withholdAcks: false,
    refuseTokens: 0,
    hidden: new Set(),
    expireAccess: false,
    standIn: true,
  };
  const counts = { tokens: 0, refreshes: 0, upgrades: 0 };
  let port = 0;
  let opened = 0;
  const scripted: ScriptedServer = {
    get url() {
      return `http://127.0.0.1:${port}`;
    },
    chats,
    behave,
    counts,
    openChat(title) {
      const chat = createScriptedChat(`ses_${String((opened += 1)).padStart(21, '0')}`, behave.hidden);
      chat.title = title ?? null;
      chats.set(chat.id, chat);
      return chat;
    },
    async stop() {
      for (const socket of wss.clients) socket.terminate();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
    async start() {
      server = createServer(createApp(scripted, { webRoot, take }));
      server.on('upgrade', (req, socket, head) => {
        counts.upgrades += 1;
        if (behave.refuseUpgrades) socket.end('HTTP/1.1 503 Service Unavailable\r\n\r\n');
        else wss.handleUpgrade(req, socket, head, (ws) => serveSocket(scripted, { ws, req, take }));
      });
      await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
      port = (server.address() as AddressInfo).port;
    },
  };
  const take: Take = (chat, received) => {
    const isNew = !chat.received.some(({ id }) => id === received.id);
    chat.received.push(received);
    const content = String(received.data['content']);
    if (isNew && received.type === 'USER_MESSAGE') {
      chat.append({ type: 'USER_MESSAGE', data: { content, message_id: `msg_${chat.log.length}` } });
      chat.title ??= content.split(/[:\n]/)[0] ?? content;
    }
    if (isNew) script?.(chat, received);
    const row = chat.log.find(({ type, data }) => type === 'USER_MESSAGE' && data.content === content);
    return row?.seq ?? null;
  };
  const wss = new WebSocketServer({ noServer: true, handleProtocols: () => 'mooring' });
  let server: Server;
  await scripted.start();
  return scripted;
}

type Take = (chat: ScriptedChat, received: ScriptedChat['received'][number]) => number | null;

function serveSocket(
  { chats, behave }: ScriptedServer,
  { ws, req, take }: { ws: WebSocket; req: IncomingMessage; take: Take },
): void {
  const url = new URL(req.url ?? '', 'http://x');
  const chat = chats.get(url.pathname.split('/').at(-1) ?? '');
  if (chat === undefined) return ws.close(4404);
  if (behave.refuseTokens > 0) {
    behave.refuseTokens -= 1;
    return ws.close(4401);
  }
  if (chat.phase === 'CLOSED') return ws.close(4410);
  ws.on('close', () => chat.sockets.delete(ws));
  ws.on('message', (text: Buffer) => {
    const frame = JSON.parse(text.toString()) as ScriptedChat['received'][number];
    const seq = take(chat, frame);
    if (behave.withholdAcks) return;
    ws.send(JSON.stringify({ type: 'ACK', data: { for: frame.id, seq }, ts: new Date().toISOString() }));
  });
  const data = { phase: chat.phase, last_seq: chat.log.length, pending: chat.pending() };
  ws.send(JSON.stringify({ type: 'SESSION_READY', data, v: 1, id: 'evt_r', ts: new Date().toISOString() }));
  chat.sockets.set(ws, Number(url.searchParams.get('after_seq') ?? chat.log.length));
  chat.bring(ws);
}

function createApp(
  scripted: ScriptedServer,
  { webRoot, take }: { webRoot: string | undefined; take: Take },
): express.Express {
  const { behave, counts } = scripted;
  const app = express();
  app.disable('x-powered-by');
  app.use(express.json());
  app.use((_req, res, next) => {
    res.set(
      'Content-Security-Policy',
      `default-src 'self'; connect-src 'self' ${scripted.url.replace('http', 'ws')}; img-src 'self' data:; object-src 'none'; base-uri 'none'`,
    );
    next();
  });
  const login = () => {
    counts.tokens += 1;
    const token = `access_${counts.tokens}`;
    behave.expireAccess = false;
    return { ok: true, user_id: 'usr_1', role: 'user', access_token: token, token, refresh_token: 'refresh' };
  };
  app.get('/api/about', (_req, res) => {
    const model = behave.standIn ? { name: 'stand-in', stand_in: true } : { name: 'Claude', stand_in: false };
    const sign_in = { development: true, test_email: 'test@mooring.local' };
    res.json({ version: '0.1.0', model, sign_in, limits: { agents_a_turn: 5 } });
  });
  app.post('/dev/sign-in', (_req, res) => void res.json(login()));
  app.post('/api/auth/refresh', (_req, res) => {
    counts.refreshes += 1;
    res.json(login());
  });
  app.use('/api', (req, res, next) => {
    const given = req.headers.authorization ?? '';
    if (given.startsWith('Bearer access_') && !behave.expireAccess) next();
    else res.status(401).json({ error: { code: 'auth_failed', message: 'Sign in.', request_id: 'req_1' } });
  });
  chatRoutes(app, { scripted, take });
  if (webRoot !== undefined) {
    app.use(express.static(webRoot, { index: false }));
    app.get(['/', '/chat/:id'], (_req, res) => res.sendFile(join(webRoot, 'index.html')));
  }
  app.use('/api', (_req, res) => notFound(res));
  return app;
}

const notFound = (res: ServerResponse & { status: (code: number) => { json: (body: unknown) => void } }) =>
  res
    .status(404)
    .json({ error: { code: 'session_not_found', message: 'No such chat.', request_id: 'req_2' } });

/** As the platform does: the last row, then the end of every socket. */
function closeChat(chat: ScriptedChat, reason: string): void {
  chat.phase = 'CLOSED';
  chat.append({ type: 'SESSION_CLOSED', data: { reason, phase: 'CLOSED' } });
  chat.closeSockets(1000);
}

function chatRoutes(
  app: express.Express,
  { scripted, take }: { scripted: ScriptedServer; take: Take },
): void {
  const { chats } = scripted;
  const admission = (chat: ScriptedChat) => ({
    session_id: chat.id,
    token: `session_${(scripted.counts.tokens += 1)}`,
    ws_url: `${scripted.url.replace('http', 'ws')}/ws/user-agent/${chat.id}`,
    expires_in: 300,
  });
  app.get('/api/me', (_req, res) => {
    res.json({ user_id: 'usr_1', email: 'test@mooring.local', name: 'Test User' });
  });
  app.get('/api/wallet', (_req, res) => void res.json({ balance_usdc: '4.95', held_usdc: '0.00' }));
  app.post('/api/sessions', (_req, res) => void res.status(201).json(admission(scripted.openChat())));
  app.get('/api/sessions', (req, res) => {
    const { q } = req.query;
    const wanted = typeof q === 'string' ? q.toLowerCase() : '';
    const listed = [...chats.values()]
      .reverse()
      .filter(({ title }) => (title ?? '').toLowerCase().includes(wanted));
    const sessions = listed.slice(0, 50).map((chat) => ({
      id: chat.id,
      title: chat.title,
      phase: chat.phase,
      created_at: chat.createdAt,
      last_message_at: chat.log.at(-1)?.ts ?? chat.createdAt,
      cost: chat.budget.spent_usdc,
      waiting: chat.pending().length > 0,
    }));
    res.json({ sessions, next_cursor: null });
  });
  app.use('/api/sessions/:id', (req, res, next) => {
    if (chats.has(req.params.id)) next();
    else notFound(res);
  });
  const chatOf = (id: string): ScriptedChat => chats.get(id) ?? scripted.openChat();
  app.get('/api/sessions/:id', (req, res) => {
    const { id, title, phase, agents, budget, pending } = chatOf(req.params.id);
    res.json({ id, title, phase, agents, budget, pending: pending() });
  });
  app.post('/api/sessions/:id/token', (req, res) => void res.json(admission(chatOf(req.params.id))));
  app.get('/api/sessions/:id/events', (req, res) => {
    const { log } = chatOf(req.params.id);
    const after = Number(req.query['after_seq']);
    const answer = () => res.json({ events: log.slice(after), last_seq: log.length });
    if (log.length > after || req.query['wait'] === '0') return void answer();
    const timer = setInterval(() => (log.length > after ? (clearInterval(timer), answer()) : undefined), 20);
    res.on('close', () => clearInterval(timer));
  });
  app.post('/api/sessions/:id/close', (req, res) => {
    const chat = chatOf(req.params.id);
    take(chat, { id: 'close', type: 'CANCEL_SESSION', data: {} });
    if (chat.phase !== 'CLOSED') closeChat(chat, 'closed by its owner');
    res.json({ phase: 'CLOSED' });
  });
  app.delete('/api/sessions/:id', (req, res) => {
    closeChat(chatOf(req.params.id), 'erased');
    chats.delete(req.params.id);
    res.json({ ok: true });
  });
  const post = (req: express.Request<{ id: string }>, res: express.Response): void => {
    const { id, type = 'USER_MESSAGE', ...data } = req.body as Record<string, string>;
    const seq = take(chatOf(req.params.id), { id: id ?? '', type, data });
    res.status(202).json({ seq });
  };
  app.post('/api/sessions/:id/messages', post);
  app.post('/api/sessions/:id/responses', post);
}
