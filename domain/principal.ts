/**
 * Who a database transaction acts for. `system` is the relay, the reconciler and the workflows' activities; `agent-key`
 * is the agent of the network whose key has this hash, found in the round trip that begins the transaction.
 */
export type Principal =
  | { kind: 'user'; id: string }
  | { kind: 'agent'; id: string }
  | { kind: 'agent-key'; hash: Buffer }
  | { kind: 'system'; for?: string };

export const SYSTEM: Principal = { kind: 'system' };
/** The system at a person's word: it sees all, and the audit log names them. */
export const systemFor = (userId: string): Principal => ({ kind: 'system', for: userId });
export const byAgentKey = (hash: Buffer): Principal => ({ kind: 'agent-key', hash });
/** An agent, by the person behind it. */
export const asAgent = (id: string): Principal => ({ kind: 'agent', id });
export const asUser = (id: string): Principal => ({ kind: 'user', id });
/** Somebody who has not said who they are: sees what is public. No id of a person reads so. */
export const ANYONE: Principal = asUser('anyone');
