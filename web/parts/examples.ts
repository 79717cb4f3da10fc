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
    title: 'Which words matter most in a text?',
    does: 'An agent finds its keywords for 0.05 USDC, when you approve',
    text: `What are the keywords of this text: Tides are the rise and fall of sea levels caused by the gravity of the Moon and the Sun and by the rotation of the Earth. Most coasts have two high tides and two low tides a day. When Sun and Moon pull in one line, at new and full moon, the tidal range is largest: these are spring tides. A harbour master plans moorings by the tide table, since a line that is too short at high water breaks, and one that is too long at low water lets the boat drift.`,
  },
] as const;
