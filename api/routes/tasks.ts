import { Router } from 'express';
import type { Request } from 'express';
import { readInbox } from '../../db/network-tasks';
import { readArtifact } from '../../db/task-talk';
import { getOwnAgent, namesOf, questionOf, readTimeline, seatAt } from '../../db/task-timeline';
import { asAgent, asUser, SYSTEM } from '../../domain/principal';
import { OPEN_FOR_RECEIVER } from '../../domain/task';
import { isAdmin } from '../auth/admin';
import { ownAccount } from '../auth/sign-in';
import type { ApiContext } from '../context';
import { sendFile } from '../network/door';
import { InboxQuery } from '../network/schemas';
import { taskView } from '../network/views';
import { timelineView } from '../task-page-view';

/** What a person sees of the tasks of their agents and chats. */
export function taskRoutes(api: ApiContext): Router {
  const { db, caller, config, origins } = api;
  const router = Router();
  const sit = async (req: Request<{ id: string }>) => {
    const userId = await caller(req);
    return db.withTx(SYSTEM, 'task.seat', async (tx) => ({
      userId,
      user: await ownAccount(tx, userId),
      seat: await seatAt(tx, { taskId: req.params.id, userId }),
      question: await questionOf(tx, req.params.id),
    }));
  };

  router.get('/api/tasks/:id', async (req, res) => {
    const { userId, user, seat, question } = await sit(req);
    const { id } = req.params;
    const timeline = await db.withTx(seat.principal, 'task.timeline', (tx) =>
      readTimeline(tx, { id, userId }),
    );
    const { MOORING_TEMPORAL_UI: ui, TEMPORAL_NAMESPACE: namespace } = config;
    const operates = isAdmin(config, user) || origins.isDevelopmentDoor(req);
    res.json({
      ...timelineView(timeline, { userId, side: seat.side, question }),
      ...(ui === undefined || !operates ? {} : { run_url: runUrl({ ui, namespace, id }) }),
    });
  });

  router.get('/api/tasks/:id/artifacts/:artifact', async (req, res) => {
    const { seat } = await sit(req);
    const { id: taskId, artifact: id } = req.params;
    const { content, ...artifact } = await db.withTx(seat.principal, 'task.artifact', (tx) =>
      readArtifact(tx, { taskId, id }),
    );
    if (content === null) res.json(artifact);
    else sendFile(res, { name: artifact.name, contentType: artifact.content_type, content });
  });

  inboxRoute(api, router);
  return router;
}

function inboxRoute({ db, caller }: ApiContext, router: Router): void {
  router.get('/api/agents/:id/inbox', async (req, res) => {
    const userId = await caller(req);
    const query = InboxQuery.parse(req.query);
    const agent = await db.withTx(asUser(userId), 'inbox.own', (tx) =>
      getOwnAgent(tx, { id: req.params.id, userId }),
    );
    const { found, names } = await db.withTx(asAgent(agent.id), 'inbox.read', async (tx) => {
      const tasks = await readInbox(tx, {
        statuses: query.status === undefined ? OPEN_FOR_RECEIVER : [query.status],
        taskType: query.task_type ?? null,
        riskLevel: query.risk_level ?? null,
        after: query.cursor ?? null,
        limit: query.limit + 1,
      });
      const ids = tasks.map(({ fromAgentId }) => fromAgentId);
      return { found: tasks, names: await namesOf(tx, { ids, userId }) };
    });
    const page = found.slice(0, query.limit);
    const more = found.length > query.limit;
    res.json({
      agent,
      data: page.map((task) => ({
        ...taskView(task),
        action: task.action,
        from: { id: task.fromAgentId, ...(names.get(task.fromAgentId) ?? { name: null, slug: null }) },
      })),
      next_cursor: more ? Buffer.from(page.at(-1)?.id ?? '').toString('base64url') : null,
      has_more: more,
    });
  });
}

const runUrl = ({ ui, namespace, id }: { ui: string; namespace: string; id: string }): string =>
  new URL(`/namespaces/${encodeURIComponent(namespace)}/workflows/${encodeURIComponent(`task/${id}`)}`, ui)
    .href;
