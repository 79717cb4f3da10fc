/** Who a database transaction acts for. `system` is the relay, the reconciler and the workflows' activities. */
export type Principal = { kind: 'user'; id: string } | { kind: 'system' };

export const SYSTEM: Principal = { kind: 'system' };
export const asUser = (id: string): Principal => ({ kind: 'user', id });
