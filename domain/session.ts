export const SESSION_PHASES = [
  'STARTED',
  'CONNECTED',
  'AGENT_CONNECTED',
  'WORKING',
  'AWAITING_PAYMENT',
  'CLOSED',
] as const;
export type SessionPhase = (typeof SESSION_PHASES)[number];

export const TURN_OUTCOMES = ['answered', 'waiting', 'cancelled', 'limit', 'failed'] as const;
export type TurnOutcome = (typeof TURN_OUTCOMES)[number];

/** The tools of the orchestrator (contract: chat.md section 4). */
export const TOOL_NAMES = [
  'vector_search',
  'connect_agent',
  'request_payment_confirmation',
  'invoke_agent',
  'user_prompt',
  'send_orchestrator_message',
  'close_session',
] as const;
export type ToolName = (typeof TOOL_NAMES)[number];

/**
 * A turn ends, in words, at so many model steps or after so much work; people are waited for beside it. It connects to,
 * asks to pay and hires at most so many agents.
 */
export interface TurnLimits {
  modelSteps: number;
  agents: number;
  workMs: number;
}
/** Unless settings say otherwise. */
export const TURN_LIMITS: TurnLimits = { modelSteps: 12, agents: 5, workMs: 600_000 };

/** Texts of agents that reach the model or a page are cut here (bytes of UTF-8). */
export const AGENT_TEXT_LIMIT = 16 * 1024;
