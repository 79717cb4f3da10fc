import type { Router } from 'express';
import { z } from 'zod';
import { getNetworkTask } from '../../db/network-tasks';
import { MooringError } from '../../domain/errors';
import { SYSTEM } from '../../domain/principal';
import { byToken, decide, readApproval, sendCode } from '../approvals';
import type { ApiContext } from '../context';
import { addressOf } from '../limits';
import { countCall } from './door';
import { devCode } from './owner-email';
import { taskView } from './views';

const Confirm = z.object({
  confirmed: z.boolean(),
  token: z.string().max(200),
  code: z.string().max(20).nullish(),
  note: z.string().max(500).nullish(),
});

/** A person's decision by a program: no key, the token of the link in the body. */
export function confirmRoutes(api: ApiContext, router: Router): void {
  router.post('/tasks/:id/confirm-human', async (req, res) => {
    countCall(api.approvalLimit, { key: addressOf(req), res });
    const said = Confirm.parse(req.body);
    const which = { ...byToken(said.token), ofTask: req.params.id };
    const answer = await api.db.withTx(SYSTEM, 'approval.confirm', async (tx) => {
      const { confirmed: approved, note = null, code = null } = said;
      const { refusal, confirmation, repeated } = await decide(api, tx, { which, approved, note, code });
      if (refusal === null) {
        const task = taskView(await getNetworkTask(tx, confirmation.taskId));
        // A link that was used tells its decision, and nothing that came of the task since.
        const { id, status, risk_level } = task;
        return { body: repeated ? { id, status, risk_level, decided_at: confirmation.decidedAt } : task };
      }
      // A code that is typed has its own words, unless it is worth nothing any more.
      const asksForCode = code === null || refusal.details?.['reason'] === 'no_code';
      if (refusal.code !== 'step_up_required' || !asksForCode) return { refusal };
      // Whoever asks by program has no button: the refusal itself sends the code.
      const sent = await sendCode(api, tx, confirmation);
      if (sent === null) return { refusal };
      return {
        refusal: new MooringError('step_up_required', 'A fresh code went out by mail: send it as `code`.', {
          details: { reason: 'code_sent', ...devCode(api, req)('_dev_code', sent) },
        }),
      };
    });
    if ('refusal' in answer) throw answer.refusal;
    res.json(answer.body);
  });

  router.get('/public/approve', async (req, res) => {
    countCall(api.approvalLimit, { key: addressOf(req), res });
    const { question, confirmation } = await readApproval(api, byToken(req.query['token']));
    const open = confirmation.state === 'OPEN' && !confirmation.expired;
    res.json({
      task_id: question.taskId,
      description: open ? question.description : null,
      task_type: question.taskType,
      payload_inline: open ? question.payload : null,
      risk_level: question.riskLevel,
      risk_reasons: open ? question.riskReasons : [],
      status: question.status,
      from_agent_id: question.fromAgentId,
      from_agent_name: question.fromName,
      from_agent_slug: question.fromSlug,
      created_at: question.createdAt,
      expires_at: question.expiresAt,
      human_confirm_deadline: confirmation.expiresAt,
      session_status: SESSION_STATUS[confirmation.state],
    });
  });
}

/** As clients of the published contract know them. */
const SESSION_STATUS = {
  OPEN: 'pending',
  APPROVED: 'confirmed',
  REFUSED: 'rejected',
  EXPIRED: 'expired',
  WITHDRAWN: 'expired',
} as const;
