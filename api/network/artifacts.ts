import { createHash } from 'node:crypto';
import { raw, Router } from 'express';
import type { Request } from 'express';
import type { Tx } from '../../db/database';
import { getNetworkTask, isSide } from '../../db/network-tasks';
import { addArtifact, readArtifact } from '../../db/task-talk';
import { MooringError } from '../../domain/errors';
import type { ApiContext } from '../context';
import { createNetworkDoor } from './door';
import type { NetworkCall } from './door';
import { ArtifactElsewhere, FileOfTask } from './schemas';
import { meetOpen } from './task-talk';
import type { Met } from './tasks';

const MOST_BYTES = 1024 * 1024;

/** `PUT /v1/tasks/{id}/artifacts/{name}`: the bytes of a file as the body, at most 1 MiB. */
export function artifactUpload(api: ApiContext): Router {
  const router = Router();
  const call = createNetworkDoor(api);
  router.put(
    '/tasks/:id/artifacts/:name',
    raw({ type: () => true, limit: MOST_BYTES, inflate: false }),
    async (req: Request<{ id: string; name: string }>, res) => {
      const bytes: unknown = req.body;
      const content = Buffer.isBuffer(bytes) ? bytes : Buffer.alloc(0);
      const { name, content_type: contentType } = FileOfTask.parse({
        name: req.params.name,
        content_type: (req.get('content-type') ?? 'application/octet-stream').slice(0, 200),
      });
      // What makes a repeat the same call is what was sent, not a body of JSON.
      req.body = { content_type: contentType, sha256: createHash('sha256').update(content).digest('hex') };
      await call({ req, res, name: 'task.add-file' }, async (tx) => {
        const met = await meetAtWork(tx, req);
        if ('refusal' in met) return met;
        return { status: 201, body: await addArtifact(tx, met.task, { name, contentType, content }) };
      });
    },
  );
  return router;
}

/** What came of a task beside its result: named by address, and read. */
export function artifactRoutes({ router, call }: { router: Router; call: NetworkCall }): void {
  router.post('/tasks/:id/artifacts', (req, res) =>
    call({ req, res, name: 'task.add-artifact' }, async (tx) => {
      const { content_type: contentType, size, sha256, ...wish } = ArtifactElsewhere.parse(req.body);
      const met = await meetAtWork(tx, req);
      if ('refusal' in met) return met;
      const artifact = { ...wish, contentType, size: size ?? null, sha256: sha256 ?? null };
      return { status: 201, body: await addArtifact(tx, met.task, artifact) };
    }),
  );

  router.get('/tasks/:id/artifacts/:artifact', (req, res) =>
    call({ req, res, name: 'task.read-file' }, async (tx) => {
      const { id: taskId } = await getNetworkTask(tx, req.params.id);
      const { content, ...artifact } = await readArtifact(tx, { taskId, id: req.params.artifact });
      if (content === null) return { status: 200, body: artifact };
      return { file: { name: artifact.name, contentType: artifact.content_type, content } };
    }),
  );
}

/** The receiver adds while it works. */
async function meetAtWork(tx: Tx, req: Request): Promise<Met> {
  const met = await meetOpen(tx, req);
  if ('refusal' in met) return met;
  const { task } = met;
  if (!isSide(tx, task, 'to'))
    throw new MooringError('invalid_request', 'Only the target agent adds artifacts');
  if (task.status === 'in_progress') return met;
  throw new MooringError('invalid_state_transition', `This task is ${task.status}, not in_progress.`, {
    details: { status: task.status },
  });
}
