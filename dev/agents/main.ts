import type { AddressInfo } from 'node:net';
import { once } from 'node:events';
import { join } from 'node:path';
import { openMailbox } from '../mailbox/mailbox';
import type { DemoAgent } from './action';
import { openCallLog } from './call-log';
import { DEMO_AGENTS } from './catalogue';
import type { DemoAgentSlug } from './catalogue';
import { checker } from './checker/checker';
import { unitConverter } from './converter/unit-converter';
import { createNewsletterSender } from './newsletter/newsletter-sender';
import { qrMaker } from './qr/qr-maker';
import { createAgentServer } from './server';
import { readAgentSettings } from './settings';
import { tableAnalyst } from './table/table-analyst';
import { textAnalyst } from './text/text-analyst';

/** The demo agents and the mailbox in one process, a port each. What they answer is on the disk before its answer. */
async function main(): Promise<void> {
  const { ports, mailboxPorts, keys, folder, mailFolder } = readAgentSettings(process.env);
  const mailbox = await openMailbox({ folder: mailFolder, ports: mailboxPorts });
  const agents: Record<DemoAgentSlug, DemoAgent> = {
    'text-analyst': textAnalyst,
    'table-analyst': tableAnalyst,
    'unit-converter': unitConverter,
    'qr-maker': qrMaker,
    checker,
    'newsletter-sender': createNewsletterSender(mailbox),
  };
  const listening: Record<string, number> = {};
  for (const { slug } of DEMO_AGENTS) {
    const log = openCallLog(join(folder, `${slug}.jsonl`));
    const server = createAgentServer({ agent: agents[slug], keys: keys[slug], log });
    server.listen(ports[slug], '127.0.0.1');
    await once(server, 'listening');
    listening[slug] = (server.address() as AddressInfo).port;
  }
  const { smtpPort: smtp, httpPort: http } = mailbox;
  console.log(`listening ${JSON.stringify({ agents: listening, mailbox: { smtp, http } })}`);
}

for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => process.exit(0));
main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
});
