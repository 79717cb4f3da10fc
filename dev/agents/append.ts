import { fsyncSync, ftruncateSync, writeSync } from 'node:fs';

/**
 * Appends to a file that ends at `end`. The bytes are on the disk when it returns; when it throws, as on a full disk,
 * none of them is in the file, so that the next append begins a line of its own.
 */
export function appendWhole(fd: number, bytes: Buffer, end: number): void {
  try {
    for (let written = 0; written < bytes.length;) written += writeSync(fd, bytes, written);
    fsyncSync(fd);
  } catch (error) {
    ftruncateSync(fd, end);
    throw error;
  }
}
