import { condition, defineSignal, proxyActivities, setHandler } from '@temporalio/workflow';

export interface BareActivities {
  noop: (key: string) => Promise<void>;
}

export const go = defineSignal('go');

const { noop } = proxyActivities<BareActivities>({ startToCloseTimeout: '1 minute' });

/** The reference: the least that Temporal can do of what a turn does. One no-op activity for each signal. */
export async function bare(key: string, signals: number): Promise<void> {
  let heard = 0;
  setHandler(go, () => {
    heard += 1;
  });
  for (let done = 0; done < signals; done += 1) {
    await condition(() => heard > done);
    await noop(`${key}/${done + 1}`);
  }
}
