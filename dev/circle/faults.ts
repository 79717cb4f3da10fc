import { z } from 'zod';

export const CALLS = [
  'public-key',
  'create-wallets',
  'list-wallets',
  'balances',
  'transfer',
  'estimate',
  'get-transaction',
  'list-transactions',
  'signature-key',
] as const;
export type Call = (typeof CALLS)[number];

/**
 * What goes wrong with the next calls of a kind. `before`: nothing has come of the call; `after`: it was accepted, and
 * the caller does not learn of it.
 */
export const Fault = z.strictObject({
  call: z.enum(CALLS),
  when: z.enum(['before', 'after']),
  /** a status is answered with an error; `cut` closes the line, `hang` leaves it open, `garbage` answers no JSON */
  how: z.union([z.literal([429, 500, 502, 503, 504]), z.enum(['cut', 'hang', 'garbage', 'slow'])]),
  times: z.number().int().min(1).default(1),
  /** so many calls of the kind go well before */
  skip: z.number().int().min(0).default(0),
  delayMs: z.number().int().min(0).default(0),
});
export type Fault = z.infer<typeof Fault>;

export interface FaultBook {
  add: (fault: Fault) => void;
  /** The fault that meets this call now, used up by that. */
  take: (call: Call) => Fault | null;
  clear: () => void;
}

export function createFaultBook(): FaultBook {
  let faults: Fault[] = [];
  return {
    add: (fault) => void faults.push({ ...fault }),
    take(call) {
      const fault = faults.find((candidate) => candidate.call === call);
      if (fault === undefined) return null;
      if (fault.skip > 0) {
        fault.skip -= 1;
        return null;
      }
      fault.times -= 1;
      faults = faults.filter(({ times }) => times > 0);
      return fault;
    },
    clear: () => void (faults = []),
  };
}
