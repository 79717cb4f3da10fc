import { randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { InvokeAnswer, MAX_ANSWER } from '../../../activities/agents/service-agent';
import { formatUsdc, parseUsdc } from '../../../domain/money';
import { needsHuman, RISK_LEVELS } from '../../../domain/task';
import { newAgentKeys } from '../../../lib/agent-keys';
import type { Keys } from '../agent-folder';
import { exampleOf } from './example';
import { describe, invocation, invokeBody } from './exchange';
import type { Exchange, Invocation, Send } from './exchange';
import { isBroken, judge, unchecked } from './finding';
import type { Finding } from './finding';
import type { OfferedAction } from './open-rules';
import { misfit, problemOf } from './schemas';

export interface InvokeCheck {
  send: Send;
  keys: Keys;
  actions: OfferedAction[];
  /** the action to call, and its arguments, where the person has said so */
  chosen: Chosen;
}

export interface Chosen {
  action?: string;
  arguments?: Record<string, unknown>;
}

const newId = (): string => `check_${randomUUID()}`;
const isRefused = ({ status }: Exchange): boolean => status === 401 || status === 403;
const LET_IN = 'a call with the right key and signature is let in';
const UNKNOWN = 'an unknown command is answered 200 {"ok": false, "error": …}';
const EXAMPLE = 'POST /invoke answers an example call within 30 s in the agreed form';

/** Without keys only this: a call that carries none is refused. */
export async function checkClosedDoor(send: Send): Promise<Finding> {
  const body = invokeBody(newId(), 'no_such_command', {});
  const answer = await send({
    method: 'POST',
    path: '/invoke',
    about: 'without X-Orchestrator-Key and without a signature',
    headers: { 'content-type': 'application/json' },
    body,
  });
  return judge('a call without X-Orchestrator-Key is refused with 401', answer, {
    kept: isRefused(answer),
    todo: 'Compare X-Orchestrator-Key with your orchestrator_key before anything else, in constant time.',
  });
}

/** What only the holder of the keys can ask. Calls one action of risk R0 or R1, as a task of a chat would. */
export async function checkInvokeRules(check: InvokeCheck): Promise<Finding[]> {
  const { send, keys } = check;
  const id = newId();
  const answer = await send(
    invocation({ id, keys, body: invokeBody(id, 'no_such_command', {}), about: 'command no_such_command' }),
  );
  const door = [await checkClosedDoor(send), ...(await checkForgeries(check))];
  if (answer.status === null || isRefused(answer)) {
    const todo =
      'Give the keys that the agent uses (--key, --secret, or the keys.json of its folder). If they are right: the ' +
      'signature is HMAC-SHA256 over `id.timestamp.body`, with the base64 behind whsec_ as its key.';
    return [
      ...door,
      judge(LET_IN, answer, { kept: false, todo }),
      unchecked(EXAMPLE, 'the agent lets no call in'),
    ];
  }
  const parsed = InvokeAnswer.safeParse(answer.body);
  return [
    ...door,
    judge(LET_IN, answer, { kept: true, todo: '' }),
    judge(UNKNOWN, answer, {
      kept: answer.status === 200 && parsed.success && !parsed.data.ok,
      todo: 'A command that you do not know is an answer, not a failure: 200 {"ok": false, "error": "…", "error_code": "unknown_action"}.',
    }),
    ...(await checkBodies(check)),
    ...(await checkExample(check)),
  ];
}

/** Each would let somebody else than the platform give orders. */
async function checkForgeries({ send, keys }: InvokeCheck): Promise<Finding[]> {
  const id = newId();
  const body = invokeBody(id, 'no_such_command', {});
  const other = newAgentKeys();
  const forgeries: { rule: string; todo: string; call: Partial<Invocation> & { about: string } }[] = [
    {
      rule: 'a wrong X-Orchestrator-Key is refused with 401',
      todo: 'Compare X-Orchestrator-Key with your orchestrator_key, in constant time.',
      call: {
        about: 'with another X-Orchestrator-Key',
        keys: { ...keys, orchestrator_key: other.orchestrator_key },
      },
    },
    {
      rule: 'a signature by another secret is refused with 401',
      todo: 'Verify webhook-signature by Standard Webhooks with your signing_secret.',
      call: { about: 'signed with another secret', keys: { ...keys, signing_secret: other.signing_secret } },
    },
    {
      rule: 'a body that was changed after signing is refused with 401',
      todo: 'Verify the signature over the very bytes of the body, before you parse it.',
      call: { about: 'with the signature of another body', signedBody: `${body} ` },
    },
    {
      rule: 'a signature that is ten minutes old is refused with 401',
      todo: 'Refuse a webhook-timestamp more than five minutes from your clock (and check your clock).',
      call: { about: 'signed ten minutes ago', ageSeconds: 600 },
    },
  ];
  return Promise.all(
    forgeries.map(async ({ rule, todo, call }) => {
      const answer = await send(invocation({ id: newId(), keys, body, ...call }));
      return judge(rule, answer, { kept: isRefused(answer), todo });
    }),
  );
}

/** A size that no call of the platform comes near. */
const HUGE = 2 * 1024 * 1024;

async function checkBodies({ send, keys }: InvokeCheck): Promise<Finding[]> {
  const id = newId();
  const noJson = await send(
    invocation({ id, keys, body: 'this is no JSON', about: 'a body that is no JSON' }),
  );
  const body = invokeBody(newId(), 'no_such_command', { text: 'x'.repeat(HUGE) });
  const huge = await send(invocation({ id: newId(), keys, body, about: 'a body of 2 MiB' }));
  const isClientError = ({ status }: Exchange): boolean => status !== null && status >= 400 && status < 500;
  return [
    judge('a body that is no JSON is refused with 400', noJson, {
      kept: isClientError(noJson),
      todo: 'Answer 400 to a body that you cannot read, whoever signed it.',
    }),
    judge('a body of 2 MiB is refused with 413', huge, {
      // Who closes the connection in the middle has refused it too.
      kept: isClientError(huge) || (huge.status === null && huge.ms < 5_000),
      todo: 'Stop reading at 1 MiB and answer 413: a body without a limit fills your memory.',
    }),
  ];
}

/** The action that is called: the one that was named, else the first of the lowest risk that needs no person. */
function actionToCall({ actions, chosen }: InvokeCheck): OfferedAction | string {
  if (actions.length === 0) return 'GET /capabilities must be in the agreed form first';
  if (chosen.action !== undefined) {
    const named = actions.find(({ name }) => name === chosen.action);
    return named ?? `there is no action ${chosen.action}`;
  }
  for (const risk of RISK_LEVELS) {
    const found = actions.find(({ risk_level }) => risk_level === risk && !needsHuman(risk));
    if (found !== undefined) return found;
  }
  return 'every action has an effect of risk R2 or R3; name one with --action to call it all the same';
}

async function checkExample(check: InvokeCheck): Promise<Finding[]> {
  const action = actionToCall(check);
  if (typeof action === 'string') return [unchecked(EXAMPLE, action)];
  const args = check.chosen.arguments ?? exampleOf(action.input_schema, 0);
  if (args === null) {
    const why = `no arguments of ${action.name} can be made of its input_schema: add "examples" to its properties, or give --arguments`;
    return [unchecked(EXAMPLE, why)];
  }
  const id = newId();
  const call = (about: string, given: unknown): Promise<Exchange> =>
    check.send(
      invocation({
        id,
        keys: check.keys,
        body: invokeBody(id, action.name, given),
        about: `${about}${action.name} ${JSON.stringify(given)}`,
      }),
    );
  const first = await call('', args);
  const parsed = InvokeAnswer.safeParse(first.body);
  const small = judgeLength(first);
  const answered = judge(EXAMPLE, first, {
    kept: first.status === 200 && parsed.success && parsed.data.ok,
    todo:
      'Answer 200 {"ok": true, "output": …}. If these arguments cannot be worked on although they fit the ' +
      'input_schema, say so there (examples, pattern, minimum), or give better ones with --arguments.',
  });
  // What is too long was not read to its end: its form is not known.
  if (isBroken(small)) return [small];
  if (first.status !== 200 || !parsed.success || !parsed.data.ok) return [answered];
  return [
    answered,
    small,
    outputFits(first, action, parsed.data.output ?? null),
    ...chargeFits(first, action, parsed.data.charge_usdc),
    ...(await checkRepeats(first, call, { args, other: exampleOf(action.input_schema, 1) })),
  ];
}

function judgeLength(answer: Exchange): Finding {
  return judge('POST /invoke answers at most 1 MiB', answer, {
    kept: answer.bytes <= MAX_ANSWER,
    came: answer.isWhole ? `${answer.bytes} bytes` : `more than ${answer.bytes} bytes, the rest was not read`,
    todo: 'Answer with less: a longer answer counts as none, and the model reads 16 KiB of it at most.',
  });
}

function outputFits(answer: Exchange, { output_schema: schema }: OfferedAction, output: unknown): Finding {
  const rule = 'the output fits the output_schema';
  if (problemOf(schema) !== null) return unchecked(rule, 'the output_schema is no JSON Schema');
  const problem = misfit(schema, output);
  return judge(rule, answer, {
    kept: problem === null,
    came: `${problem ?? ''}, in ${describe(answer)}`,
    todo: 'Change the output or the output_schema, so that whoever reads the one can trust the other.',
  });
}

/** An agent may say that its work costs less after all. */
function chargeFits(answer: Exchange, { price }: OfferedAction, charge: string | undefined): Finding[] {
  if (charge === undefined) return [];
  const most = parseUsdc(price ?? '0') ?? 0n;
  const finding = judge('a charge is at most the price', answer, {
    kept: (parseUsdc(charge) ?? 0n) <= most,
    todo: `charge_usdc is what the work costs after all, at most the price (${formatUsdc(most)}); leave it out to charge the price.`,
  });
  return [finding];
}

async function checkRepeats(
  first: Exchange,
  call: (about: string, args: unknown) => Promise<Exchange>,
  { args, other }: { args: unknown; other: unknown },
): Promise<Finding[]> {
  const again = await call('a second time with the same Idempotency-Key: ', args);
  const same = judge('the same Idempotency-Key gets the same answer', again, {
    kept: again.status === first.status && isDeepStrictEqual(again.body, first.body),
    todo: 'Keep the first answer of each Idempotency-Key, and give it again: calls come at least once.',
  });
  const noSecond = 'the same Idempotency-Key does no second work';
  if (other === null || isDeepStrictEqual(other, args)) {
    return [same, unchecked(noSecond, 'the input_schema gives no second example')];
  }
  const changed = await call('with the same Idempotency-Key and other arguments: ', other);
  const parsed = InvokeAnswer.safeParse(changed.body);
  const worked = changed.status === 200 && parsed.success && parsed.data.ok;
  return [
    same,
    judge(noSecond, changed, {
      kept: !worked || isDeepStrictEqual(changed.body, first.body),
      todo: 'Look the Idempotency-Key up before the work begins: here a second work was done under it.',
    }),
  ];
}
