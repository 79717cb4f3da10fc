import { useState } from 'react';
import type { TaskArtifact } from '../../sdk/api-types';
import { client } from '../session/client';
import { Icon } from './icons';

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
        save(name, bytes);
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

/** Whatever it says that it is, it is only saved. */
function save(name: string, bytes: ArrayBuffer): void {
  const href = URL.createObjectURL(new Blob([bytes], { type: 'application/octet-stream' }));
  const link = document.createElement('a');
  link.href = href;
  link.download = name;
  link.click();
  URL.revokeObjectURL(href);
}
