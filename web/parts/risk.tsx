const CELLS = { R0: 0, R1: 1, R2: 2, R3: 3 } as const;
const WORDS = { R0: 'only looks', R1: 'can be undone', R2: 'acts for you', R3: 'cannot be undone' } as const;
export type RiskLevel = keyof typeof CELLS;

/** Cells filled to the level, the level, and what it means. */
export function Risk({ level }: { level: RiskLevel }) {
  return (
    <span className={`risk ${level.toLowerCase()}`}>
      <span aria-hidden="true">
        {[1, 2, 3].map((at) => (
          <i key={at} className={at <= CELLS[level] ? 'on' : ''} />
        ))}
      </span>
      {level} <em>· {WORDS[level]}</em>
    </span>
  );
}
