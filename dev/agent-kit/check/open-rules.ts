import { Capabilities, Health } from '../../../activities/agents/service-agent';
import { AGENT_TEXT_LIMIT } from '../../../domain/session';
import { describe } from './exchange';
import type { Exchange, Send } from './exchange';
import { judge, unchecked } from './finding';
import type { Finding } from './finding';
import { problemOf } from './schemas';

export interface OfferedAction {
  name: string;
  input_schema: Record<string, unknown>;
  output_schema: Record<string, unknown>;
  /** USDC of one call; absent or null: free */
  price?: string | null | undefined;
  risk_level: string;
}

const FORM = 'it answers in the agreed form';

export interface OpenCheck {
  findings: Finding[];
  /** null when the agent does not answer at all */
  actions: OfferedAction[] | null;
}

/** What anyone may ask an agent: its health, what it offers, and what is not there. */
export async function checkOpenRules(send: Send): Promise<OpenCheck> {
  const health = await send({ method: 'GET', path: '/health' });
  const findings = judgeHealth(health);
  if (health.status === null) {
    return {
      findings: [...findings, unchecked('all other rules', 'the agent must answer first')],
      actions: null,
    };
  }
  const capabilities = await checkCapabilities(send);
  return {
    findings: [...findings, ...capabilities.findings, ...(await checkPaths(send))],
    actions: capabilities.actions,
  };
}

function judgeHealth(answer: Exchange): Finding[] {
  const answers = judge('GET /health answers 200 within 3 s', answer, {
    kept: answer.status === 200,
    todo: 'Start the agent, and let GET /health answer 200 at once, whatever else it does.',
  });
  if (answer.status === null) return [answers];
  return [
    answers,
    judge(`GET /health: ${FORM}`, answer, {
      kept: Health.safeParse(answer.body).success,
      todo: 'Answer {"status": "ok" or "degraded", "ready": true or false}; nothing else counts as healthy.',
    }),
  ];
}

async function checkCapabilities(send: Send): Promise<{ findings: Finding[]; actions: OfferedAction[] }> {
  const answer = await send({ method: 'GET', path: '/capabilities' });
  const parsed = Capabilities.safeParse(answer.body);
  const issue = parsed.success ? undefined : parsed.error.issues[0];
  const findings = [
    judge('GET /capabilities answers 200 within 3 s', answer, {
      kept: answer.status === 200,
      todo: 'Answer 200 with {message, actions: [{name, description, input_schema, output_schema, price?, risk_level?}]}.',
    }),
    judge(`GET /capabilities: ${FORM}`, answer, {
      kept: parsed.success,
      came:
        issue === undefined ? describe(answer) : `${issue.path.join('.') || 'the whole'}: ${issue.message}`,
      todo: 'message is a text; actions has 1 to 50 entries; price is USDC as text ("0.05"); risk_level is R0, R1, R2 or R3.',
    }),
    judgeSize(answer),
  ];
  if (!parsed.success) return { findings, actions: [] };
  return {
    findings: [...findings, ...checkActions(answer, parsed.data.actions)],
    actions: parsed.data.actions,
  };
}

/** Of an answer of another kind or form the length says nothing. */
function judgeSize(answer: Exchange): Finding {
  const rule = 'GET /capabilities is at most 16 KiB';
  const { status, body, bytes, isWhole } = answer;
  if (status !== 200 || (isWhole && body === undefined))
    return unchecked(rule, 'it must be answered with 200 and JSON first');
  // White space is not counted: the model does not read it.
  const size = isWhole ? Buffer.byteLength(JSON.stringify(body)) : bytes;
  return judge(rule, answer, {
    kept: size <= AGENT_TEXT_LIMIT,
    came: isWhole ? `${size} bytes of JSON` : `more than ${size} bytes, the rest was not read`,
    todo: 'Shorten descriptions and schemas: the model reads all of it in one go.',
  });
}

function checkActions(answer: Exchange, actions: OfferedAction[]): Finding[] {
  const problems = actions.flatMap(({ name, ...action }) =>
    (['input_schema', 'output_schema'] as const).flatMap((which) => {
      const problem = problemOf(action[which]);
      return problem === null ? [] : [`${name}.${which}: ${problem}`];
    }),
  );
  const shapeless = actions
    .filter(({ input_schema }) => input_schema['type'] !== 'object')
    .map(({ name }) => name);
  const names = actions.map(({ name }) => name);
  return [
    judge('every input_schema and output_schema is a JSON Schema', answer, {
      kept: problems.length === 0,
      came: problems.join('; '),
      todo: 'Write them by JSON Schema 2020-12 (or say "$schema" of draft 7).',
    }),
    judge('every input_schema describes an object', answer, {
      kept: shapeless.length === 0,
      came: `no "type": "object" in the input_schema of ${shapeless.join(', ')}`,
      todo: 'arguments is always an object: say "type": "object", its properties, and which are required.',
    }),
    judge('every action has a name of its own', answer, {
      kept: new Set(names).size === names.length,
      came: names.join(', '),
      todo: 'An action is called by its name: let no two have the same.',
    }),
  ];
}

async function checkPaths(send: Send): Promise<Finding[]> {
  const nothing = await send({ method: 'GET', path: '/no-such-path' });
  const wrongWay = await send({ method: 'GET', path: '/invoke' });
  return [
    judge('a path that does not exist is answered with 404', nothing, {
      kept: nothing.status === 404,
      todo: 'Answer 404 to every path but /health, /capabilities and /invoke.',
    }),
    judge('GET /invoke is refused with 405 or 404', wrongWay, {
      kept: wrongWay.status === 404 || wrongWay.status === 405,
      todo: 'Do work only by POST: a GET may be repeated by anything on the way.',
    }),
  ];
}
