import type { Request, Router } from 'express';
import { askForConfirmation, findOpenConfirmation } from '../../db/confirmations';
import type { Tx } from '../../db/database';
import { createNetworkTask, getNetworkTask, isSide, noSuchTask, readInbox } from '../../db/network-tasks';
import type { NetworkTask } from '../../db/network-tasks';
import { rateTask } from '../../db/task-talk';
import { lockOwnTask, notFrom, transitionTask, wakeTask } from '../../db/tasks';
import type { Task } from '../../db/tasks';
import { MooringError } from '../../domain/errors';
import { assessRisk } from '../../domain/risk';
import { isTerminal, needsHuman, OPEN_FOR_RECEIVER } from '../../domain/task';
import type { RiskLevel, TaskStatus } from '../../domain/task';
import type { Config } from '../../lib/config';
import type { ApiContext } from '../context';
import type { NetworkAnswer, NetworkCall } from './door';
import { traceId } from './headers';
import { Completion, Failure, InboxQuery, isTooLarge, NewTask, Reason } from './schemas';
import { taskView } from './views';

interface Door {
  router: Router;
  call: NetworkCall;
}

/** Tasks between agents: asked for, taken, done, ended. */
export function taskRoutes(api: ApiContext, door: Door): void {
  createRoute(door);
  readRoutes(api, door);
  receiverRoutes(api, door);
  const { router, call } = door;
  router.post('/tasks/:id/cancel', (req, res) =>
    call({ req, res, name: 'task.cancel' }, (tx) => {
      const { reason } = Reason.parse(sentBody(req));
      return end(tx, req, { side: 'from', to: 'cancelled', notes: reason ?? null });
    }),
  );
}

function createRoute({ router, call }: Door): void {
  router.post('/tasks', (req, res) =>
    call({ req, res, name: 'task.create' }, async (tx) => {
      const wish = NewTask.parse(req.body);
      if (isTooLarge(wish.payload_inline)) {
        throw new MooringError('invalid_request', 'payload_inline: must have at most 65536 bytes as JSON', {
          details: { field: 'payload_inline', rule: 'must have at most 65536 bytes as JSON' },
        });
      }
      const description = wish.description ?? null;
      const payload = wish.payload_inline ?? null;
      const risk = assessRisk({
        said: wish.risk_level,
        by: 'The sender',
        texts: description === null ? [] : [description],
        payload,
      });
      if (wish.to_agent_id === tx.principalId) {
        throw new MooringError('invalid_request', 'Cannot create a task for yourself', {
          details: { field: 'to_agent_id', rule: 'must be another agent' },
        });
      }
      const task = await createNetworkTask(tx, {
        toAgentId: wish.to_agent_id,
        taskType: wish.task_type,
        description,
        payloadRef: wish.payload_ref ?? null,
        payloadInline: payload,
        risk,
        ttlSeconds: wish.ttl_seconds,
        traceId: traceId(res),
      });
      return { status: 201, body: taskView(task) };
    }),
  );
}

function readRoutes(api: ApiContext, { router, call }: Door): void {
  router.get('/tasks/inbox', (req, res) =>
    call({ req, res, name: 'task.inbox' }, async (tx) => {
      const query = InboxQuery.parse(req.query);
      const found = await readInbox(tx, {
        statuses: query.status === undefined ? OPEN_FOR_RECEIVER : [query.status],
        taskType: query.task_type ?? null,
        riskLevel: query.risk_level ?? null,
        after: query.cursor ?? null,
        limit: query.limit + 1,
      });
      const page = found.slice(0, query.limit);
      const more = found.length > query.limit;
      const next = more ? Buffer.from(page.at(-1)?.id ?? '').toString('base64url') : null;
      return { status: 200, body: { data: page.map(taskView), next_cursor: next, has_more: more } };
    }),
  );

  router.get('/tasks/:id', (req, res) =>
    call({ req, res, name: 'task.read' }, async (tx) => {
      let task = await getNetworkTask(tx, req.params.id);
      if (task.late) {
        // Whoever reads it first ends it, so that nobody reads what no call would meet.
        await meet(tx, req, { side: 'any', to: null });
        task = await getNetworkTask(tx, task.id);
      }
      return { status: 200, body: { ...taskView(task), ...(await devLink(api, tx, { req, task })) } };
    }),
  );
}

