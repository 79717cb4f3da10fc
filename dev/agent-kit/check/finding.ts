import { describe } from './exchange';
import type { Exchange } from './exchange';
import { plainLine } from '../terminal';

/** What became of one rule of the contract. */
export type Finding =
  | { rule: string; verdict: 'kept'; came: string }
  | { rule: string; verdict: 'broken'; sent: string; came: string; todo: string }
  | { rule: string; verdict: 'unchecked'; why: string };

/** A rule held against one exchange: it is kept, or this is to be done. */
export function judge(
  rule: string,
  exchange: Exchange,
  { kept, todo, came = describe(exchange) }: { kept: boolean; todo: string; came?: string },
): Finding {
  if (kept) return { rule, verdict: 'kept', came };
  // An agent that ends in the middle of a call says why where nobody here can read it.
  const more = exchange.isCut
    ? ' Look at the output of the agent itself: it may have ended in this call.'
    : '';
  return { rule, verdict: 'broken', sent: exchange.sent, came, todo: `${todo}${more}` };
}

export const unchecked = (rule: string, why: string): Finding => ({ rule, verdict: 'unchecked', why });

export const isBroken = ({ verdict }: Finding): boolean => verdict === 'broken';

/** Each rule in a line; under a broken one what was sent, what came, and what to do. */
export function report(findings: Finding[]): string {
  const lines = findings.flatMap((finding) => {
    switch (finding.verdict) {
      case 'kept':
        return [`  ✓ ${finding.rule}`];
      case 'unchecked':
        return [`  – ${finding.rule} (not checked: ${plainLine(finding.why)})`];
      case 'broken':
        return [
          `  ✗ ${finding.rule}`,
          `      sent  ${plainLine(finding.sent)}`,
          `      came  ${plainLine(finding.came)}`,
          `      do    ${plainLine(finding.todo)}`,
        ];
    }
  });
  const count = (verdict: Finding['verdict']): number =>
    findings.filter((finding) => finding.verdict === verdict).length;
  const end = `${count('kept')} kept, ${count('broken')} broken, ${count('unchecked')} not checked.`;
  return [...lines, '', end].join('\n');
}
