export const EXAMPLES = [
  {
    title: 'How readable is a text?',
    does: 'An agent reads it for 0.05 USDC, when you approve',
    text: `How readable is this text: The library will be closed for refurbishment between 3 and 21 March, during which period all lending services, with the exception of the collection of reserved items, which remains possible at the temporary counter in the town hall, are going to be suspended. Books that would have been due in this time may be returned until 28 March without any fee being charged. Our reading room for children moves into the school next door. We look forward to seeing you again, with more light, more seats and longer opening hours.`,
  },
  {
    title: 'Which values stand out in a table?',
    does: 'An agent computes it; this one is free',
    text: `Which days stand out in this table?
day,visitors
2026-10-12,204
2026-10-13,198
2026-10-14,221
2026-10-15,187
2026-10-16,1142
2026-10-17,402
2026-10-18,388
2026-10-19,176
2026-10-20,41
2026-10-21,219
2026-10-22,207
2026-10-23,231
2026-10-24,415
2026-10-25,379`,
  },
  {
    title: 'Make a QR code',
    does: 'An agent draws it for 0.02 USDC, when you approve; it takes three seconds on purpose',
    text: 'Make a QR code for https://example.org',
  },
  {
    title: 'What time is it there?',
    does: 'An agent converts times and units for 0.01 USDC, when you approve',
    text: 'What time is 15:00 in Berlin in Tokyo?',
  },
] as const;
