import type { RiskLevel } from './task';

/** One thing an agent does, as its `/capabilities` says it. `price_usdc` is null for a free action. */
export interface AgentAction {
  name: string;
  description: string;
  input_schema: Record<string, unknown>;
  output_schema: Record<string, unknown>;
  price_usdc: string | null;
  risk_level: RiskLevel;
}

/** What an agent offered at the moment it was connected to: prices and schemas are bound to it by hash. */
export interface AgentOffer {
  message: string;
  actions: AgentAction[];
}

export type AgentHealth = 'healthy' | 'degraded' | 'not_ready' | 'unhealthy';
