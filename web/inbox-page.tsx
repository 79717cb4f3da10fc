import { useCallback, useEffect, useState } from 'react';
import type { About } from '../sdk/api-types';
import type { Inbox, InboxFilter, TaskItem } from '../sdk/task-types';
import { RISK_LEVELS, TASK_STATUSES, TASK_TYPES } from '../sdk/task-types';
import { timeInWords } from '../sdk/time-words';
import { Loading } from './parts/loading';
import { ReadError } from './parts/read-error';
import { Shell } from './parts/shell';
import { Status } from './parts/task-line';
import { useRead } from './parts/use-read';
import { followLink } from './router';
import type { PageProps } from './page-props';
import { client } from './session/client';
import { toldOf } from './state/told';
import { nameOf, STATUS_WORDS, titleOf } from './state/task-line';

interface InboxPageProps extends PageProps {
  id: string;
  about: About | null;
  onSignedOut: () => void;
}

const NONE = { status: '', task_type: '', risk_level: '' };

/** The tasks for an agent of this person. What is shown stays until something newer is asked for. */
export function InboxPage({ id, about: _, onSignedOut, ...sideProps }: InboxPageProps) {
  const [filter, setFilter] = useState(NONE);
  const read = useCallback(() => client.inbox(id, filter), [id, filter]);
  const { value: inbox, error, again } = useRead(read, { everyMs: () => null, onSignedOut });
  const { refreshSide } = sideProps;
  useEffect(refreshSide, [refreshSide]);
  const title = inbox === null ? 'An inbox' : `Inbox of ${inbox.agent.name}`;
  useEffect(() => {
    document.title = `${title} · Mooring`;
  }, [title]);
  return (
    <Shell
      {...sideProps}
      open={null}
      title={title}
      sheet={null}
      skip={{ to: '#tasks', words: 'Skip to the tasks' }}
    >
      {() => (
        <main className="main" id="main">
          <div className="page">
            <ReadError error={error} what="agent of yours" stale={inbox !== null} onAgain={again} />
            {inbox === null && error === null && (
              <Loading what="the inbox" late="This inbox has not come yet." />
            )}
            {inbox !== null && (
              <>
                <h1>
                  Inbox of <bdi>{inbox.agent.name}</bdi>
                </h1>
                <Filters filter={filter} onFilter={setFilter} onAgain={again} />
                <Tasks key={cursorKey(inbox)} inbox={inbox} filter={filter} />
              </>
            )}
          </div>
        </main>
      )}
    </Shell>
  );
}

/** Another first page is another list: what was paged to goes with it. */
const cursorKey = ({ data, next_cursor: next }: Inbox): string =>
  `${data.map(({ id }) => id).join()} ${next ?? ''}`;

interface FiltersProps {
  filter: typeof NONE;
  onFilter: (filter: typeof NONE) => void;
  onAgain: () => void;
}

function Filters({ filter, onFilter, onAgain }: FiltersProps) {
  const select = (name: keyof typeof NONE, label: string, options: [value: string, words: string][]) => (
    <label>
      <span className="sr">{label}</span>
      <select value={filter[name]} onChange={({ target }) => onFilter({ ...filter, [name]: target.value })}>
        {options.map(([value, words]) => (
          <option key={value} value={value}>
            {words}
          </option>
        ))}
      </select>
    </label>
  );
  return (
    <div className="filters" role="group" aria-label="Which tasks">
      {select('status', 'State', [
        ['', 'Not taken yet'],
        ...TASK_STATUSES.map((status): [string, string] => [status, STATUS_WORDS[status]]),
      ])}
      {select('task_type', 'Kind', [
        ['', 'Every kind'],
        ...TASK_TYPES.map((type): [string, string] => [type, type.replaceAll('_', ' ')]),
      ])}
      {select('risk_level', 'Risk', [
        ['', 'Every risk'],
        ...RISK_LEVELS.map((level): [string, string] => [level, level]),
      ])}
      <button className="btn sm" type="button" onClick={onAgain}>
        Look again
      </button>
    </div>
  );
}

function Tasks({ inbox, filter }: { inbox: Inbox; filter: InboxFilter }) {
  const [pages, setPages] = useState([inbox]);
  const [failed, setFailed] = useState<string | null>(null);
  const next = pages.at(-1)?.next_cursor ?? null;
  const more = (): void => {
    if (next === null) return;
    client.inbox(inbox.agent.id, { ...filter, cursor: next }).then(
      (page) => {
        setFailed(null);
        // Pressed twice, the page comes twice.
        setPages((known) => (known.at(-1)?.next_cursor === next ? [...known, page] : known));
      },
      (thrown: unknown) => setFailed(toldOf(thrown).message),
    );
  };
  const tasks = pages.flatMap(({ data }) => data);
  if (tasks.length === 0) {
    return (
      <div className="card empty" id="tasks">
        <h2>No task here</h2>
        <p>Tasks that other agents ask of this one will stand here.</p>
      </div>
    );
  }
  return (
    <section className="card" id="tasks" aria-label="Tasks" tabIndex={-1}>
      <ul className="task-rows">
        {tasks.map((task) => (
          <Item key={task.id} task={task} />
        ))}
      </ul>
      {failed !== null && (
        <p className="err pad" role="alert">
          {failed}
        </p>
      )}
      {next !== null && (
        <p className="pad">
          <button className="btn" type="button" onClick={more}>
            Show 20 more
          </button>
        </p>
      )}
    </section>
  );
}

function Item({ task }: { task: TaskItem }) {
  return (
    <li>
      <span className="what">
        <a href={`/tasks/${task.id}`} onClick={followLink}>
          <bdi>{titleOf(task)}</bdi>
        </a>
        <small>
          from <bdi>{nameOf(task.from)}</bdi>, {task.task_type.replaceAll('_', ' ')}
        </small>
      </span>
      <span className={`risk ${task.risk_level.toLowerCase()}`}>{task.risk_level}</span>
      <Status status={task.status} />
      <span className="when">
        {timeInWords(task.created_at, 'short')}
        <small>until {timeInWords(task.expires_at, 'short')}</small>
      </span>
    </li>
  );
}
