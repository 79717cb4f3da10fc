import type { Keys } from '../agent-folder';
import { createSend } from './exchange';
import { unchecked } from './finding';
import type { Finding } from './finding';
import { checkClosedDoor, checkInvokeRules } from './invoke-rules';
import type { Chosen } from './invoke-rules';
import { checkOpenRules } from './open-rules';

/** Every rule that can be checked: all with the keys of the agent, without them what anyone may ask. */
export async function checkAgent(url: string, keys: Keys | null, chosen: Chosen): Promise<Finding[]> {
  const send = createSend(url);
  const { findings, actions } = await checkOpenRules(send);
  if (actions === null) return findings;
  if (keys !== null) return [...findings, ...(await checkInvokeRules({ send, keys, actions, chosen }))];
  const why = 'give the keys of the agent: --folder agents/<name>, or --key … --secret whsec_…';
  return [...findings, await checkClosedDoor(send), unchecked('calls with key and signature', why)];
}
