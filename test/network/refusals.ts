import { unchanged } from '../api/bad-input';
import type { NetworkReply, NetworkStage } from './stage';

/** What a refusal says, as far as a test says what it should. */
export interface Refused {
  status?: number;
  code?: string;
  field?: string;
  rule?: unknown;
}

export const refusal = ({ status, body: { error } }: NetworkReply) => ({
  status,
  code: error?.code,
  field: error?.details?.['field'],
  rule: error?.details?.['rule'],
});

/** Does what is to be refused so, in both keys of the answer, and changes not one row. */
export const refuserOf =
  (stage: () => NetworkStage) =>
  async (work: () => Promise<NetworkReply>, expected: Refused): Promise<void> => {
    const answer = await unchanged(stage().api, work);
    expect(refusal(answer)).toMatchObject(expected);
    expect(answer.body['detail']).toBeDefined();
  };
