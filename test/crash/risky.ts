import { turnEnd, open } from './driver';
import type { Scenario } from './driver';

const NEWSLETTER =
  'Send a newsletter to ann@example.test with the subject "News" and the text "We moved to the harbour."';

/** Actions of a chat that its person confirms. */
export const RISKY: Scenario[] = [
  {
    name: 'a risky action is confirmed in the chat',
    run: async (stage) => {
      const chat = await open(stage, NEWSLETTER, { auto_approve_usdc: '1.00' });
      await chat.confirm(true);
      await turnEnd(chat, 'answered');
    },
  },
  {
    name: 'a risky action is declined in the chat',
    run: async (stage) => {
      const chat = await open(stage, NEWSLETTER, { auto_approve_usdc: '1.00' });
      await chat.confirm(false);
      await turnEnd(chat, 'answered');
    },
  },
  {
    name: 'nobody confirms a risky action',
    settings: { MOORING_R2_DEADLINE_MS: '2500' },
    run: async (stage) => {
      const chat = await open(stage, NEWSLETTER, { auto_approve_usdc: '1.00' });
      await chat.until(({ type }) => type === 'CONFIRMATION_RESOLVED');
      await turnEnd(chat, 'answered');
    },
  },
];
