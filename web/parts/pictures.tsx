import { memo, useMemo } from 'react';
import type { Picture } from '../../sdk/frames';
import { pictureUrl } from '../state/picture';
import { Icon } from './icons';

/** What agents made to be looked at: an image each, and a way to keep it. */
export const Pictures = memo(function Pictures({ pictures }: { pictures: Picture[] }) {
  return pictures.map((picture, index) => <Shown key={index} picture={picture} />);
});

function Shown({ picture: { name, alt, svg } }: { picture: Picture }) {
  const url = useMemo(() => pictureUrl(svg), [svg]);
  if (url === null) return <p className="hint">The agent’s picture cannot be shown.</p>;
  return (
    <figure className="picture">
      <img src={url} alt={alt} />
      <figcaption>
        <a className="btn sm" href={url} download={`${name.replace(/[^\w-]/g, '') || 'picture'}.svg`}>
          <Icon name="down" />
          Download SVG
        </a>
      </figcaption>
    </figure>
  );
}
