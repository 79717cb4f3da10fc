import { TestWorkflowEnvironment } from '@temporalio/testing';
import {
  bundleWorkflowCode,
  DefaultLogger,
  makeTelemetryFilterString,
  Runtime,
  Worker,
} from '@temporalio/worker';
import type { WorkflowBundle } from '@temporalio/worker';
import { findTestServer } from '../../dev/temporal/binary';

export interface VirtualTime {
  env: TestWorkflowEnvironment;
  /** Runs `fn` while a worker serves the queue with these activities. */
  withWorker: <T>(activities: object, fn: (taskQueue: string) => Promise<T>) => Promise<T>;
  close: () => Promise<void>;
}

/** The real time-skipping server and the real workflow bundle: hours pass in milliseconds. One a test file. */
export async function createVirtualTime(): Promise<VirtualTime> {
  Runtime.install({
    logger: new DefaultLogger('ERROR'),
    telemetryOptions: { logging: { filter: makeTelemetryFilterString({ core: 'ERROR', other: 'ERROR' }) } },
  });
  const path = await findTestServer();
  const [env, workflowBundle] = await Promise.all([
    TestWorkflowEnvironment.createTimeSkipping({ server: { executable: { type: 'existing-path', path } } }),
    bundle(),
  ]);
  await env.connection.operatorService.addSearchAttributes({
    namespace: 'default',
    searchAttributes: { MooringPhase: KEYWORD },
  });
  // One worker serves all tests of the file; each test brings the activities that answer.
  let current: Partial<Record<string, Activity>> = {};
  const answer = (name: string) => (input: unknown) => {
    const activity = current[name];
    if (activity === undefined) throw new Error(`no activity ${name} in this test`);
    return activity(input);
  };
  const worker = await Worker.create({
    connection: env.nativeConnection,
    taskQueue: 'test',
    workflowBundle,
    activities: Object.fromEntries(NAMES.map((name) => [name, answer(name)])),
    workflowThreadPoolSize: 1,
  });
  const running = worker.run();
  return {
    env,
    withWorker(activities, fn) {
      current = { ...activities };
      return fn('test');
    },
    close: async () => {
      worker.shutdown();
      await running;
      await env.teardown();
    },
  };
}

/** IndexedValueType of Temporal's API */
const KEYWORD = 2;

type Activity = (input: unknown) => unknown;

const NAMES = [
  ...['askModel', 'searchAgents', 'connectAgent', 'requestPayment', 'hireAgent', 'askPerson', 'askHuman'],
  ...['failToolCall', 'failTurn', 'closeIdleSession', 'expirePrompts', 'deliverTask', 'expireTask'],
  ...['authorizePayment', 'settlePayment', 'settleRefund', 'probeAgent', 'drainParked'],
];

const bundle = (): Promise<WorkflowBundle> =>
  bundleWorkflowCode({
    workflowsPath: require.resolve('../../workflows'),
    logger: new DefaultLogger('ERROR'),
  });
