import type { AddressInfo } from 'node:net';
import { once } from 'node:events';
import { join } from 'node:path';
import { openCallLog } from './call-log';
import { DEMO_AGENTS } from './catalogue';
import { createAgentServer } from './server';
import { readAgentSettings } from './settings';
import { tableAnalyst } from './table/table-analyst';
import { textAnalyst } from './text/text-analyst';

const agents = { 'text-analyst': textAnalyst, 'table-analyst': tableAnalyst };

/** Both demo agents in one process, a port each. Every line of their records is on the disk before its answer. */
async function main(): Promise<void> {
  const { ports, keys, folder } = readAgentSettings(process.env);
  const listening: Record<string, number> = {};
  for (const { slug } of DEMO_AGENTS) {
    const log = openCallLog(join(folder, `${slug}.jsonl`));
    const server = createAgentServer({ agent: agents[slug], keys: keys[slug], log });
    server.listen(ports[slug], '127.0.0.1');
    await once(server, 'listening');
    listening[slug] = (server.address() as AddressInfo).port;
  }
  console.log(`listening ${JSON.stringify(listening)}`);
}

for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => process.exit(0));
main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
});
