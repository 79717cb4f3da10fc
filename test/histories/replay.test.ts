import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { historyFromJSON } from '@temporalio/common/lib/proto-utils';
import {
  bundleWorkflowCode,
  DefaultLogger,
  makeTelemetryFilterString,
  Runtime,
  Worker,
} from '@temporalio/worker';
import type { WorkflowBundle } from '@temporalio/worker';
import { QUEUES } from '../../domain/workflows';
import { activityNames } from '../crash/points';

// A deploy must not break a workflow that is running: each recorded history is replayed with the code as it is. When
// this fails, the change needs a patch marker (docs/durability.md), not a new recording.
const FOLDER = join(__dirname, 'recorded');
const files = readdirSync(FOLDER).filter((name) => name.endsWith('.json'));
const read = (name: string): unknown => JSON.parse(readFileSync(join(FOLDER, name), 'utf8'));

let workflowBundle: WorkflowBundle;
beforeAll(async () => {
  // A history that does not replay is expected below: the core's words about it are noise.
  Runtime.install({
    logger: new DefaultLogger('ERROR', () => undefined),
    telemetryOptions: { logging: { filter: makeTelemetryFilterString({ core: 'ERROR', other: 'ERROR' }) } },
  });
  workflowBundle = await bundleWorkflowCode({
    workflowsPath: require.resolve('../../workflows'),
    workflowInterceptorModules: [require.resolve('../../workflows/interceptors')],
    logger: new DefaultLogger('ERROR'),
  });
}, 60_000);

test('every recorded history replays with the code as it is', async () => {
  const histories = files.map((name) => ({ workflowId: name, history: historyFromJSON(read(name)) }));
  const broken: string[] = [];
  let count = 0;
  for await (const { workflowId, error } of Worker.runReplayHistories({ workflowBundle }, histories)) {
    count += 1;
    if (error !== undefined) broken.push(`${workflowId}: ${error.message}`);
  }
  expect(broken).toEqual([]);
  expect(count).toBe(files.length);
}, 120_000);

test('a history that was changed does not replay, so the test above can fail', async () => {
  const name = files.find((file) => file.includes('.payment'));
  const text = readFileSync(join(FOLDER, name ?? ''), 'utf8').replaceAll('settlePayment', 'authorizePayment');
  const history = historyFromJSON(JSON.parse(text));
  const replay = Worker.runReplayHistory({ workflowBundle }, history, 'payment/changed');
  await expect(replay).rejects.toThrow(/Nondeterminism/);
}, 60_000);

test('the recordings hold every workflow type, every activity and a continue-as-new', () => {
  const texts = files.map((name) => readFileSync(join(FOLDER, name), 'utf8'));
  const holds = (word: string): boolean => texts.some((text) => text.includes(`"${word}"`));
  expect(Object.keys(QUEUES).filter((type) => !holds(type))).toEqual([]);
  expect(activityNames().filter((name) => !holds(name))).toEqual([]);
  expect(texts.some((text) => text.includes('EVENT_TYPE_WORKFLOW_EXECUTION_CONTINUED_AS_NEW'))).toBe(true);
});
