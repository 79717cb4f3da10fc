import * as dns from 'node:dns/promises';
import { setTimeout as pause } from 'node:timers/promises';
import ipaddr from 'ipaddr.js';
import { Agent, buildConnector, request } from 'undici';
import { MooringError } from '../domain/errors';

/** The one way to an address that somebody else chose (design.md, security rule 3). */
export interface GuardedHttp {
  /**
   * One request: no redirects, bounded in time and size, only to addresses that are allowed. Once a head has come it is
   * an answer, whose body may be cut.
   */
  request: (url: string, options: GuardedRequest) => Promise<GuardedResponse>;
  close: () => Promise<void>;
}

export interface GuardedRequest {
  method: 'GET' | 'POST';
  headers?: Record<string, string>;
  body?: string;
  /** for the whole exchange */
  timeoutMs: number;
  /** of the answer's body */
  maxBytes: number;
  signal?: AbortSignal;
}

export interface GuardedResponse {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  /** what came of it, at most `maxBytes` */
  body: string;
  cut: Cut | null;
}

/** Why a body is not whole: it is too large, too slow, or its connection broke. */
export type Cut = 'size' | 'time' | 'broken';

type Lookup = (name: string) => Promise<string[]>;

const systemLookup: Lookup = async (name) =>
  (await dns.lookup(name, { all: true })).map(({ address }) => address);

const PORTS = new Set(['', '443', '8443']);
// Public by its range, but a cloud's own service: Azure's wire server.
const DENIED = new Set(['168.63.129.16']);

/**
 * The address is checked where the connection is made, after DNS, and that very address is connected to; a look-up
 * hook alone would not see literal IPs. `allowLoopback` opens 127.0.0.0/8 and ::1, plain http and any port there.
 */
export function createGuardedHttp({
  allowLoopback,
  lookup = systemLookup,
}: {
  allowLoopback: boolean;
  /** all addresses of a name */
  lookup?: Lookup;
}): GuardedHttp {
  const connect = buildConnector({ timeout: 3_000 });
  const agent = new Agent({
    connect: (options, callback) => {
      checkedAddress(options, { allowLoopback, lookup }).then(
        (address) =>
          connect(
            { ...options, hostname: address, servername: options.servername ?? options.hostname },
            callback,
          ),
        (error: unknown) => callback(error instanceof Error ? error : new Error(String(error)), null),
      );
    },
    maxResponseSize: -1,
    maxHeaderSize: 16 * 1024,
    keepAliveTimeout: 10_000,
  });
  return {
    async request(url, options) {
      checkUrl(url, allowLoopback);
      return exchange(agent, url, options);
    },
    // A second time there is nothing to close.
    close: () => (agent.closed || agent.destroyed ? Promise.resolve() : agent.close()),
  };
}

async function exchange(agent: Agent, url: string, options: GuardedRequest): Promise<GuardedResponse> {
  const timeout = AbortSignal.timeout(options.timeoutMs);
  const response = await request(url, {
    dispatcher: agent,
    method: options.method,
    headers: { accept: 'application/json', ...options.headers },
    body: options.body ?? null,
    signal: options.signal === undefined ? timeout : AbortSignal.any([timeout, options.signal]),
  });
  const read = await readCapped(response.body, options.maxBytes, () => {
    options.signal?.throwIfAborted();
    return timeout.aborted ? 'time' : 'broken';
  });
  return { status: response.statusCode, headers: response.headers, ...read };
}

const LOOKUP_MS = 3_000;

interface AddressRules {
  allowLoopback: boolean;
  lookup?: Lookup;
  /** whose value it is, for the error */
  field?: string;
}

/** Whether requests to this address could be made, by the rules of the client itself. Throws address_blocked. */
export async function checkAddress(text: string, { field, ...rules }: AddressRules): Promise<void> {
  try {
    await check(text, rules);
  } catch (error) {
    if (field === undefined || !(error instanceof MooringError)) throw error;
    throw new MooringError(error.code, error.message, { details: { ...error.details, field } });
  }
}

async function check(text: string, { allowLoopback, lookup = systemLookup }: AddressRules): Promise<void> {
  checkUrl(text, allowLoopback);
  const { hostname, protocol, port } = new URL(text);
  const inTime: Lookup = async (name) => {
    const late = new AbortController();
    try {
      return await Promise.race([lookup(name), pause(LOOKUP_MS, [], { signal: late.signal })]);
    } catch {
      return [];
    } finally {
      late.abort();
    }
  };
  await checkedAddress({ hostname, protocol, port }, { allowLoopback, lookup: inTime });
}

function checkUrl(text: string, allowLoopback: boolean): void {
  if (!URL.canParse(text)) throw blocked('is not a URL');
  const url = new URL(text);
  if (url.username !== '' || url.password !== '') throw blocked('must not carry a user or a password');
  if (url.protocol === 'https:' && (PORTS.has(url.port) || allowLoopback)) return;
  // Whether the host really is loopback is seen at the connection; here only what production never allows.
  if (url.protocol === 'http:' && allowLoopback) return;
  throw blocked('must be https on port 443 or 8443');
}

async function checkedAddress(
  target: { hostname: string; protocol: string; port: string },
  { allowLoopback, lookup }: { allowLoopback: boolean; lookup: Lookup },
): Promise<string> {
  const host = target.hostname.replace(/^\[|\]$/g, '');
  const addresses = ipaddr.isValid(host) ? [host] : await lookup(host);
  const [first] = addresses;
  if (first === undefined) throw blocked('has no address');
  // What loopback is let off, an address of the network is not.
  const strict = target.protocol === 'https:' && PORTS.has(target.port);
  if (!addresses.every((address) => (isLoopback(address) ? allowLoopback : strict && isPublic(address)))) {
    throw blocked('does not lead to a public address');
  }
  return first;
}

const isLoopback = (address: string): boolean => ipaddr.process(address).range() === 'loopback';

function isPublic(address: string): boolean {
  const parsed = ipaddr.process(address);
  return parsed.range() === 'unicast' && !DENIED.has(parsed.toString());
}

const blocked = (reason: string): MooringError =>
  new MooringError('address_blocked', `The agent's address ${reason}.`, {
    details: { field: 'base_url', rule: reason },
  });

/** `whyBroken` says what an error of the body is, or throws. */
async function readCapped(
  body: AsyncIterable<Buffer>,
  maxBytes: number,
  whyBroken: () => Cut,
): Promise<{ body: string; cut: Cut | null }> {
  const chunks: Buffer[] = [];
  let left = maxBytes;
  let cut: Cut | null = null;
  try {
    for await (const chunk of body) {
      chunks.push(chunk.subarray(0, left));
      if (chunk.length > left) {
        cut = 'size';
        break;
      }
      left -= chunk.length;
    }
  } catch {
    cut = whyBroken();
  }
  return { body: Buffer.concat(chunks).toString('utf8'), cut };
}
