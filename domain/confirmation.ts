/** Where a question to a person stands: whether a task of R2 or R3 may run. */
export type ConfirmationState = 'OPEN' | 'APPROVED' | 'REFUSED' | 'EXPIRED' | 'WITHDRAWN';

/** A code that was sent by mail: for so long, and so many wrong ones. */
export const CODE_MS = 600_000;
export const CODE_TRIES = 5;
/** To one address, of one kind: so that nobody's mailbox is filled and no code is guessed. */
export const CODES_AN_HOUR = 10;
