import { createServer } from 'node:net';
import type { Server } from 'node:net';

/** As much of PostgreSQL's protocol as it takes to be let in and to be told the version: 14. */
export function createPostgres14(): Server {
  return createServer((socket) => {
    socket.on('error', () => undefined);
    socket.once('data', () => {
      socket.write(message('R', number(0)));
      socket.write(message('S', text('server_version', '14.13')));
      socket.write(message('Z', Buffer.from('I')));
      socket.on('data', (asked) => {
        if (asked.toString('latin1', 0, 1) !== 'Q') return;
        const column = Buffer.concat([text('server_version'), number(0), short(0), number(25), short(-1)]);
        socket.write(message('T', Buffer.concat([short(1), column, number(-1), short(0)])));
        socket.write(message('D', Buffer.concat([short(1), number(5), Buffer.from('14.13')])));
        socket.write(message('C', text('SHOW')));
        socket.write(message('Z', Buffer.from('I')));
      });
    });
  });
}

function message(type: string, body: Buffer): Buffer {
  return Buffer.concat([Buffer.from(type), number(body.length + 4), body]);
}

function number(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}

function short(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeInt16BE(value);
  return bytes;
}

const text = (...words: string[]): Buffer => Buffer.from(words.map((word) => `${word}\0`).join(''));
