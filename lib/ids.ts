import { randomBytes } from 'node:crypto';

const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_';

export type IdPrefix =
  | 'usr'
  | 'agt'
  | 'ses'
  | 'msg'
  | 'trn'
  | 'pay'
  | 'prm'
  | 'tsk'
  | 'evt'
  | 'out'
  | 'req'
  | 'fam'
  | 'key'
  | 'hc'
  | 'mail'
  | 'rul'
  | 'rfd'
  | 'top'
  | 'trc'
  | 'art'
  | 'sig';

/** A random id: prefix, `_`, and 21 characters of 63 symbols (125 bits). */
export function newId(prefix: IdPrefix): string {
  let text = '';
  while (text.length < 21) {
    for (const byte of randomBytes(32)) {
      const symbol = ALPHABET[byte & 63];
      // 64 values for 63 symbols: the last one is thrown away, so that all symbols are equally likely
      if (symbol !== undefined && text.length < 21) text += symbol;
    }
  }
  return `${prefix}_${text}`;
}
