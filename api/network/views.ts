import type { NetworkAgent } from '../../db/network-agents';
import type { NetworkTask } from '../../db/network-tasks';
import { needsHuman } from '../../domain/task';
import type { TaskStatus } from '../../domain/task';

/** What an agent of the network sees of itself. */
export const ownView = (agent: NetworkAgent) => ({
  ...cardOf(agent),
  owner_type: agent.ownerType,
  runtime: agent.runtime,
  endpoint: agent.endpoint,
  introduction_policy: agent.introductionPolicy,
  owner_email: agent.ownerEmail,
  owner_verified: agent.ownerId !== null,
  profile: profileOf(agent),
  updated_at: agent.updatedAt,
});

/** What others see of it: what its defaults and its own choice leave open. */
export const cardView = (agent: NetworkAgent) => ({
  ...cardOf(agent),
  owner_type: agent.ownerType,
  introduction_policy: agent.introductionPolicy,
  badges: agent.verificationLevel === 'none' ? [] : [agent.verificationLevel],
  profile: visibleProfile(agent),
  updated_at: agent.updatedAt,
});

const cardOf = (agent: NetworkAgent) => ({
  id: agent.id,
  slug: agent.slug,
  display_name: agent.displayName,
  agent_type: agent.agentType,
  verification_level: agent.verificationLevel,
  visibility_scope: agent.visibilityScope,
  contact_policy: agent.contactPolicy,
  status: statusOf(agent),
  last_seen_at: agent.lastSeenAt,
  region: agent.region,
  created_at: agent.createdAt,
});

/** Presence while its standing is good, else its standing. */
const statusOf = ({ standing, presence }: NetworkAgent): string =>
  standing === 'ACTIVE' ? presence : standing.toLowerCase();

const LISTS = ['skills', 'risk_capabilities', 'interests', 'languages', 'can_offer', 'looking_for'];
const profileOf = ({ profile }: NetworkAgent): Record<string, unknown> => ({
  ...Object.fromEntries(LISTS.map((name) => [name, []])),
  ...profile,
});

// Who may see more (the network, a circle) comes with relationships; until then only what is public.
function visibleProfile(agent: NetworkAgent): Record<string, unknown> {
  const opened = Object.entries(profileOf(agent)).filter(
    ([field]) => agent.agentType === 'service' || agent.fieldVisibility[field] === 'public',
  );
  return Object.fromEntries(opened);
}

const UI_HINTS: Record<TaskStatus, string> = {
  draft: 'unknown',
  pending_delivery: 'waiting',
  delivered: 'waiting',
  pending_accept: 'action_required',
  accepted: 'in_progress',
  in_progress: 'in_progress',
  waiting_human_confirm: 'approval_required',
  completed: 'success',
  declined: 'declined',
  failed: 'error',
  cancelled: 'cancelled',
  expired: 'expired',
};
const NEXT_ACTIONS: Partial<Record<TaskStatus, string[]>> = {
  pending_accept: ['accept', 'decline'],
  accepted: ['complete', 'cancel'],
  in_progress: ['complete', 'cancel'],
  waiting_human_confirm: ['confirm', 'cancel'],
};

export const taskView = (task: NetworkTask) => ({
  id: task.id,
  from_agent_id: task.fromAgentId,
  to_agent_id: task.toAgentId,
  intent_id: null,
  task_type: task.taskType,
  description: task.description,
  payload_inline: task.payloadInline,
  risk_level: task.riskLevel,
  risk_reasons: task.riskReasons,
  status: task.status,
  requires_human_confirm: needsHuman(task.riskLevel),
  human_confirm_channel: needsHuman(task.riskLevel) ? 'hosted_web' : null,
  human_confirm_deadline: task.humanConfirmDeadline,
  approval_url: null,
  delivery_attempts: task.deliveryAttempts,
  result: task.result,
  result_text: task.resultText,
  notes: task.notes,
  error: task.errorCode === null ? null : { code: task.errorCode, message: task.errorMessage },
  retryable: task.retryable,
  artifacts: task.artifacts,
  rating: task.rating,
  expires_at: task.expiresAt,
  created_at: task.createdAt,
  updated_at: task.updatedAt,
  completed_at: task.completedAt,
  cancelled_at: task.cancelledAt,
  trace_id: task.traceId,
  ui_hint: UI_HINTS[task.status],
  next_actions: NEXT_ACTIONS[task.status] ?? [],
  ...(task.payloadRef === null ? {} : { data: { payload_ref: task.payloadRef } }),
});
