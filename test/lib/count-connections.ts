import { createHook } from 'node:async_hooks';

interface Connecting {
  address?: string;
  port?: number;
}

/**
 * What this process connects to over TCP from now on, whatever library asks for it, as `address:port`; `known` ports are
 * left out.
 */
export function watchConnections(known: number[] = []): {
  seen: () => string[];
  forget: () => void;
  stop: () => void;
} {
  let begun: Connecting[] = [];
  const hook = createHook({
    init: (...[, type, , resource]) => {
      if (type === 'TCPCONNECTWRAP') begun.push(resource);
    },
  }).enable();
  return {
    // The address is put on it after it is made.
    seen: () =>
      begun
        .filter(({ port }) => !known.includes(port ?? 0))
        .map(({ address, port }) => `${address ?? ''}:${port ?? 0}`),
    forget: () => {
      begun = [];
    },
    stop: () => void hook.disable(),
  };
}
