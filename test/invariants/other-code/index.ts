import { sleep } from '@temporalio/workflow';

/** Not ours: what a deploy would leave behind that changed a running workflow without a patch marker. */
export async function payment(): Promise<string> {
  await sleep(1);
  await sleep(2);
  return 'CAPTURED';
}
