import { useCallback, useEffect } from 'react';
import type { About } from '../sdk/api-types';
import type { TaskPage as Task } from '../sdk/task-types';
import { isTerminal } from '../sdk/task-types';
import { timeInWords } from '../sdk/time-words';
import { Artifact } from './parts/artifact';
import { Loading } from './parts/loading';
import { ReadError } from './parts/read-error';
import { Risk } from './parts/risk';
import { Shell } from './parts/shell';
import { Status, TaskLine } from './parts/task-line';
import { useRead } from './parts/use-read';
import { followLink } from './router';
import type { PageProps } from './page-props';
import { client } from './session/client';
import { nameOf, titleOf } from './state/task-line';

interface TaskPageProps extends PageProps {
  id: string;
  about: About | null;
  onSignedOut: () => void;
}

const LIVE_MS = 2_000;

/** A task of an agent or a chat of this person: where it is, every attempt and decision, what comes next. */
export function TaskPage({ id, about: _, onSignedOut, ...sideProps }: TaskPageProps) {
  const read = useCallback(() => client.task(id), [id]);
  const everyMs = (task: Task | null): number | null =>
    task === null || !isTerminal(task.status) ? LIVE_MS : null;
  const { value: task, error, again } = useRead(read, { everyMs, onSignedOut });
  const { refreshSide } = sideProps;
  useEffect(refreshSide, [refreshSide]);
  const title = task === null ? 'A task' : titleOf(task);
  useEffect(() => {
    document.title = `${title} · Mooring`;
  }, [title]);
  return (
    <Shell
      {...sideProps}
      open={null}
      title="A task"
      sheet={null}
      skip={{ to: '#line', words: 'Skip to where it stands' }}
    >
      {() => (
        <main className="main" id="main">
          <div className="page">
            <ReadError error={error} what="task" stale={task !== null} onAgain={again} />
            {task === null && error === null && (
              <Loading what="the task" late="This task has not come yet." />
            )}
            {task !== null && <Whole task={task} />}
          </div>
        </main>
      )}
    </Shell>
  );
}

function Whole({ task }: { task: Task }) {
  return (
    <>
      <Risk level={task.risk_level} />
      <h1 className="task-title">
        <bdi>{titleOf(task)}</bdi>
      </h1>
      <p className="quiet">
        <bdi>{nameOf(task.from)}</bdi> asks <bdi>{nameOf(task.to)}</bdi>
      </p>
      <div className="cols">
        <div className="stack-3">
          <section className="card pad" aria-labelledby="line">
            <h2 id="line" tabIndex={-1}>
              Where it stands
            </h2>
            <TaskLine task={task} />
          </section>
          <Asked task={task} />
          <Came task={task} />
        </div>
        <Facts task={task} />
      </div>
    </>
  );
}

function Asked({ task }: { task: Task }) {
  const whole = {
    ...(task.action === null ? {} : { action: task.action }),
    ...(task.description === null ? {} : { description: task.description }),
    ...(task.payload_inline === null ? {} : { payload: task.payload_inline }),
    ...(task.data === undefined ? {} : { payload_ref: task.data.payload_ref }),
  };
  return (
    <section className="card pad" aria-labelledby="asked">
      <h2 id="asked">What is asked</h2>
      <pre className="payload">{JSON.stringify(whole, null, 2)}</pre>
    </section>
  );
}

/** What came of it, and what was said beside it. */
function Came({ task }: { task: Task }) {
  const { result, result_text: text, notes, error, artifacts } = task;
  if (result === null && text === null && notes === null && error === null && artifacts.length === 0)
    return null;
  return (
    <section className="card pad" aria-labelledby="came">
      <h2 id="came">What came of it</h2>
      {error !== null && (
        <p className="small t-bad">
          <code>{error.code}</code> {error.message !== null && <bdi>{error.message}</bdi>}
        </p>
      )}
      {text !== null && <p className="plain-words">{text}</p>}
      {notes !== null && (
        <p className="small quiet">
          Note: “<bdi>{notes}</bdi>”
        </p>
      )}
      {result !== null && <pre className="payload">{JSON.stringify(result, null, 2)}</pre>}
      {artifacts.length > 0 && (
        <ul className="feed">
          {artifacts.map((artifact) => (
            <Artifact key={artifact.id} taskId={task.id} artifact={artifact} />
          ))}
        </ul>
      )}
    </section>
  );
}

function Facts({ task }: { task: Task }) {
  const own = task.side === 'to' ? task.to : null;
  return (
    <aside className="card pad" aria-label="The task in short">
      <dl className="facts">
        <dt>State</dt>
        <dd>
          <Status status={task.status} />
        </dd>
        <dt>{isTerminal(task.status) ? 'Deadline was' : 'Deadline'}</dt>
        <dd>{timeInWords(task.expires_at, 'day')}</dd>
        <dt>Attempts</dt>
        <dd>{task.attempts.length}</dd>
        {task.rating !== null && (
          <>
            <dt>Rating</dt>
            <dd>{task.rating} of 5</dd>
          </>
        )}
        <dt>Why {task.risk_level}</dt>
        <dd>
          <bdi>{task.risk_reasons.length === 0 ? 'nothing in it is risky' : task.risk_reasons.join(' ')}</bdi>
        </dd>
        <dt>Id</dt>
        <dd className="exact">
          <code>{task.id}</code>
        </dd>
      </dl>
      <ul className="links">
        {task.confirmation?.state === 'OPEN' && task.confirmation.url !== null && (
          <li>
            <a className="btn primary full" href={task.confirmation.url} onClick={followLink}>
              Decide on its page
            </a>
          </li>
        )}
        {task.session_id !== null && (
          <li>
            <a href={`/chat/${task.session_id}`} onClick={followLink}>
              The chat that asks
            </a>
          </li>
        )}
        {own !== null && (
          <li>
            <a href={`/agents/${own.id}/inbox`} onClick={followLink}>
              The inbox of <bdi>{nameOf(own)}</bdi>
            </a>
          </li>
        )}
        {task.run_url !== undefined && (
          <li>
            <a href={task.run_url} target="_blank" rel="noreferrer">
              Its run in the Temporal UI
            </a>
          </li>
        )}
      </ul>
    </aside>
  );
}
