import { personalAgentId } from '../../db/agents';
import { askForConfirmation } from '../../db/confirmations';
import type { Database } from '../../db/database';
import { findHeldPayment } from '../../db/payments';
import { sayAsked } from '../../db/say-confirmation';
import { createInvocation } from '../../db/tasks';
import { MooringError } from '../../domain/errors';
import type { TurnLimits } from '../../domain/session';
import type { ApprovalLinks } from '../../lib/approval-links';
import { offeredAction } from './offered-action';
import { requirePlace } from './require-place';
import { createTool } from './run-tool';

export interface HireDeps {
  db: Database;
  waitMs: number;
  taskTtlMs: number;
  /** how long a person has to confirm a task */
  decideMs: { R2: number; R3: number };
  links: ApprovalLinks;
  turnLimits: TurnLimits;
}

/** Makes the task that lets an agent work, and spends the payment that is held for it. The task's own workflow calls. */
export const createHireAgent = (deps: HireDeps) =>
  createTool(deps, {
    name: 'invoke_agent',
    activity: 'hireAgent',
    working: () => 'Handing over the work',
    look: (call, { agent_id, action: name, arguments: args }) =>
      Promise.resolve(async (tx) => {
        const { connection, action, risk } = await offeredAction(tx, call.sessionId, {
          agentId: agent_id,
          name,
        });
        const payment =
          action.price_usdc === null
            ? null
            : await findHeldPayment(tx, {
                sessionId: call.sessionId,
                agentId: agent_id,
                action: name,
                offerHash: connection.offerHash,
              });
        if (action.price_usdc !== null && payment === null) {
          throw new MooringError(
            'payment_not_open',
            `${name} costs ${action.price_usdc} USDC and no payment is held for it: request_payment_confirmation first.`,
          );
        }
        await requirePlace(tx, { turnId: call.turnId, agentId: agent_id, most: deps.turnLimits.agents });
        const task = await createInvocation(tx, {
          userId: call.userId,
          fromAgentId: await personalAgentId(tx, call.userId),
          toAgentId: agent_id,
          sessionId: call.sessionId,
          turnId: call.turnId,
          toolCallId: call.id,
          paymentId: payment?.id ?? null,
          action: name,
          arguments: args,
          risk,
          ttlMs: deps.taskTtlMs,
        });
        const asks = task.status === 'waiting_human_confirm';
        if (asks && task.humanConfirmDeadline === null) {
          askForConfirmation(tx, task, {
            decideMs: deps.decideMs[task.riskLevel === 'R3' ? 'R3' : 'R2'],
            tokenHashOf: deps.links.tokenHashOf,
          });
          await sayAsked(tx, task);
        }
        return {
          kind: 'wait',
          state: asks ? 'waiting' : 'now',
          text: asks ? `Waits for you to confirm: ${name}` : `${connection.agentName} works: ${name}`,
          about: { agent_id, agent_name: connection.agentName, task_id: task.id },
        };
      }),
  });
