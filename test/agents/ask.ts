import type { Answer, DemoAgent } from '../../dev/agents/action';

/** Lets an agent do one action, without its server. */
export async function askAgent(
  agent: DemoAgent,
  name: string,
  args: Record<string, unknown>,
): Promise<Answer> {
  const action = agent.actions.find(({ listing }) => listing.name === name);
  if (action === undefined) throw new Error(`no action ${name}`);
  return action.perform(args, { key: 'tsk_test' });
}
