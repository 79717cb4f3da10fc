import { migrate } from '../../db/migrate';
import { seed } from '../seed';
import { agentsPart, modelPart, platformPart, postgresPart, temporalPart } from './parts';
import type { Machine } from './parts';
import { step, usesStandIn } from './report';
import type { Supervisor } from './supervisor';

/** Starts what is ours of the machine, side by side where it can be, and fills the database. */
export async function bringUp(machine: Machine, supervisor: Supervisor): Promise<void> {
  const { config, places } = machine;
  const database = async (): Promise<void> => {
    if (config.DATABASE_URL === undefined) {
      await step(
        () => supervisor.add(postgresPart(machine)),
        () => `PostgreSQL on port ${portOf(places.databaseUrl)}`,
      );
    }
    await step(
      () => migrate(places.databaseUrl),
      () => 'migrations',
    );
  };
  const temporal = async (): Promise<void> => {
    if (config.TEMPORAL_ADDRESS !== undefined) return;
    await step(
      () => supervisor.add(temporalPart(machine)),
      () => `Temporal on ${places.temporal}`,
    );
  };
  const model = async (): Promise<void> => {
    if (!usesStandIn(config)) return;
    await step(
      () => supervisor.add(modelPart(machine)),
      () => `stand-in model on port ${portOf(places.modelUrl)}`,
    );
  };
  const agents = (): Promise<void> =>
    step(
      () => supervisor.add(agentsPart(machine)),
      () => `demo agents: ${places.agents.map(named).join(', ')}`,
    );
  await Promise.all([database(), temporal(), model(), agents()]);
  await step(
    () => seedDemo(machine),
    () => 'demo data',
  );
  await step(
    () => supervisor.add(platformPart(machine)),
    () => `platform on port ${portOf(places.api)}`,
  );
}

export const seedDemo = ({ config, places, secret, agentKeys }: Machine): Promise<void> =>
  seed({
    databaseUrl: places.databaseUrl,
    region: config.MOORING_REGION,
    secret,
    agents: places.agents.flatMap((agent) => {
      const keys = agentKeys[agent.name];
      return keys === undefined ? [] : [{ ...agent, ...keys }];
    }),
  });

const portOf = (url = ''): string => (url === '' ? '' : new URL(url).port);
const named = ({ name, base_url }: { name: string; base_url: string }): string =>
  `${name} ${portOf(base_url)}`;
