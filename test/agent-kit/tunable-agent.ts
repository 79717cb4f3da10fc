import { createServer } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { Webhook } from 'standardwebhooks';
import type { Keys } from '../../dev/agent-kit/agent-folder';

/** An agent that keeps the contract but for what it is told to break. */
export interface Breaks {
  health?: unknown;
  healthStatus?: number;
  capabilities?: unknown;
  capabilitiesStatus?: number;
  /** the connection ends when it is to work */
  hangsUp?: boolean;
  /** parts of its one action */
  action?: Record<string, unknown>;
  elsewhere?: number;
  getInvoke?: number;
  ignores?: 'key' | 'signature' | 'age' | 'bytes' | 'size' | 'form' | 'repeats' | 'everything';
  unknown?: unknown;
  output?: unknown;
  charge?: string;
}

export const KEYS: Keys = {
  orchestrator_key: 'ork_of_the_test',
  signing_secret: `whsec_${Buffer.from('the secret of this agent').toString('base64')}`,
};

const ACTION = {
  name: 'shout',
  description: 'Says a text in capitals.',
  input_schema: {
    type: 'object',
    properties: { text: { type: 'string', maxLength: 200 } },
    required: ['text'],
  },
  output_schema: { type: 'object', properties: { loud: { type: 'string' } }, required: ['loud'] },
  price: '0.01',
};

export interface TunableAgent {
  url: string;
  /** what it was asked to do, in order: only calls that it let in */
  work: string[];
  close: () => Promise<void>;
}

export async function startTunable(breaks: Breaks = {}): Promise<TunableAgent> {
  const work: string[] = [];
  const kept = new Map<string, unknown>();
  const respond = async (req: IncomingMessage): Promise<[number, unknown]> => {
    const body = await text(req);
    switch (`${req.method} ${req.url}`) {
      case 'GET /health':
        return [breaks.healthStatus ?? 200, breaks.health ?? { status: 'ok', ready: true }];
      case 'GET /capabilities':
        return [
          breaks.capabilitiesStatus ?? 200,
          breaks.capabilities ?? { message: 'I shout.', actions: [{ ...ACTION, ...breaks.action }] },
        ];
      case 'GET /invoke':
        return [breaks.getInvoke ?? 405, {}];
      case 'POST /invoke':
        return invoke(req, body);
      default:
        return [breaks.elsewhere ?? 404, {}];
    }
  };
  const invoke = (req: IncomingMessage, body: string): [number, unknown] => {
    if (!isLetIn(req, body, breaks.ignores))
      return [401, { ok: false, error: 'no', error_code: 'auth_failed' }];
    if (body.length > 1024 * 1024 && breaks.ignores !== 'size') return [413, {}];
    const call = read(body);
    if (call === null) return [breaks.ignores === 'form' ? 200 : 400, { ok: false, error: 'not JSON' }];
    const { command, arguments: args } = call;
    if (command !== 'shout') return [200, breaks.unknown ?? { ok: false, error: 'unknown' }];
    if (breaks.hangsUp === true) req.socket.destroy();
    const key = String(req.headers['idempotency-key']);
    if (!kept.has(key) || breaks.ignores === 'repeats') {
      work.push(key);
      kept.set(key, breaks.output ?? { loud: String(args['text']).toUpperCase() });
    }
    const charge = breaks.charge === undefined ? {} : { charge_usdc: breaks.charge };
    return [200, { ok: true, output: kept.get(key), ...charge }];
  };
  const server = createServer((req, res) => {
    void respond(req).then(([status, body]) =>
      res.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body)),
    );
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    work,
    close: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

function isLetIn({ headers }: IncomingMessage, body: string, ignores: Breaks['ignores']): boolean {
  if (ignores === 'everything') return true;
  if (ignores !== 'key' && headers['x-orchestrator-key'] !== KEYS.orchestrator_key) return false;
  if (ignores === 'signature') return true;
  const given = headers as Record<string, string>;
  if (given['webhook-id'] === undefined) return false;
  const at = new Date(Number(given['webhook-timestamp']) * 1000);
  if (ignores !== 'age' && Math.abs(Date.now() - at.getTime()) > 300_000) return false;
  // The mistake of signing what was parsed: white space around it is lost.
  const signed = ignores === 'bytes' ? [body, `${body} `] : [body];
  const wanted = signed.map((one) =>
    new Webhook(KEYS.signing_secret).sign(given['webhook-id'] ?? '', at, one),
  );
  return wanted.includes(given['webhook-signature'] ?? '');
}

function read(body: string): { command: string; arguments: Record<string, unknown> } | null {
  try {
    return JSON.parse(body) as { command: string; arguments: Record<string, unknown> };
  } catch {
    return null;
  }
}
