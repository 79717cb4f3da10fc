import { takePictures } from '../../activities/pictures';
import { AGENT_TEXT_LIMIT } from '../../domain/session';
import { run, setStage } from './stage';
import type { Stage } from './stage';
import { ACTIONS, json } from './zoo';

const SVG_SCHEMA = { type: 'string', contentMediaType: 'image/svg+xml' };
const schema = (properties: Record<string, unknown>) => ({ type: 'object', properties });
const SVG = '<svg xmlns="http://www.w3.org/2000/svg"><rect/></svg>';
const SHOWN = '(a picture; the person sees it in the chat)';

let stage: Stage;
beforeAll(async () => {
  stage = await setStage({ delaysMs: [0], invokeTimeoutMs: 300 });
});
afterAll(() => stage.close());

test('a picture goes to the person in the frame of the task, and the model reads that it is shown', async () => {
  const svg = `<svg xmlns="http://www.w3.org/2000/svg">${'<rect/>'.repeat(5_000)}</svg>`;
  expect(svg.length).toBeGreaterThan(AGENT_TEXT_LIMIT);
  const draw = { ...ACTIONS[0], output_schema: schema({ summary: {}, svg: SVG_SCHEMA }) };
  const agentId = await stage.listAgent(
    'painter',
    stage.zoo.keep('painter', {
      capabilities: json({ message: 'I draw.', actions: [draw] }),
      invoke: json({ ok: true, output: { summary: 'A row of squares.', svg } }),
    }),
  );
  const chat = await stage.openChat();
  await chat.say('draw squares');
  await chat.use('connect_agent', { agent_id: agentId });
  const { id } = await chat.use('invoke_agent', { agent_id: agentId, action: 'count', arguments: {} });
  const taskId = await chat.lastTask();
  await run(stage.activities.deliverTask, { taskId });

  const [frame] = await chat.rows<{ data: unknown }>(
    `select data from session_events where type = 'TASK_UPDATE' and data->>'task_id' = $1
      order by seq desc limit 1`,
    [taskId],
  );
  expect(frame?.data).toMatchObject({
    status: 'completed',
    result: { pictures: [{ name: 'svg', alt: 'A row of squares.', svg }] },
  });
  const [call] = await chat.rows<{ result: unknown }>('select result from tool_calls where id = $1', [id]);
  expect(call?.result).toMatchObject({ output: { summary: 'A row of squares.', svg: SHOWN } });
});

test('pictures are found where the schema says so, in lists and objects too, and nowhere else', () => {
  const deep = schema({ pages: { type: 'array', items: schema({ image: SVG_SCHEMA, text: {} }) } });
  const output = { pages: [{ image: SVG, text: SVG }, { image: SVG }], other: SVG };
  expect(takePictures(output, deep)).toEqual({
    output: { pages: [{ image: SHOWN, text: SVG }, { image: SHOWN }], other: SVG },
    pictures: [
      { name: 'image', alt: 'image', svg: SVG },
      { name: 'image', alt: 'image', svg: SVG },
    ],
  });
});

test.each<[string, string, string]>([
  ['no SVG', '<html><svg></svg></html>', '(this was to be a picture, and is none)'],
  [
    'one with entities of its own',
    '<!DOCTYPE svg [<!ENTITY a "b">]><svg/>',
    '(this was to be a picture, and is none)',
  ],
  ['a huge one', `<svg>${' '.repeat(70_000)}</svg>`, '(a picture of 69 KiB, too large to be shown)'],
  ['one with a prolog', `<?xml version="1.0"?>\n<!-- by hand -->\n${SVG}`, SHOWN],
])('a picture that is %s is told of as what it is', (_what, svg, told) => {
  const { output, pictures } = takePictures({ svg }, schema({ svg: SVG_SCHEMA }));
  expect(output).toEqual({ svg: told });
  expect(pictures).toHaveLength(told === SHOWN ? 1 : 0);
});

test.each<[string, string]>([
  ['comments', '<!---->'.repeat(9_000)],
  ['comments and blanks', '<!-- a --> \n'.repeat(5_000)],
  [
    'comments on both sides of a DOCTYPE',
    `${'<!---->'.repeat(4_000)}<!DOCTYPE svg>${'<!---->'.repeat(4_000)}`,
  ],
  ['blanks', ' '.repeat(60_000)],
  ['XML lines', '<?xml ?'.repeat(9_000)],
  ['a comment that is not closed', '<!--'.repeat(15_000)],
])('what begins with thousands of %s is judged at once', (_what, beginning) => {
  const from = performance.now();
  const judge = (svg: string) => takePictures({ svg }, schema({ svg: SVG_SCHEMA })).output;
  expect(judge(`${beginning}x`)).toEqual({ svg: '(this was to be a picture, and is none)' });
  expect(judge(`${'<!---->'.repeat(10_000)}x`)).toMatchObject({
    svg: expect.stringContaining('too large') as string,
  });
  expect(performance.now() - from).toBeLessThan(1_000);
});

test('a picture after comments on both sides of its DOCTYPE is shown', () => {
  const svg = `\n<?xml version="1.0"?> <!-- a --><!-- b -->\n<!DOCTYPE svg PUBLIC "x" "y">\n<!-- c -->${SVG}`;
  expect(takePictures({ svg }, schema({ svg: SVG_SCHEMA })).output).toEqual({ svg: SHOWN });
});

test('an answer shows four pictures at most', () => {
  const list = schema({ all: { items: SVG_SCHEMA } });
  expect(takePictures({ all: [1, 2, 3, 4, 5].map(() => SVG) }, list).pictures).toHaveLength(4);
});

test.each<[unknown]>([[null], ['text'], [3], [[SVG]], [{ svg: 7 }], [{ constructor: SVG }]])(
  'an output that is not as its schema says passes as it is: %j',
  (output) => {
    expect(takePictures(output, schema({ svg: SVG_SCHEMA }))).toEqual({ output, pictures: [] });
  },
);
