import { connect, createServer } from 'node:net';

const LOCAL = '127.0.0.1';

/** A port of the host that nobody listens on: the wished one if it is free, otherwise one the system gives. */
export async function freePort(wished = 0, host = LOCAL): Promise<number> {
  const got = await tryListen(wished, host);
  if (typeof got === 'number') return got;
  const other = await tryListen(0, host);
  if (typeof other === 'number') return other;
  throw new Error(`no free port on ${host} (${other})`);
}

/** Why this process could not listen there at all, in words; null when it could, or when the port is only busy. */
export async function whyNoListening(port: number, host: string): Promise<string | null> {
  const code = await tryListen(port, host);
  if (code === 'EACCES') {
    return `MOORING_PORT ${port} is open to root only, as all below 1024 are. Choose a higher one, such as 4400.`;
  }
  if (typeof code === 'number' || code === 'EADDRINUSE') return null;
  return `MOORING_HOST ${host} is no address of this machine (${code}). Use 127.0.0.1, or 0.0.0.0 for all of them.`;
}

/** Whether something accepts connections there. */
export function isListening(port: number, timeoutMs = 500): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: LOCAL, port, timeout: timeoutMs });
    const end = (answer: boolean): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.once('connect', () => end(true));
    socket.once('timeout', () => end(false));
    socket.once('error', () => end(false));
  });
}

/** The port it got, or the code of the error. */
function tryListen(port: number, host: string): Promise<number | string> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error) => resolve('code' in error ? String(error.code) : error.message));
    server.listen({ host, port, exclusive: true }, () => {
      const address = server.address();
      server.close(() => resolve(address !== null && typeof address === 'object' ? address.port : 'no port'));
    });
  });
}
