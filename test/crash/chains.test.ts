import { readPoints } from './points';
import { SCENARIOS } from './scenarios';
import { openCrashStage } from './stage';
import type { CrashStage } from './stage';

// The short form of `npm run crash-test`: one run is killed again and again on its way, each time at the next of these
// points, so that many places between an effect and its report are met in little time.
const HIRE = 'an agent is hired, works and is paid';
const CHAINS: [string, string[]][] = [
  [
    HIRE,
    [
      'session.open.committed',
      'message.send.committed',
      'turn.next-step.committed',
      'model.answered',
      'turn.record-step.committed',
      'tool.settle.commit',
      'requestPayment.report',
    ],
  ],
  [
    HIRE,
    [
      'dispatch.sent',
      'payment.answer.committed',
      'payment.authorize.committed',
      'task.open-delivery.committed',
      'delivery.answered',
      'task.record-outcome.committed',
      'payment.settle.commit',
      'settlePayment.report',
    ],
  ],
  ['the person declines', ['payment.answer.commit', 'authorizePayment.report', 'delta.published']],
  ['the agent says no', ['delivery.before', 'task.record-outcome.commit', 'payment.settle.committed']],
  ['the agent answers after the turn has ended', ['deliverTask.report', 'settlePayment.start']],
  [
    'an agent asks another, which is told by its webhook',
    ['delivery.answered', 'task.record-outcome.committed', 'dispatch.sent'],
  ],
  ['the model refuses for good', ['model.before', 'turn.fail.committed', 'failTurn.report']],
  [
    'an agent is listed, checked, approved and taken off',
    ['listing.register.committed', 'probe.answered', 'listing.review.committed', 'listing.delete.commit'],
  ],
  [
    'an agent is hired over the socket',
    ['socket.admit.committed', 'message.send.committed', 'payment.answer.committed'],
  ],
  [
    'a turn is cancelled while the model speaks',
    ['model.before', 'turn.cancel.committed', 'turn.next-step.committed'],
  ],
  ['a question is answered', ['askPerson.report', 'prompt.answer.committed']],
  ['a chat is closed while an agent works', ['session.close.committed', 'delivery.answered']],
  [
    'an agent charges half of its price',
    [
      'payment.authorize.commit',
      'task.record-outcome.committed',
      'payment.settle.commit',
      'payment.settle.committed',
    ],
  ],
  [
    'a payment is given back in two parts',
    ['payment.settle.committed', 'payment.refund.commit', 'payment.refund.committed'],
  ],
  [
    'the ledger is proved by its schedule',
    ['proveLedger.start', 'ledger.prove.committed', 'proveLedger.report'],
  ],
  [
    'the audit log is sealed by its schedule',
    ['sealAudit.start', 'audit.seal.commit', 'audit.seal.committed', 'sealAudit.report'],
  ],
  ['a chat closes when nobody writes', ['outbox.mark.committed', 'session.close-idle.committed']],
];

let stage: CrashStage;
beforeAll(async () => {
  stage = await openCrashStage();
}, 60_000);
afterAll(() => stage.close());

test('the points of the chains are points of the code', () => {
  const known = readPoints().points.map(({ name }) => name);
  expect(CHAINS.flatMap(([, points]) => points).filter((point) => !known.includes(point))).toEqual([]);
});

test.each(CHAINS)(
  '%s, with kills at %j: nothing is lost, nothing is doubled',
  async (name, points) => {
    const scenario = SCENARIOS.find((known) => known.name === name);
    if (scenario === undefined) throw new Error(`no scenario ${name}`);
    const { deaths, violations } = await stage.run(scenario, points);
    expect(violations).toEqual([]);
    expect(deaths).toBe(points.length);
  },
  300_000,
);
