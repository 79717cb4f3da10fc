import { setTimeout as pause } from 'node:timers/promises';
import type { RunFile } from '../dev/run-file';
import { cpuUsed, processTree } from './process-tree';
import type { Process } from './process-tree';

export type PartName = 'platform' | 'temporal' | 'postgres' | 'model' | 'agents';

/** Notes the CPU of each part; the returned function says what each has used since. */
export function watchCpu({ pids }: RunFile): () => Record<PartName, number> {
  const look = (): Record<PartName, Process[]> =>
    byPart((part) => {
      const pid = pids[part];
      return pid === undefined ? [] : processTree([pid]);
    });
  const before = look();
  return () => {
    const after = look();
    return byPart((part) => cpuUsed(before[part], after[part]));
  };
}

const LOOK_MS = 300;
/** A tenth of a core: more than an idle tree takes, less than one that works. */
const IDLE_MS = LOOK_MS / 10;

/** Resolves when what was begun is done. */
export async function quiet(run: RunFile): Promise<void> {
  for (;;) {
    const used = watchCpu(run);
    await pause(LOOK_MS);
    if (ownCpu(used()) <= IDLE_MS) return;
  }
}

/** What is ours of a turn's cost: the stand-in and the demo agents are not. */
export const ownCpu = ({ platform, temporal, postgres }: Record<PartName, number>): number =>
  platform + temporal + postgres;

export const byPart = <T>(value: (part: PartName) => T): Record<PartName, T> => ({
  platform: value('platform'),
  temporal: value('temporal'),
  postgres: value('postgres'),
  model: value('model'),
  agents: value('agents'),
});
