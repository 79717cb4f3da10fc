const { default: Sequencer } = require('@jest/test-sequencer');

// Two workers: what takes minutes begins first, or one of them has nothing to do at the end.
const LONGEST = [
  'crash/chains',
  'dev/dev',
  'full/page-states',
  'durability/tree',
  'agent-kit/check-agent',
  'dev/bad-data-folder',
];

const placeOf = ({ path }) => {
  const place = LONGEST.findIndex((name) => path.endsWith(`/${name}.test.ts`));
  return place < 0 ? LONGEST.length : place;
};

/** The long ones in this order, then the rest as jest has them. */
module.exports = class LongestFirst extends Sequencer {
  sort(tests) {
    return super.sort(tests).sort((a, b) => placeOf(a) - placeOf(b));
  }
};
