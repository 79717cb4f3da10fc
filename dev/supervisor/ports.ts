import { connect, createServer } from 'node:net';

/** A port of 127.0.0.1 that nobody listens on: the wished one if it is free, otherwise one the system gives. */
export async function freePort(wished = 0): Promise<number> {
  const got = await tryListen(wished);
  if (got !== null) return got;
  const other = await tryListen(0);
  if (other === null) throw new Error('no free port on 127.0.0.1');
  return other;
}

/** Whether something accepts connections there. */
export function isListening(port: number, timeoutMs = 500): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port, timeout: timeoutMs });
    const end = (answer: boolean): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.once('connect', () => end(true));
    socket.once('timeout', () => end(false));
    socket.once('error', () => end(false));
  });
}

function tryListen(port: number): Promise<number | null> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(null));
    server.listen({ host: '127.0.0.1', port, exclusive: true }, () => {
      const address = server.address();
      server.close(() => resolve(address !== null && typeof address === 'object' ? address.port : null));
    });
  });
}
