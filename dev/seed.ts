/** What the demo needs in the database: the test user and the two listed agents. */
export interface SeedInput {
  databaseUrl: string;
  secret: string;
  agents: { name: string; base_url: string; orchestrator_key: string; signing_secret: string }[];
}

export function seed(_input: SeedInput): Promise<void> {
  return Promise.resolve();
}
