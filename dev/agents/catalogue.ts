/** The static listing of each demo agent, as its owner would send it to `POST /api/agents`. */
export const DEMO_AGENTS = [
  {
    slug: 'text-analyst',
    name: 'Plainsight',
    description:
      'Says how readable an English text is and what makes it hard: Flesch reading ease, Flesch-Kincaid grade, ' +
      'Gunning fog, SMOG, reading time, the hardest sentences, long words, passive voice, and concrete advice ' +
      'in plain words. Also finds the keywords and key phrases of a text with scores and counts.',
    categories: ['writing', 'text analysis'],
    tags: ['readability', 'plain language', 'flesch', 'reading level', 'keywords', 'key phrases', 'editing'],
    pricing_summary: { type: 'per_action', from_usdc: '0.05' },
  },
  {
    slug: 'table-analyst',
    name: 'Tablewright',
    description:
      'Reads a pasted table (CSV, semicolons, tabs or pipes) and says what is in it: the type of each column, ' +
      'statistics such as mean, median, quartiles, sums, top values and date ranges, and outliers by two robust ' +
      'methods, with row numbers and a comparison by weekday where there are dates. Free of charge.',
    categories: ['data', 'spreadsheets'],
    tags: ['csv', 'table', 'statistics', 'outliers', 'column types', 'data quality', 'spreadsheet'],
    pricing_summary: { type: 'per_action', from_usdc: '0' },
  },
  {
    slug: 'unit-converter',
    name: 'Evenscale',
    description:
      'Converts units of measure with exact factors: length, area, volume, mass, temperature, speed, duration, ' +
      'data, energy, power and pressure, such as miles to kilometres or Fahrenheit to Celsius. Also converts a ' +
      'time of day between cities and time zones, and says what time it is there, with offsets and summer time.',
    categories: ['calculation', 'time'],
    tags: [
      'unit conversion',
      'convert',
      'miles',
      'kilometres',
      'kilograms',
      'celsius',
      'time zone',
      'what time is it',
    ],
    pricing_summary: { type: 'per_action', from_usdc: '0.01' },
  },
  {
    slug: 'qr-maker',
    name: 'Squareprint',
    description:
      'Makes a QR code from a link or a short text, as an SVG picture that phones scan. ' +
      'Slow on purpose, to show how that looks: each answer takes three seconds.',
    categories: ['pictures'],
    tags: ['qr code', 'barcode', 'svg', 'picture', 'link', 'url', 'slow on purpose'],
    pricing_summary: { type: 'per_action', from_usdc: '0.02' },
  },
  {
    slug: 'checker',
    name: 'Bracewise',
    description:
      'Checks JSON and says where the first syntax error is and why, checks JSON against a JSON Schema, and tests ' +
      'a regular expression (regex) on a text with all matches and groups. ' +
      'Fails on purpose, to show how that looks: every third call gets HTTP 503, and its retry succeeds.',
    categories: ['developer tools'],
    tags: [
      'json',
      'json schema',
      'validate',
      'syntax error',
      'regex',
      'regular expression',
      'fails on purpose',
    ],
    pricing_summary: { type: 'per_action', from_usdc: '0.03' },
  },
  {
    slug: 'newsletter-sender',
    name: 'Fairpost',
    description:
      'Sends a newsletter by e-mail to a list of recipients. Of risk R2, since a sent mail cannot be called back: ' +
      'a person confirms it first. On this machine all mail goes to the development mailbox.',
    categories: ['mail'],
    tags: ['newsletter', 'email', 'mailing', 'send mail', 'announcement'],
    pricing_summary: { type: 'per_action', from_usdc: '0.10' },
  },
] as const;

export type DemoAgentSlug = (typeof DEMO_AGENTS)[number]['slug'];
