import { randomBytes } from 'node:crypto';

/** What our calls to an agent carry: a key that it compares, and a secret that it verifies our signature with. */
export interface AgentKeys {
  orchestrator_key: string;
  signing_secret: string;
}

export const newAgentKeys = (): AgentKeys => ({
  orchestrator_key: `ork_${randomBytes(24).toString('hex')}`,
  signing_secret: newSigningSecret(),
});

export const newSigningSecret = (): string => `whsec_${randomBytes(32).toString('base64')}`;
