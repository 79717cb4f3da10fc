// sample-agent: a service agent for Mooring, in one file. It needs Node 20 and nothing else, so it runs anywhere.
//
//   node agent.mjs             listens on 127.0.0.1:4500, or on the next free port
//   PORT=8080 node agent.mjs   listens there, or says why it cannot
//   node --test                its own test
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import {
  appendFileSync,
  existsSync,
  readFileSync,
  realpathSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:http';
import { fileURLToPath } from 'node:url';

// ---- What the agent does: change this part ------------------------------------------------------------------------

/** What the orchestrator reads first: say in plain words what you are asked for, and what you give back. */
export const message =
  'Counts the days between two dates, all of them and the working days from Monday to Friday.';

/** Examples are tried by check-agent, and show a person what to ask for. */
const date = (description, examples) => ({ type: 'string', format: 'date', description, examples });

/**
 * One entry an action. `price` is USDC for one call, and what it says when a chat connects is what is paid; leave it
 * out for a free action. Risk R0 only reads, R1 changes little, R2 and R3 wait for a person first.
 */
export const actions = [
  {
    name: 'working_days',
    description: 'Counts how many days and how many working days lie between two dates, both included.',
    price: '0.01',
    risk_level: 'R0',
    input_schema: {
      type: 'object',
      properties: {
        from: date('The first day.', ['2026-03-02', '2026-04-01']),
        to: date('The last day.', ['2026-03-20', '2026-04-30']),
      },
      required: ['from', 'to'],
      additionalProperties: false,
    },
    output_schema: {
      type: 'object',
      properties: { days: { type: 'integer' }, working_days: { type: 'integer' } },
      required: ['days', 'working_days'],
    },
    /**
     * Gets the arguments as they came: check them. What it returns fits the output schema. An action that sends or
     * buys takes `{ key }` as its second argument and does so under that key: a call that a kill has cut comes again.
     */
    async perform({ from, to }) {
      const [first, last] = [dayOf('from', from), dayOf('to', to)];
      if (last < first) throw new Refusal('to: must not be before from');
      const days = last - first + 1;
      if (days > 40_000) throw new Refusal('to: must lie within 40,000 days of from');
      // Day 0 of the epoch was a Thursday.
      const isWorking = (day) => ![5, 6].includes((day + 3) % 7);
      const working = Array.from({ length: days }, (_, index) => first + index).filter(isWorking).length;
      return { days, working_days: working };
    },
  },
];

/** `2026-03-02` as the number of days since 1970. */
function dayOf(field, text) {
  const milliseconds = typeof text === 'string' ? Date.parse(`${text}T00:00:00Z`) : NaN;
  const isReal = /^\d{4}-\d\d-\d\d$/.test(text) && new Date(milliseconds).toISOString().startsWith(text);
  if (!isReal) throw new Refusal(`${field}: must be a date such as 2026-03-02`);
  return milliseconds / 86_400_000;
}

// ---- The contract: keep this part ---------------------------------------------------------------------------------

const NAME = 'sample-agent';
const BODY_LIMIT = 1024 * 1024;
const SIGNATURE_AGE_SECONDS = 300;
const beside = (file) => fileURLToPath(new URL(file, import.meta.url));

/** Arguments that cannot be worked on: an answer for the person, not a failure of the agent. */
export class Refusal extends Error {
  constructor(text, code = 'invalid_arguments') {
    super(text);
    this.code = code;
  }
}

const refusal = (error_code, error) => ({ ok: false, error, error_code });

/** From the environment, or from keys.json, read anew for each call: new keys need no restart. */
function storedKeys() {
  const { ORCHESTRATOR_KEY: orchestrator_key, SIGNING_SECRET: signing_secret } = process.env;
  if (orchestrator_key && signing_secret) return { orchestrator_key, signing_secret };
  return JSON.parse(readFileSync(beside('keys.json'), 'utf8'));
}

/** The agent as an HTTP server that does not listen yet. `answers` is the file that it remembers its answers in. */
export function createAgent({ keys = storedKeys, answers = beside('answers.jsonl') } = {}) {
  const once = rememberAnswers(answers);
  return createServer({ requestTimeout: 15_000 }, (req, res) => {
    route(req, { keys, once }).then(
      ([status, body]) => send(res, status, body),
      (error) => {
        console.error(error);
        send(res, 500, refusal('internal_error', 'The agent failed.'));
      },
    );
  });
}

const ROUTES = { '/health': 'GET', '/capabilities': 'GET', '/invoke': 'POST' };

async function route(req, deps) {
  const path = req.url.split('?')[0];
  const method = Object.hasOwn(ROUTES, path) ? ROUTES[path] : undefined;
  if (method === undefined) return [404, refusal('not_found', 'There is nothing here.')];
  if (req.method !== method) return [405, refusal('method_not_allowed', `Use ${method}.`)];
  if (path === '/health') return [200, { status: 'ok', ready: true, version: '1.0.0', name: NAME }];
  // `perform` is a function, so it is not in the JSON.
  if (path === '/capabilities') return [200, { message, actions }];
  return invoke(req, deps);
}

async function invoke(req, { keys, once }) {
  const { orchestrator_key, signing_secret } = keys();
  if (!isSame(req.headers['x-orchestrator-key'], orchestrator_key)) {
    return [401, refusal('auth_failed', 'X-Orchestrator-Key is wrong.')];
  }
  const body = await readBody(req);
  if (body === null) return [413, refusal('body_too_large', 'The body is over 1 MiB.')];
  if (!isSigned(req.headers, body, signing_secret)) {
    return [401, refusal('auth_failed', 'The signature does not fit this body, or is too old.')];
  }
  const key = req.headers['idempotency-key'];
  if (!key || key.length > 255) return [400, refusal('invalid_request', 'Idempotency-Key is missing.')];
  const call = parseObject(body);
  if (call === null) return [400, refusal('invalid_request', 'The body must be a JSON object.')];
  const action = actions.find(({ name }) => name === call.command);
  if (action === undefined) return [200, refusal('unknown_action', 'There is no such command.')];
  return [200, await once(key, () => perform(action, call.arguments ?? {}, key))];
}

async function perform(action, args, key) {
  try {
    return { ok: true, output: await action.perform(args, { key }) };
  } catch (error) {
    if (error instanceof Refusal) return refusal(error.code, error.message);
    throw error;
  }
}

/**
 * The platform may send a call again, always with the same key: the first answer is the answer. It is on the disk
 * before it is sent, so that a restart does not do the work twice.
 */
function rememberAnswers(file) {
  const answers = new Map();
  for (const line of wholeLines(file)) {
    const known = parseObject(line);
    if (known !== null) answers.set(known.key, known.answer);
  }
  return (key, work) => {
    if (!answers.has(key)) {
      const made = work().then((answer) => {
        appendFileSync(file, `${JSON.stringify({ key, answer })}\n`);
        return answer;
      });
      answers.set(key, made);
      // A call that failed may be tried again.
      made.catch(() => answers.delete(key));
    }
    return answers.get(key);
  };
}

/** Without the last line when a kill has cut it: it leaves the file too, or the next answer would be joined to it. */
function wholeLines(file) {
  if (!existsSync(file)) return [];
  const bytes = readFileSync(file);
  const end = bytes.lastIndexOf('\n') + 1;
  if (end < bytes.length) truncateSync(file, end);
  return bytes.toString('utf8', 0, end).split('\n');
}

/** Standard Webhooks: HMAC-SHA256 of `id.timestamp.body`, over the bytes as they came. */
function isSigned(headers, body, secret) {
  const { 'webhook-id': id, 'webhook-timestamp': at = '', 'webhook-signature': given = '' } = headers;
  const age = Math.abs(Date.now() / 1000 - Number(at));
  if (!/^\d+$/.test(at) || age > SIGNATURE_AGE_SECONDS) return false;
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64');
  const wanted = createHmac('sha256', key).update(`${id}.${at}.`).update(body).digest('base64');
  return given.split(' ').some((part) => isSame(part, `v1,${wanted}`));
}

/** Compared by digest, so that it takes the same time whatever was sent. */
function isSame(given = '', wanted) {
  const digest = (text) => createHash('sha256').update(String(text)).digest();
  return timingSafeEqual(digest(given), digest(wanted));
}

/** Null when it is over the limit. */
async function readBody(req) {
  const chunks = [];
  let size = 0;
  for await (const chunk of req.iterator({ destroyOnReturn: false })) {
    size += chunk.length;
    if (size > BODY_LIMIT) return null;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function parseObject(text) {
  try {
    const value = JSON.parse(String(text));
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : null;
  } catch {
    return null;
  }
}

function send(res, status, body) {
  res.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  // A body that was refused before its end is read on, so that the caller gets to the answer.
  res.req.resume();
}

// ---- The program --------------------------------------------------------------------------------------------------

const FIRST_PORT = 4500;
const LAST_PORT = 4519;

function fail(words) {
  console.error(words);
  process.exitCode = 1;
}

function listen(server, port, isFixed) {
  server.once('error', (error) => {
    if (error.code !== 'EADDRINUSE') return fail(`It cannot listen on port ${port} (${error.message}).`);
    if (!isFixed && port < LAST_PORT) return listen(server, port + 1, isFixed);
    fail(`Port ${port} is busy. Choose another: PORT=8080 node agent.mjs`);
  });
  server.listen(port, process.env.HOST ?? '127.0.0.1');
}

/** Where it listens, for check-agent and register-agent: by it they know whose keys these are. */
function noteAddress(url) {
  const file = beside('listens.json');
  try {
    writeFileSync(file, JSON.stringify({ url, pid: process.pid }));
    process.once('exit', () => rmSync(file, { force: true }));
  } catch {
    // A folder that is only to be read: the two are told with --folder then.
  }
}

/** As PORT says, or null when it says nothing; ends the program when it says no port. */
function fixedPort({ PORT: text }) {
  if (!text) return null;
  if (/^\d{1,5}$/.test(text) && Number(text) <= 65_535) return Number(text);
  console.error(`PORT=${text} is no port: a whole number from 0 to 65535, such as PORT=8080 node agent.mjs`);
  process.exit(1);
}

if (realpathSync(process.argv[1] ?? '.') === fileURLToPath(import.meta.url)) {
  try {
    storedKeys();
  } catch (error) {
    console.error(`No keys (${error.message}): write keys.json, or set ORCHESTRATOR_KEY and SIGNING_SECRET.`);
    process.exit(1);
  }
  const server = createAgent();
  server.once('listening', () => {
    const { address, port } = server.address();
    const url = `http://${address.includes(':') ? `[${address}]` : address}:${port}`;
    noteAddress(url);
    console.log(`${NAME} listens on ${url}`);
  });
  const fixed = fixedPort(process.env);
  listen(server, fixed ?? FIRST_PORT, fixed !== null);
  // Calls that are under way end first.
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => server.close());
}
