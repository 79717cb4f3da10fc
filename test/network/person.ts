import { decideConfirmation } from '../../db/confirmations';
import type { Decided, Decision } from '../../db/confirmations';
import { SYSTEM } from '../../domain/principal';
import type { NetworkStage, Player } from './stage';

/** A task of R2 or R3 that its receiver has accepted: its sender's person is asked. */
export interface Asked {
  id: string;
  sender: Player;
  receiver: Player;
  email: string;
}

let people = 0;

/** An agent with a person behind it asks another, which accepts. */
export async function askPerson(
  stage: NetworkStage,
  { risk = 'R2', wish = {} }: { risk?: 'R2' | 'R3'; wish?: Record<string, unknown> } = {},
): Promise<Asked> {
  people += 1;
  const email = `person-${people}@example.org`;
  const { token } = await stage.api.signIn(email);
  const sender = await stage.join({}, token);
  const receiver = await stage.join();
  const { body } = await sender.call('/v1/tasks', {
    body: {
      to_agent_id: receiver.id,
      task_type: 'service_request',
      description: 'Write to Ann',
      risk_level: risk,
      ...wish,
    },
  });
  const id = String(body['id']);
  const accepted = await receiver.call(`/v1/tasks/${id}/accept`, { method: 'POST' });
  if (accepted.body['status'] !== 'waiting_human_confirm') throw new Error(JSON.stringify(accepted.body));
  return { id, sender, receiver, email };
}

export const decide = (
  { api }: NetworkStage,
  { id }: Asked,
  decision: Partial<Decision> = {},
): Promise<Decided> =>
  api.t.db.withTx(SYSTEM, 'test.decide', (tx) =>
    decideConfirmation(tx, {
      which: { taskId: id },
      approved: true,
      note: null,
      codeHash: null,
      ...decision,
    }),
  );

/** Moves the deadline of a question, as if it were later. */
export const letPass = async ({ api }: NetworkStage, { id }: Asked): Promise<void> => {
  await api.t.db.withTx(SYSTEM, 'test.pass', async (tx) => {
    await tx.query('update tasks set human_confirm_deadline = now() where id = $1', [id]);
    await tx.query('update confirmations set expires_at = now() where task_id = $1', [id]);
  });
};

const confirmationOf = ({ api }: NetworkStage, { id }: Asked): Promise<string> =>
  api.t.db.withTx(SYSTEM, 'test.link', async (tx) => {
    const [row] = await tx.query<{ id: string }>('select id from confirmations where task_id = $1', [id]);
    return row?.id ?? '';
  });

/** The path of the link that its person is mailed. */
export const linkOf = async (stage: NetworkStage, asked: Asked): Promise<string> =>
  new URL(stage.links.urlOf(await confirmationOf(stage, asked))).pathname;

/** Where its person finds it when signed in. */
export const approvalPathOf = async (stage: NetworkStage, asked: Asked): Promise<string> =>
  `/approvals/${await confirmationOf(stage, asked)}`;
