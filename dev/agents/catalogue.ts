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
] as const;

export type DemoAgentSlug = (typeof DEMO_AGENTS)[number]['slug'];
