import {
  condition,
  continueAsNew,
  defineSignal,
  proxyActivities,
  setCurrentDetails,
  setHandler,
} from '@temporalio/workflow';
import type { ListingStatus } from '../domain/agent';
import type { AgentActivities, AgentMonitorInput, Wake } from '../domain/workflows';
import { isLong } from './history';
import { setFinalPhase } from './phase';

export const listingChanged = defineSignal<[Wake]>('listingChanged');

const { probeAgent } = proxyActivities<AgentActivities>({
  summary: 'Asks the agent how it is and what it offers',
  startToCloseTimeout: '30 seconds',
  heartbeatTimeout: '2 seconds',
  retry: { initialInterval: '100ms', backoffCoefficient: 2, maximumInterval: '10 seconds' },
});

/**
 * The listing of one agent: probes it when it is listed, moved or checked, and a few times more when it is not well.
 * Otherwise it sleeps without a timer. Ends when the listing is rejected or deleted.
 */
export async function agentMonitor(input: AgentMonitorInput): Promise<ListingStatus> {
  const { agentId, userId, seen: answered } = input;
  let newest = input.newest ?? 0;
  const hear = ({ version }: Wake): void => {
    newest = Math.max(newest, version);
  };
  setHandler(listingChanged, hear, { description: 'Its owner, or a review, has said something new.' });
  if (answered !== undefined) await condition(() => newest > answered);

  for (let attempt = 1; ;) {
    setCurrentDetails(`Probes the agent (${attempt}).`);
    const probe = await probeAgent({ agentId, attempt });
    if (probe.kind === 'closed') {
      setCurrentDetails(`${probe.status}.`);
      setFinalPhase(probe.status);
      return probe.status;
    }
    const { seen, retryInMs } = probe;
    const isNews = (): boolean => newest > seen;
    if (retryInMs === null) {
      if (isLong() && !isNews()) await continueAsNew<typeof agentMonitor>({ agentId, userId, newest, seen });
      setCurrentDetails('Waits until its owner asks for a check, or a review ends it.');
      await condition(isNews);
      attempt = 1;
    } else {
      setCurrentDetails(`The probe was not good; probes again in ${retryInMs} ms.`);
      attempt = (await condition(isNews, retryInMs)) ? 1 : attempt + 1;
    }
  }
}
