import { useState } from 'react';
import type { TaskArtifact } from '../../sdk/task-types';
import { client } from '../session/client';
import { Icon } from './icons';
import { saveFile } from './save-file';

interface ArtifactProps {
  taskId: string;
  artifact: TaskArtifact;
}

/** A file that came of a task: kept here, or where it lies. */
export function Artifact({ taskId, artifact: { id, name, content_type: type, size, url } }: ArtifactProps) {
  const [state, setState] = useState<'' | 'busy' | 'failed'>('');
  const fetchIt = (): void => {
    setState('busy');
    client.artifact(taskId, id).then(
      (bytes) => {
        saveFile(name, bytes);
        setState('');
      },
      () => setState('failed'),
    );
  };
  return (
    <li>
      <b>
        <bdi>{name}</bdi>
      </b>
      <small>
        <bdi>{type}</bdi>
        {size !== null && `, ${size} bytes`}
      </small>
      {url === null ? (
        <button type="button" className="btn sm" disabled={state === 'busy'} onClick={fetchIt}>
          <Icon name="down" />
          Download
          <span className="sr">
            {' '}
            <bdi>{name}</bdi>
          </span>
        </button>
      ) : (
        <a href={url} target="_blank" rel="noreferrer">
          It lies at <bdi>{new URL(url).host}</bdi>
        </a>
      )}
      {state === 'failed' && (
        <p className="small t-bad" role="alert">
          The file did not come. Try again.
        </p>
      )}
    </li>
  );
}