function receiverRoutes({ config, links }: ApiContext, { router, call }: Door): void {
  router.post('/tasks/:id/accept', (req, res) =>
    call({ req, res, name: 'task.accept' }, async (tx) => {
      const met = await meet(tx, req, { side: 'to', to: 'accepted' });
      if ('refusal' in met) return met;
      const asks = needsHuman(met.task.riskLevel);
      if (asks) {
        askForConfirmation(tx, met.task, {
          decideMs: decideMs(config, met.task.riskLevel),
          tokenHashOf: links.tokenHashOf,
        });
      }
      const path = ['accepted', asks ? 'waiting_human_confirm' : 'in_progress'] as const;
      const [, answer] = await Promise.all([
        transitionTask(tx, met.task, { path, actor: tx.principalId }),
        seen(tx, met.task),
      ]);
      return answer;
    }),
  );

  router.post('/tasks/:id/decline', (req, res) =>
    call({ req, res, name: 'task.decline' }, (tx) => {
      const { reason } = Reason.parse(sentBody(req));
      return end(tx, req, { side: 'to', to: 'declined', notes: reason ?? null });
    }),
  );

  router.post('/tasks/:id/complete', (req, res) =>
    call({ req, res, name: 'task.complete' }, (tx) => {
      const said = Completion.parse(sentBody(req));
      return end(tx, req, {
        side: 'any',
        to: 'completed',
        rating: said.rating ?? null,
        notes: said.notes ?? null,
        result: said.result,
        resultText: said.result_text ?? null,
      });
    }),
  );

  router.post('/tasks/:id/fail', (req, res) =>
    call({ req, res, name: 'task.fail' }, (tx) => {
      const { reason, retryable } = Failure.parse(req.body);
      return end(tx, req, { side: 'to', to: 'failed', notes: reason, retryable });
    }),
  );
}

/** Where a body is to be sent, if an empty one: undefined without it. */
const sentBody = (req: Request): unknown =>
  req.get('transfer-encoding') === undefined && Number(req.get('content-length') ?? 0) === 0
    ? undefined
    : req.body;

/** How long a person has for a decision. */
const decideMs = (config: Config, risk: RiskLevel): number =>
  risk === 'R3' ? config.MOORING_R3_DEADLINE_MS : config.MOORING_R2_DEADLINE_MS;

interface End {
  side: 'from' | 'to' | 'any';
  to: TaskStatus;
  notes: string | null;
  result?: unknown;
  resultText?: string | null;
  retryable?: boolean;
  /** said by the sender only */
  rating?: number | null;
}

async function end(tx: Tx, req: Request, wish: End): Promise<NetworkAnswer> {
  const met = await meet(tx, req, wish);
  if ('refusal' in met) return met;
  // From pending_delivery it is the delivery that fails, from accepted the platform.
  if (wish.to === 'failed' && met.task.status !== 'in_progress') throw notFrom(met.task.status, wish.to);
  const ending = transitionTask(tx, met.task, {
    path: [wish.to],
    actor: tx.principalId,
    ...(wish.notes === null ? {} : { notes: wish.notes }),
    ...(wish.result === undefined ? {} : { result: wish.result }),
    ...(wish.resultText === undefined || wish.resultText === null ? {} : { resultText: wish.resultText }),
    ...(wish.retryable === undefined ? {} : { retryable: wish.retryable }),
  });
  const { rating = null } = wish;
  const rates = rating !== null && isSide(tx, met.task, 'from');
  const rated = rates ? rateTask(tx, met.task.id, Math.trunc(rating)) : null;
  const [ended, answer] = await Promise.all([ending, seen(tx, met.task), rated]);
  wakeTask(tx, ended, 'taskEnded');
  return answer;
}

/**
 * Locks the task for a call of this side; `to`: what it is to become, if anything. One whose time is over expires here and now, so that all sides are told the
 * same, and the call is refused with the state it met.
 */
export async function meet(
  tx: Tx,
  req: Request,
  { side, to }: { side: End['side']; to: TaskStatus | null },
): Promise<Met> {
  const id = req.params['id'];
  if (typeof id !== 'string') throw noSuchTask();
  const task = await lockOwnTask(tx, id);
  if (side !== 'any' && !isSide(tx, task, side)) {
    const who = side === 'to' ? 'target agent' : 'sender';
    throw new MooringError('invalid_request', `Only the ${who} can do this to a task`);
  }
  if (!task.expired || isTerminal(task.status)) return { task };
  const expired = await transitionTask(tx, task, { path: ['expired'], actor: 'deadline' });
  wakeTask(tx, expired, 'taskEnded');
  return { refusal: to === null ? isOver('expired') : notFrom('expired', to) };
}

/** A task that is still what it was when the call came, or why not: what that changed is to stay. */
export type Met = { task: Task } | { refusal: MooringError };

export const isOver = (status: TaskStatus): MooringError =>
  new MooringError('invalid_state_transition', `This task is ${status}.`, { details: { status } });

export const seen = async (tx: Tx, { id }: Task): Promise<NetworkAnswer> => ({
  status: 200,
  body: taskView(await getNetworkTask(tx, id)),
});

/** The link that goes to the person, for a program at this machine in development only. */
async function devLink(
  { config, links, origins }: ApiContext,
  tx: Tx,
  { req, task }: { req: Request; task: NetworkTask },
): Promise<{ _dev_approval_url?: string }> {
  if (!config.MOORING_ALLOW_LOOPBACK || !origins.isDevelopmentDoor(req)) return {};
  // The receiver would approve what it is to do itself.
  if (task.fromAgentId !== tx.principalId) return {};
  const id = await findOpenConfirmation(tx, task.id);
  return id === null ? {} : { _dev_approval_url: links.urlOf(id) };
}
