import { QUEUES } from '../../domain/workflows';
import { breakerChanged, listingChanged } from '../../workflows/agent-monitor';
import * as chat from '../../workflows/chat-session';
import * as workflows from '../../workflows';
import * as money from '../../workflows/payment';
import * as tasks from '../../workflows/task';
import { all, filesEnding, read } from './files';

const signals = [
  listingChanged,
  breakerChanged,
  chat.messageArrived,
  chat.outcomeArrived,
  chat.endArrived,
  money.paymentDecided,
  money.taskEnded,
  money.walletMoved,
  money.abandoned,
  tasks.taskAsked,
  tasks.taskDecided,
  tasks.taskEnded,
];

test('each workflow is exported under the name it is started with', () => {
  expect(Object.keys(workflows).sort()).toEqual(Object.keys(QUEUES).sort());
  for (const [name, workflow] of Object.entries(workflows)) expect(workflow.name).toBe(name);
});

test('each signal has the name of its constant', () => {
  const declared = filesEnding(/\.ts$/, 'workflows').flatMap((path) => [
    ...read(path).matchAll(/export const (\w+) = defineSignal<[^>]*>\('(\w+)'\)/g),
  ]);
  expect(declared.map(([, constant]) => constant)).toEqual(signals.map(({ name }) => name));
  for (const [, constant, wire] of declared) expect(wire).toBe(constant);
});

test('each signal that a fact records is one that a workflow hears', () => {
  const source = filesEnding(/\.ts$/, 'db').map(read).join('\n');
  const unions = all(source, /\bsignal: ((?:'\w+'(?: \| )?)+)/g).flatMap((union) => all(union, /'(\w+)'/g));
  const recorded = [...unions, ...all(source, /'(\w+)'(?: end)? as signal/g)];
  const heard: string[] = signals.map(({ name }) => name);
  expect(recorded.length).toBeGreaterThan(3);
  expect(recorded.filter((name) => !heard.includes(name))).toEqual([]);
});
