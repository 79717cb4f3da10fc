import type { Request, Router } from 'express';
import { z } from 'zod';
import type { Tx } from '../../db/database';
import { orderCodeMail } from '../../db/mails';
import { becomeOwner, expectChange, lockOwnerEmail, nameOwner, tryCode } from '../../db/owner-emails';
import { MooringError } from '../../domain/errors';
import type { ApiContext } from '../context';
import type { NetworkAnswer, NetworkCall } from './door';
import { email } from './schemas';

const code = z.string().max(20);
const Verify = z.object({ code });
const Change = z.object({ email, code: code.nullish(), old_code: code.nullish() });

/** The person behind an agent says that they are: by a code to their address, to both when it changes. */
export function ownerEmailRoutes(
  api: ApiContext,
  { router, call }: { router: Router; call: NetworkCall },
): void {
  const { links } = api;

  router.post('/agents/me/owner-email/verify', (req, res) =>
    call({ req, res, name: 'owner.verify' }, async (tx) => {
      const said = Verify.parse(req.body);
      const agentId = tx.principalId;
      const row = await lockOwnerEmail(tx, agentId);
      if (row === null) throw new MooringError('not_found', 'No owner_email was named for this agent.');
      if (row.verifiedAt === null) {
        const typed = links.codeHashOf(agentId, said.code);
        const refusal = await tryCode(tx, agentId, { row, typed });
        if (refusal !== null) return { refusal };
        await becomeOwner(tx, agentId, row.email);
      } else if (row.codeHash !== null && row.codeGood) {
        return { refusal: changesByBoth() };
      }
      return { status: 200, body: { owner_email: row.email, verified: true } };
    }),
  );

  router.post('/agents/me/owner-email', (req, res) =>
    call({ req, res, name: 'owner.change' }, async (tx): Promise<NetworkAnswer> => {
      const said = Change.parse(req.body);
      const agentId = tx.principalId;
      const row = await lockOwnerEmail(tx, agentId);
      const shown = devCode(api, req);
      if (row === null || row.verifiedAt === null) {
        const sent = await sendOwnerCode(api, tx, { agentId, email: said.email });
        return ordered({ owner_email: said.email, verified: false, ...shown('_dev_code', sent) });
      }
      const change = `${agentId} ${said.email}`;
      if (said.code != null && said.old_code != null) {
        const typed = links.codeHashOf(change, `${said.code} ${said.old_code}`);
        const refusal = await tryCode(tx, agentId, { row, typed });
        if (refusal !== null) return { refusal };
        await becomeOwner(tx, agentId, said.email);
        return { status: 200, body: { owner_email: said.email, verified: true } };
      }
      const [next, old] = [await orderCode(api, tx, said.email), await orderCode(api, tx, row.email)];
      await expectChange(tx, agentId, links.codeHashOf(change, `${next} ${old}`));
      return ordered({
        owner_email: row.email,
        verified: true,
        ...shown('_dev_code', next),
        ...shown('_dev_old_code', old),
      });
    }),
  );
}

/** One code is not enough for another address: whoever has only the new one must not read that it was right. */
const changesByBoth = (): MooringError =>
  new MooringError(
    'invalid_request',
    'The address is being changed: send `email`, `code` and `old_code` to POST /v1/agents/me/owner-email.',
    { details: { field: 'code', rule: 'must come with old_code while the address is being changed' } },
  );

/** A secret is in it while developing: it is not said twice. */
const ordered = (body: Record<string, unknown>): NetworkAnswer => ({
  status: 202,
  secret: true,
  body: { ...body, message: 'The code is on its way by mail. It is good for 10 minutes.' },
});

const orderCode = async ({ links }: ApiContext, tx: Tx, address: string): Promise<string> =>
  links.codeOf(await orderCodeMail(tx, { kind: 'owner_code', address }));

/** The person behind an agent is named, and gets a code; the code is answered for `_dev_code`. */
export async function sendOwnerCode(
  api: ApiContext,
  tx: Tx,
  { agentId, email: address }: { agentId: string; email: string },
): Promise<string> {
  const sent = await orderCode(api, tx, address);
  await nameOwner(tx, { agentId, email: address, codeHash: api.links.codeHashOf(agentId, sent) });
  return sent;
}

/** Codes are shown to a person at this machine, in development only. */
export const devCode =
  ({ config, origins }: ApiContext, req: Request) =>
  (name: string, sent: string | null): Record<string, string> =>
    sent !== null && config.MOORING_ALLOW_LOOPBACK && origins.isDevelopmentDoor(req) ? { [name]: sent } : {};
