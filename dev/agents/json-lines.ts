import {
  closeSync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import type { z } from 'zod';

/** Where a row stands in its file, in bytes. */
export interface Place {
  offset: number;
  length: number;
}

export interface JsonLines<Row> {
  /** All rows or none; on the disk when it returns, and told to `index`. */
  append: (rows: Row[]) => void;
  read: (place: Place) => Row;
  close: () => void;
}

export interface JsonLinesOptions<Row> {
  schema: z.ZodType<Row>;
  /** what a row is, for the words about a line that is none */
  of: string;
  /** Told of each row: of those in the file first, then of each that is appended. */
  index: (row: Row, place: Place) => void;
}

/** A record of one JSON line a row, appended and never rewritten, that a kill cuts between two rows at worst. */
export function openJsonLines<Row>(file: string, options: JsonLinesOptions<Row>): JsonLines<Row> {
  const { schema, of, index } = options;
  mkdirSync(dirname(file), { recursive: true });
  const fd = openSync(file, 'a+', 0o600);
  let end = 0;
  const take = (row: Row, length: number): void => {
    index(row, { offset: end, length });
    end += length;
  };
  const parse = (text: string): Row => {
    try {
      return schema.parse(JSON.parse(text));
    } catch (cause) {
      throw new Error(`${file} has a line that is not a ${of}; move the file away to begin anew`, { cause });
    }
  };

  const bytes = readFileSync(file);
  for (let stop = bytes.indexOf(10); stop >= 0; stop = bytes.indexOf(10, end)) {
    take(parse(bytes.subarray(end, stop).toString('utf8')), stop + 1 - end);
  }
  // A line cut by a kill was never answered: its caller asks again.
  if (end < bytes.length) ftruncateSync(fd, end);

  return {
    append: (rows) => {
      const lines = rows.map((row) => ({ row, line: Buffer.from(`${JSON.stringify(row)}\n`) }));
      appendWhole(fd, Buffer.concat(lines.map(({ line }) => line)), end);
      for (const { row, line } of lines) take(row, line.length);
    },
    read: ({ offset, length }) => {
      const buffer = Buffer.alloc(length);
      readSync(fd, buffer, 0, length, offset);
      return parse(buffer.toString('utf8'));
    },
    close: () => closeSync(fd),
  };
}

/** When it throws, as on a full disk, none of the bytes is in the file, so that the next line begins on its own. */
function appendWhole(fd: number, bytes: Buffer, end: number): void {
  try {
    for (let written = 0; written < bytes.length;) written += writeSync(fd, bytes, written);
    fsyncSync(fd);
  } catch (error) {
    ftruncateSync(fd, end);
    throw error;
  }
}
