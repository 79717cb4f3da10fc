import type { AgentHealth } from '../../sdk/api-types';

/** Health in shape and word. */
export interface HealthMark {
  word: string;
  mark: string;
}

const HEALTH: Record<AgentHealth, HealthMark> = {
  healthy: { word: 'Healthy', mark: '' },
  degraded: { word: 'Degraded', mark: 'degraded' },
  not_ready: { word: 'Not ready', mark: 'notready' },
  unhealthy: { word: 'Not available', mark: 'suspended' },
};
const UNKNOWN: HealthMark = { word: 'Not known', mark: 'nodata' };

export const healthOf = (health: AgentHealth | null): HealthMark =>
  health === null ? UNKNOWN : HEALTH[health];
