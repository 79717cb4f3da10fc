import { createHash } from 'node:crypto';

/**
 * A key of a UUID v4's shape from names alone, so that whoever asks again, after a restart or a reset too, asks with
 * the same one.
 */
export function stableKey(...names: [string, ...string[]]): string {
  const bytes = createHash('sha256').update(JSON.stringify(names)).digest().subarray(0, 16);
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x40, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
