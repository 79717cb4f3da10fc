import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { Socket } from 'node:net';

/** What stands between a client and the platform, and can be cut. */
export interface CutProxy {
  url: string;
  /** Ends connections that are open now, silenced ones too, each if `hit` says so, with a reset. How many. */
  reset: (hit: () => boolean) => number;
  /** Forwards nothing more of open sockets, and says nothing of it; new ones work. How many. */
  silence: (hit: () => boolean) => number;
  close: () => Promise<void>;
}

interface Pair {
  near: Socket;
  far: Socket;
  /** upgraded; an HTTP client has a time-out of its own, longer than a test */
  isSocket: boolean;
}

/** A TCP proxy on a port of its own, in front of `port` of this machine. */
export async function startProxy(port: number): Promise<CutProxy> {
  const live = new Set<Pair>();
  const silenced = new Set<Pair>();
  const server = createServer((near) => {
    const pair: Pair = { near, far: connect(port, '127.0.0.1'), isSocket: false };
    live.add(pair);
    join(pair, silenced, () => live.delete(pair));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('the proxy has no port');

  const choose = (pairs: Iterable<Pair>, hit: () => boolean): Pair[] => [...pairs].filter(() => hit());
  return {
    url: `http://127.0.0.1:${address.port}`,
    reset(hit) {
      const chosen = choose([...live, ...silenced], hit);
      for (const pair of chosen) {
        live.delete(pair);
        silenced.delete(pair);
        pair.near.resetAndDestroy();
        pair.far.resetAndDestroy();
      }
      return chosen.length;
    },
    silence(hit) {
      const sockets = [...live].filter(({ isSocket }) => isSocket);
      const chosen = choose(sockets, hit);
      for (const pair of chosen) {
        live.delete(pair);
        silenced.add(pair);
      }
      return chosen.length;
    },
    async close() {
      const closed = once(server, 'close');
      server.close();
      for (const { near, far } of [...live, ...silenced]) {
        near.destroy();
        far.destroy();
      }
      await closed;
    },
  };
}

function join(pair: Pair, silenced: Set<Pair>, gone: () => void): void {
  const { near, far } = pair;
  const end = (): void => {
    gone();
    // Neither side of a silenced pair is told that the other has gone; when both have, it is no more.
    if (silenced.has(pair)) return void (near.destroyed && far.destroyed && silenced.delete(pair));
    near.destroy();
    far.destroy();
  };
  near.once('data', (first: Buffer) => {
    pair.isSocket = first.toString('latin1').startsWith('GET /ws/');
  });
  for (const [from, to] of [
    [near, far],
    [far, near],
  ] as const) {
    from.setNoDelay(true);
    from.on('error', end);
    from.on('close', end);
    from.on('data', (chunk) => void (silenced.has(pair) || to.write(chunk)));
  }
}
