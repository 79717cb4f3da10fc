import { isTerminal } from '../../sdk/task-types';
import type { TaskPage, TaskStatus } from '../../sdk/task-types';
import { timeInWords } from '../../sdk/time-words';
import { dayAndTime } from '../state/clock';
import { lineOf, nextOf, STATUS_WORDS, toneOf } from '../state/task-line';
import type { Knot } from '../state/task-line';
import { Icon } from './icons';

export const Status = ({ status }: { status: TaskStatus }) => (
  <span className={`badge ${toneOf(status)}`}>{STATUS_WORDS[status]}</span>
);

/** What happened to a task, what it waits for and until when. New rows come at the end, and nothing above them moves. */
export function TaskLine({ task }: { task: TaskPage }) {
  const next = nextOf(task);
  return (
    <>
      <ol className="line">
        {lineOf(task).map((knot) => (
          <Row key={knot.key} knot={knot} />
        ))}
        {next !== null && (
          <li className={next.kind}>
            <div className="step">
              <span>
                <b>{next.words}</b>
              </span>
            </div>
          </li>
        )}
        {next !== null && (
          <li className="todo">
            <div className="step">
              <span>
                {task.status === 'waiting_human_confirm'
                  ? 'Without an answer it ends'
                  : 'Without an end it expires'}
              </span>
              <time dateTime={next.until}>{timeInWords(next.until, 'short')}</time>
            </div>
          </li>
        )}
      </ol>
      <p className="sr" role="status">
        {isTerminal(task.status) && `This task has ended: ${STATUS_WORDS[task.status]}`}
      </p>
    </>
  );
}

function Row({ knot: { kind, words, at, fold, note } }: { knot: Knot }) {
  return (
    <li className={kind}>
      <div className="step">
        <span>
          <bdi>{words}</bdi>
          {note !== null && (
            <>
              : “<bdi>{note}</bdi>”
            </>
          )}
        </span>
        <time dateTime={at}>{dayAndTime(at)}</time>
      </div>
      {fold !== null && (
        <details className="fold">
          <summary>
            {fold.title}
            <Icon name="chev" />
          </summary>
          <pre className="payload">{fold.text}</pre>
        </details>
      )}
    </li>
  );
}
