import {
  condition,
  continueAsNew,
  defineSignal,
  proxyActivities,
  setCurrentDetails,
  setHandler,
} from '@temporalio/workflow';
import { isMonitored } from '../domain/agent';
import type { ListingStatus } from '../domain/agent';
import type {
  AgentActivities,
  AgentMonitorInput,
  DrainProgress,
  MonitoredVersions,
  Wake,
} from '../domain/workflows';
import { isLong } from './history';
import { setPhase } from './phase';

export const listingChanged = defineSignal<[Wake]>('listingChanged');
export const breakerChanged = defineSignal<[Wake]>('breakerChanged');

const retry = { initialInterval: '100ms', backoffCoefficient: 2, maximumInterval: '10 seconds' } as const;
const { probeAgent } = proxyActivities<AgentActivities>({
  summary: 'Asks the agent how it is and what it offers',
  startToCloseTimeout: '30 seconds',
  heartbeatTimeout: '2 seconds',
  retry,
});
const { drainParked } = proxyActivities<AgentActivities>({
  summary: 'Tries the agent, and delivers what waits for it',
  startToCloseTimeout: '2 minutes',
  heartbeatTimeout: '2 seconds',
  retry,
});

/** Something is to be done at this time of the workflow's, in milliseconds; null: not before there is news. */
type Due = number | null;
const isDue = (at: Due): boolean => at !== null && at <= Date.now();

/**
 * One agent. Its listing is probed when it is listed, moved or checked, and a few times more when it is not well. When its
 * breaker opens, it is tried after ever longer waits, and what is parked for it is delivered when it is back. Otherwise the
 * monitor sleeps without a timer. It ends with the agent.
 */
export async function agentMonitor(input: AgentMonitorInput): Promise<ListingStatus> {
  const newest: MonitoredVersions = { ...(input.newest ?? { listing: 0, breaker: 0 }) };
  const seen: MonitoredVersions = { ...(input.seen ?? { listing: 0, breaker: 0 }) };
  const hear =
    (what: keyof MonitoredVersions) =>
    ({ version }: Wake): void => {
      newest[what] = Math.max(newest[what], version);
    };
  setHandler(listingChanged, hear('listing'), {
    description: 'Its owner, or a review, has said something new.',
  });
  setHandler(breakerChanged, hear('breaker'), { description: 'It is down, back, or another one.' });
  const isNews = (what: keyof MonitoredVersions): boolean => newest[what] > seen[what];
  const { agentId } = input;
  let attempt = 0;
  let probeAt: Due = null;
  let drainAt: Due = null;
  let phase = 'open';

  for (;;) {
    if (isNews('listing') || isDue(probeAt)) {
      attempt = isNews('listing') ? 1 : attempt + 1;
      setCurrentDetails(`Probes the agent (${attempt}).`);
      const probe = await probeAgent({ agentId, attempt });
      const isGone = probe.kind === 'closed';
      seen.listing = isGone ? newest.listing : probe.seen;
      probeAt = isGone || probe.retryInMs === null ? null : Date.now() + probe.retryInMs;
      // What is parked for an agent that is gone ends too.
      if (isGone) drainAt = Date.now();
    }
    if (isNews('breaker') || isDue(drainAt)) {
      const drained = await drainParked({ agentId });
      if (drained.kind === 'closed' && !isMonitored(drained.status)) {
        setCurrentDetails(`${drained.status}.`);
        setPhase(drained.status);
        return drained.status;
      }
      seen.breaker = Math.max(seen.breaker, drained.seen);
      drainAt = nextDrain(drained);
      if (phase !== phaseOf(drained)) setPhase((phase = phaseOf(drained)));
      setCurrentDetails(said(drained));
    } else setCurrentDetails(probeAt === null ? IDLE : 'The probe was not good; it is made again.');
    const hasNews = (): boolean => isNews('listing') || isNews('breaker');
    if (isLong() && probeAt === null && !hasNews()) {
      // An open breaker is news to the next run: its row says when it is tried.
      if (drainAt !== null) seen.breaker = newest.breaker - 1;
      await continueAsNew<typeof agentMonitor>({ ...input, newest, seen });
    }
    const due = Math.min(probeAt ?? Infinity, drainAt ?? Infinity);
    if (due === Infinity) await condition(hasNews);
    else if (due > Date.now()) await condition(hasNews, due - Date.now());
  }
}

const IDLE = 'Waits until its owner asks for a check, it cannot be reached, or a review ends it.';

function nextDrain(drained: DrainProgress): Due {
  if (drained.kind === 'closed') return null;
  return Date.now() + (drained.kind === 'open' ? drained.inMs : 0);
}

const phaseOf = ({ kind }: DrainProgress): string =>
  ({ closed: 'open', open: 'down', draining: 'draining' })[kind];

function said(drained: DrainProgress): string {
  switch (drained.kind) {
    case 'closed':
      return IDLE;
    case 'open': {
      const { since, parked, inMs } = drained;
      const at = new Date(Date.now() + inMs).toISOString();
      return `The agent is down since ${since}; ${parked} tasks are parked; it is tried at ${at}.`;
    }
    case 'draining':
      return `The agent is back; ${drained.parked} parked tasks are delivered, the oldest first.`;
  }
}
