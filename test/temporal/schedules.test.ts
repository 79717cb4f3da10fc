import { Client } from '@temporalio/client';
import { NativeConnection } from '@temporalio/worker';
import { findTemporal } from '../../dev/temporal/binary';
import { startTemporal } from '../../dev/temporal/server';
import type { RunningTemporal } from '../../dev/temporal/server';
import { openSchedules } from '../../temporal/schedules';
import { registerSearchAttributes } from '../../temporal/search-attributes';

let server: RunningTemporal;
let connection: NativeConnection;
let client: Client;
beforeAll(async () => {
  server = await startTemporal({ binary: await findTemporal(), dbFile: null });
  connection = await NativeConnection.connect({ address: server.address });
  client = new Client({ connection });
  await registerSearchAttributes(connection, 'default');
}, 60_000);
afterAll(async () => {
  await connection.close();
  await server.stop();
});

test.each([
  [
    'audit-seal',
    'auditSeal',
    { hour: [{ start: 0, end: 23, step: 1 }], minute: [{ start: 7, end: 7, step: 1 }] },
  ],
  [
    'ledger-proof',
    'ledgerProof',
    { hour: [{ start: 3, end: 3, step: 1 }], minute: [{ start: 17, end: 17, step: 1 }] },
  ],
])(
  'the schedule %s is there once, however many processes start, at its time',
  async (id, workflowType, at) => {
    await Promise.all([openSchedules(client, 'intl'), openSchedules(client, 'intl')]);
    const { spec, action, policies } = await client.schedule.getHandle(id).describe();
    expect(spec.calendars).toMatchObject([at]);
    expect(action).toMatchObject({ type: 'startWorkflow', workflowType, taskQueue: 'money' });
    expect(policies.overlap).toBe('SKIP');
  },
);

test('a schedule that an operator has paused stays so', async () => {
  await openSchedules(client, 'intl');
  await client.schedule.getHandle('audit-seal').pause('by hand');
  await openSchedules(client, 'intl');
  expect((await client.schedule.getHandle('audit-seal').describe()).state.paused).toBe(true);
});
