import { checkAuditLog } from '../../db/audit-check';
import { patientCall } from '../harness/chat';
import { ask, decide, newEmail, open, turnEnd } from './driver';
import type { Scenario, Stage } from './driver';

/** What becomes of money besides the plain payment. */
export const MONEY: Scenario[] = [
  {
    name: 'an agent charges half of its price',
    settings: { MOORING_PLATFORM_FEE_BPS: '250' },
    run: async (stage) => {
      const chat = await open(stage, ask('#agent:half '));
      await decide(chat, true, stage);
      await turnEnd(chat, 'answered');
      await chat.until(
        ({ type, data }) => type === 'PAYMENT_SUCCESSFUL' && data['returned_usdc'] === '0.025',
      );
    },
  },
  {
    name: 'a payment is given back in two parts',
    settings: { MOORING_PLATFORM_FEE_BPS: '250' },
    run: refund,
  },
  { name: 'a person looks after their money', run: lookAfter },
  { name: 'the ledger is proved by its schedule', run: prove },
  { name: 'the audit log is sealed by its schedule', run: seal },
];

async function refund(stage: Stage): Promise<void> {
  const chat = await open(stage, ask());
  await decide(chat, true, stage);
  const { data } = await chat.until(({ type }) => type === 'PAYMENT_SUCCESSFUL');
  const path = `/api/payments/${String(data['payment_id'])}`;
  let token = '';
  const call = patientCall(stage.api, () => token);
  // The test user is an admin in development.
  const signIn = { email: 'test@mooring.local' };
  token = (await call<{ access_token: string }>('POST', '/dev/sign-in', signIn)).access_token;
  const receipt = async () => (await call<{ receipt: string }>('GET', `${path}/receipt`)).receipt;
  const first = await receipt();
  await call('POST', `${path}/refund`, { id: 'a', amount_usdc: '0.02', reason: 'half of it was wrong' });
  await call('POST', `${path}/refund`, { id: 'b', reason: 'all of it was wrong' });
  await call('GET', path);
  await call('GET', '/api/payments');
  if ((await receipt()) !== first) throw new Error('a payment has two receipts');
  await turnEnd(chat);
}

async function lookAfter({ api }: Stage): Promise<void> {
  let token = '';
  const call = patientCall(api, () => token);
  token = (await call<{ access_token: string }>('POST', '/dev/sign-in', { email: newEmail() })).access_token;
  await call('POST', '/api/wallet/top-up', { id: 'more', amount_usdc: '1.50' });
  await call('PUT', '/api/wallet/budgets', { day_usdc: '2', month_usdc: null });
  await call('GET', '/api/wallet/budgets');
  await call('POST', '/api/wallet/rules', { payment_usdc: '0.10', day_usdc: '1' });
  const { rules } = await call<{ rules: { id: string }[] }>('GET', '/api/wallet/rules');
  for (const { id } of rules) await call('DELETE', `/api/wallet/rules/${id}`);
  const { balance_usdc: balance } = await call<{ balance_usdc: string }>('GET', '/api/wallet/statement');
  if (balance !== '6.50') throw new Error(`a top-up was made more or less than once: ${balance}`);
  const csv = await fetch(`${api()}/api/wallet/statement?format=csv`, {
    headers: { authorization: `Bearer ${token}` },
  }).catch(() => null);
  await csv?.text().catch(() => undefined);
}

async function prove(stage: Stage): Promise<void> {
  const found = await trigger(stage, 'ledger-proof');
  if (!isWhole(found)) throw new Error(`the ledger is not whole: ${JSON.stringify(found)}`);
}

/** Each row is sealed once, whoever died on the way. */
async function seal(stage: Stage): Promise<void> {
  const { api, query } = stage;
  let token = '';
  const call = patientCall(api, () => token);
  token = (await call<{ access_token: string }>('POST', '/dev/sign-in', { email: newEmail() })).access_token;
  await call('PUT', '/api/wallet/budgets', { day_usdc: '2', month_usdc: null });
  await trigger(stage, 'audit-seal');
  const found = await checkAuditLog({ query }, null);
  const [counted] = await query<{ rows: number; links: number }>(
    `select (select count(*)::int from audit_log) as rows, (select count(*)::int from audit_links) as links`,
  );
  const once = found.problem === null && found.open === 0 && counted?.rows === counted?.links;
  if (!once || found.rows !== counted?.links) {
    throw new Error(`the audit log is not sealed once: ${JSON.stringify({ found, counted })}`);
  }
}

/** As an operator does who does not wait for the hour; answers with what the run ended with. */
async function trigger({ temporal }: Stage, scheduleId: string): Promise<unknown> {
  const schedule = temporal.schedule.getHandle(scheduleId);
  const begun = async () => (await schedule.describe()).info.recentActions.at(-1)?.action.workflow.workflowId;
  const before = await begun();
  await schedule.trigger();
  let latest = await begun();
  while (latest === undefined || latest === before) latest = await begun();
  return temporal.workflow.getHandle(latest).result();
}

const isWhole = (found: unknown): boolean =>
  typeof found === 'object' && found !== null && 'problems' in found && found.problems === 0;
