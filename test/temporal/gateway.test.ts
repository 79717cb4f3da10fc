import { Client } from '@temporalio/client';
import { NativeConnection } from '@temporalio/worker';
import { findTemporal } from '../../dev/temporal/binary';
import { startTemporal } from '../../dev/temporal/server';
import type { RunningTemporal } from '../../dev/temporal/server';
import { createGateway } from '../../temporal/gateway';
import type { WorkflowSignal } from '../../temporal/gateway';

let server: RunningTemporal;
let connection: NativeConnection;
let client: Client;
beforeAll(async () => {
  server = await startTemporal({ binary: await findTemporal(), dbFile: null });
  connection = await NativeConnection.connect({ address: server.address });
  client = new Client({ connection });
}, 60_000);
afterAll(async () => {
  await connection.close();
  await server.stop();
});

const signalFor = (workflowId: string, signal: string | null): WorkflowSignal => ({
  workflow: 'payment',
  workflowId,
  input: { paymentId: 'pay_1', userId: 'usr_1', expiresAt: '2030-01-01T00:00:00.000Z' },
  signal,
  signalInput: signal === null ? null : { version: 1 },
});

const gatewayOf = (isOpen: boolean) => {
  const restarted: string[] = [];
  const gateway = createGateway({
    client,
    region: 'intl',
    isOpen: () => Promise.resolve(isOpen),
    onRestart: (id) => restarted.push(id),
  });
  return { gateway, restarted };
};
const runOf = async (workflowId: string) => (await client.workflow.getHandle(workflowId).describe()).runId;

test.each([null, 'paymentDecided'])('sent twice (signal %s), there is one run', async (signal) => {
  const id = `payment/twice-${signal ?? 'start'}`;
  const { gateway, restarted } = gatewayOf(true);
  await gateway.send(signalFor(id, signal));
  const first = await runOf(id);
  await gateway.send(signalFor(id, signal));
  expect(await runOf(id)).toBe(first);
  expect(restarted).toEqual([]);
});

test.each([null, 'paymentDecided'])(
  'a run that was ended by hand goes on while its row is open (signal %s)',
  async (signal) => {
    const id = `payment/ended-${signal ?? 'start'}`;
    const { gateway, restarted } = gatewayOf(true);
    await gateway.send(signalFor(id, signal));
    const first = await runOf(id);
    await client.workflow.getHandle(id).terminate('by hand');
    await gateway.send(signalFor(id, signal));
    expect(await runOf(id)).not.toBe(first);
    expect(restarted).toEqual([id]);
  },
);

test.each([null, 'paymentDecided'])('a run whose row has ended stays ended (signal %s)', async (signal) => {
  const id = `payment/done-${signal ?? 'start'}`;
  const { gateway, restarted } = gatewayOf(false);
  await gateway.send(signalFor(id, signal));
  const first = await runOf(id);
  await client.workflow.getHandle(id).terminate('by hand');
  await gateway.send(signalFor(id, signal));
  expect(await runOf(id)).toBe(first);
  expect(restarted).toEqual([]);
});
