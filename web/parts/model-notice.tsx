import type { About } from '../../sdk/api-types';
import { Icon } from './icons';

/** Who answers. The stand-in says what it is, and how to have Claude instead. */
export function ModelPart({ model }: { model: About['model'] }) {
  if (!model.stand_in) return <p className="quiet">{model.name}</p>;
  return (
    <div className="notice do">
      <Icon name="info" />
      <div>
        <b>Stand-in model.</b> Answers follow fixed rules; no language model is used.
        <details className="how">
          <summary>Use Claude</summary>
          Stop Mooring, set <code>ANTHROPIC_API_KEY</code> in its environment and start it again. Your chats
          stay.
        </details>
      </div>
    </div>
  );
}
