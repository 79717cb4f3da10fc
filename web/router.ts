import { useSyncExternalStore } from 'react';

const listeners = new Set<() => void>();
const tell = (): void => listeners.forEach((listener) => listener());

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  if (listeners.size === 1) addEventListener('popstate', tell);
  return () => {
    listeners.delete(listener);
    if (listeners.size === 0) removeEventListener('popstate', tell);
  };
}

export function goTo(path: string): void {
  if (path !== location.pathname) history.pushState(null, '', path);
  tell();
}

export type Route =
  | { page: 'new' | 'wallet' | 'payments' }
  | {
      page: 'chat' | 'approval' | 'task' | 'inbox' | 'payment' | 'statement' | 'unknown' | 'earnings';
      id: string;
    };

const PAGES = [
  ['chat', /^\/chat\/([\w-]+)$/],
  ['approval', /^\/approvals\/([\w-]+)$/],
  ['task', /^\/tasks\/([\w-]+)$/],
  ['inbox', /^\/agents\/([\w-]+)\/inbox$/],
  ['statement', /^\/(wallet|earnings)\/statement$/],
  ['earnings', /^\/(earnings)$/],
  ['unknown', /^\/ops\/(unknown-payments)$/],
  ['payment', /^\/wallet\/payments\/([\w-]+)$/],
] as const;

/** `/` is a new chat, `/chat/:id` an old one. */
export function useRoute(): Route {
  const path = useSyncExternalStore(subscribe, () => location.pathname);
  for (const [page, shape] of PAGES) {
    const id = shape.exec(path)?.[1];
    if (id !== undefined) return { page, id };
  }
  if (path === '/wallet') return { page: 'wallet' };
  return { page: path === '/wallet/payments' ? 'payments' : 'new' };
}

/** A link that the page follows itself; with a modifier key it is the browser's. */
export function followLink(event: React.MouseEvent<HTMLAnchorElement>): void {
  if (event.defaultPrevented || event.button !== 0) return;
  if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  event.preventDefault();
  goTo(event.currentTarget.pathname);
}
