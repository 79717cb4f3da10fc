import { createServer } from 'node:http';
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import type { AddressInfo } from 'node:net';

/** Answers the n-th request (from 1) of one path of one animal. */
export type Behaviour = (res: ServerResponse, n: number) => void;

export interface ZooCall {
  headers: IncomingHttpHeaders;
  body: string;
}

/** Small agents on one port: each has its own path, its own behaviour and its own record of what it was asked. */
export interface Zoo {
  /** The base URL of an animal that from now on behaves so. */
  keep: (name: string, animal: Animal) => string;
  /** All calls of its /invoke, in order. */
  calls: (name: string) => ZooCall[];
  url: string;
  close: () => Promise<void>;
}

interface Animal {
  health?: Behaviour;
  capabilities?: Behaviour;
  invoke?: Behaviour;
}

export const json =
  (body: unknown, status = 200, headers: Record<string, string> = {}): Behaviour =>
  (res) =>
    void res.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));

export const OK = json({ ok: true, output: { words: 3 } });

const action = (name: string, more: Record<string, unknown>) => ({
  name,
  description: `does ${name}`,
  input_schema: { type: 'object' },
  output_schema: {},
  ...more,
});

/** One action of each kind that the rules tell apart. */
export const ACTIONS = [
  action('count', { price: null }),
  action('read', { price: '0.05' }),
  action('dear', { price: '5.00' }),
  action('send', { price: '0.05', risk_level: 'R2' }),
  action('mail', { price: null, risk_level: 'R2' }),
  action('erase', { price: null, risk_level: 'R3' }),
];

const USUAL: Required<Animal> = {
  health: json({ status: 'ok', ready: true }),
  capabilities: json({ message: 'I read texts.', actions: ACTIONS }),
  invoke: OK,
};

export async function openZoo(): Promise<Zoo> {
  const animals = new Map<string, Required<Animal>>();
  const asked = new Map<string, ZooCall[]>();
  const answer = async (req: IncomingMessage, res: ServerResponse): Promise<void> => {
    const path = req.url ?? '';
    const [, name = '', door = ''] = path.split('/');
    const calls = asked.get(path) ?? [];
    asked.set(path, calls);
    calls.push({ headers: req.headers, body: await text(req) });
    const animal = animals.get(name);
    const behaviour = animal !== undefined && door in animal ? animal[door as keyof Animal] : undefined;
    if (behaviour === undefined) res.writeHead(404).end();
    else behaviour(res, calls.length);
  };
  const server = createServer((req, res) => {
    answer(req, res).catch(() => res.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url,
    keep(name, animal) {
      animals.set(name, { ...USUAL, ...animal });
      return `${url}/${name}`;
    },
    calls: (name) => asked.get(`/${name}/invoke`) ?? [],
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
