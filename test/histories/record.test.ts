import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { historyToJSON } from '@temporalio/common/lib/proto-utils';
import { SCENARIOS } from '../crash/scenarios';
import { openCrashStage } from '../crash/stage';
import { RARE_PATHS } from './rare-paths';
import { createVirtualTime } from '../harness/workflows';

// `npm run record-histories`: runs on real servers every scenario that has no recording yet, and what only a scripted
// world brings about on skipped time, and writes the histories to test/histories/recorded. They stay in the repository
// as they were: from then on each test run replays them with the code as it is (replay.test.ts).
const FOLDER = join(__dirname, 'recorded');

const fileOf = (path: string, workflowId: string, number: number): string =>
  join(FOLDER, `${path}.${workflowId.split('/')[0]}${number === 1 ? '' : `-${number}`}.json`);

const isRecorded = (name: string): boolean =>
  readdirSync(FOLDER).some((file) => file.startsWith(`${slug(name)}.`));

const slug = (name: string): string => name.replace(/\W+/g, '-');

test('every workflow type and path is recorded', async () => {
  mkdirSync(FOLDER, { recursive: true });
  const stage = await openCrashStage();
  try {
    for (const scenario of SCENARIOS.filter(({ name }) => !isRecorded(name))) {
      const { violations } = await stage.run(scenario, []);
      expect(violations).toEqual([]);
      const begun = stage.world.temporal.workflow.list({
        query: `StartTime >= '${stage.world.since.toISOString()}'`,
      });
      const numbers = new Map<string, number>();
      for await (const { workflowId, history } of begun.intoHistories()) {
        const kind = workflowId.split('/')[0] ?? '';
        numbers.set(kind, (numbers.get(kind) ?? 0) + 1);
        const file = fileOf(slug(scenario.name), workflowId, numbers.get(kind) ?? 1);
        writeFileSync(file, `${historyToJSON(history as Parameters<typeof historyToJSON>[0])}\n`);
      }
      process.stdout.write(`recorded: ${scenario.name}\n`);
    }
  } finally {
    await stage.close();
  }
}, 600_000);

test('so are the paths that only a scripted world takes', async () => {
  const paths = RARE_PATHS.filter(({ name }) => !isRecorded(name));
  if (paths.length === 0) return;
  const time = await createVirtualTime();
  try {
    for (const path of paths) {
      const workflowId = await path.run(time);
      const handle = time.env.client.workflow.getHandle(workflowId, path.firstRun?.());
      const history = await handle.fetchHistory();
      writeFileSync(fileOf(slug(path.name), workflowId, 1), `${historyToJSON(history)}\n`);
      process.stdout.write(`recorded: ${path.name}\n`);
    }
  } finally {
    await time.close();
  }
}, 600_000);
