/** Who a database transaction acts for. `system` is the relay, the reconciler and the workflows' activities. */
export type Principal = { kind: 'user'; id: string } | { kind: 'system' };

export const SYSTEM: Principal = { kind: 'system' };
export const asUser = (id: string): Principal => ({ kind: 'user', id });
/** Somebody who has not said who they are: sees what is public. No id of a person reads so. */
export const ANYONE: Principal = asUser('anyone');
