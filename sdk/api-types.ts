import type { AgentHealth, ListingStatus } from '../domain/agent';
import type { PendingPrompt } from '../domain/frames';
import type { SessionPhase } from '../domain/session';

export type { AgentHealth, ListingStatus, SessionPhase };

export interface About {
  version: string;
  model: { name: string; stand_in: boolean };
  sign_in: { development: boolean; test_email?: string };
  limits: { agents_a_turn: number };
  temporal_ui?: string;
}

export interface Me {
  user_id: string;
  email: string;
  name: string;
  /** who reviews agents, and decides what nobody knows of payments */
  role: 'user' | 'admin';
}

export interface SessionListItem {
  id: string;
  title: string | null;
  phase: SessionPhase;
  created_at: string;
  last_message_at: string | null;
  /** USDC, of the model and of the agents */
  cost: string;
  /** something in it waits for the person */
  waiting: boolean;
}

export interface SessionPage {
  sessions: SessionListItem[];
  next_cursor: string | null;
}

export interface SessionAgent {
  agent_id: string;
  name: string;
  health: AgentHealth | null;
  paid_usdc: string;
}

export interface SessionBudget {
  limit_usdc: string;
  /** payments of at most so much are approved beforehand */
  auto_approve_usdc: string;
  spent_usdc: string;
  held_usdc: string;
  asked_usdc: string;
  model_usdc: string;
}

export interface SessionView {
  id: string;
  title: string | null;
  phase: SessionPhase;
  pending: PendingPrompt[];
  agents: SessionAgent[];
  budget: SessionBudget;
}

/** What opens the socket of a session, for `expires_in` seconds. */
export interface Admission {
  token: string;
  ws_url: string;
  expires_in: number;
}
