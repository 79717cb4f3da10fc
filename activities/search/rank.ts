import type { ServiceAgent } from '../../db/agents';

/** Right pairs of the bundled encoder lie near 0.42, wrong ones near 0.11; below this nobody fits. */
const FLOOR = 0.2;

/** Agents by the cosine of their vectors with the wish (unit vectors, so a dot product), best first. */
export function rank(
  wish: number[],
  agents: ServiceAgent[],
  vectors: Map<string, number[]>,
): { agent: ServiceAgent; score: number }[] {
  return agents
    .map((agent) => ({ agent, score: dot(wish, vectors.get(agent.id) ?? []) }))
    .filter(({ score }) => score >= FLOOR)
    .sort((a, b) => b.score - a.score || a.agent.id.localeCompare(b.agent.id));
}

const dot = (a: number[], b: number[]): number =>
  a.reduce((sum, value, index) => sum + value * (b[index] ?? 0), 0);
