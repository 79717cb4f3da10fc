import { Server } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import express from 'express';
import type { Express } from 'express';
import { jsonBody } from '../api/body';
import { traceRequests } from '../api/request';
import { createPool } from '../db/pool';
import { createLogger } from '../lib/log';

/** Where the bare handler answers, in the platform's own server. */
export const BARE_PATH = '/bench/rows';

/**
 * Loaded by the platform process of `bench:tasks -- calls` before its own program (`--require`), so that the product
 * knows nothing of it: what the same HTTP server takes for a body, one transaction of one row, and an answer.
 */
function openBareDoor(): void {
  const bare = createBareHandler(process.env['DATABASE_URL'] ?? '');
  // The server hands on its own arguments, whatever they are.
  // eslint-disable-next-line @typescript-eslint/unbound-method
  const emit = Server.prototype.emit;
  Server.prototype.emit = function (this: Server, name: string, ...args: unknown[]): boolean {
    const [req, res] = args as [IncomingMessage, ServerResponse];
    if (name !== 'request' || req.url?.startsWith(BARE_PATH) !== true)
      return Reflect.apply(emit, this, [name, ...args]) as boolean;
    bare(req, res);
    return true;
  } as typeof emit;
}

function createBareHandler(databaseUrl: string): Express {
  const pool = createPool(databaseUrl);
  const inTransaction = async (text: string, values: unknown[]): Promise<unknown> => {
    const client = await pool.connect();
    try {
      await client.query('begin');
      const { rows } = await client.query<Record<string, unknown>>(text, values);
      await client.query('commit');
      return rows[0];
    } finally {
      client.release();
    }
  };
  const app = express();
  app.disable('etag');
  app.use(traceRequests(createLogger('warn')), jsonBody());
  app.post(BARE_PATH, async (req, res) => {
    res.json(
      await inTransaction('insert into bench_rows (body) values ($1) returning id, body, version', [
        req.body,
      ]),
    );
  });
  app.post(`${BARE_PATH}/:id`, async (req, res) => {
    res.json(
      await inTransaction(
        'update bench_rows set version = version + 1, body = $2 where id = $1 returning id, body, version',
        [req.params.id, req.body],
      ),
    );
  });
  return app;
}

if (process.argv[1]?.endsWith('platform.js') === true) openBareDoor();
