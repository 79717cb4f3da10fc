import type { CutsPlan, CutsResult } from './cuts';

/** Every client of every chat has the log: each row once, in order, none missing. */
export function expectWhole({ chats }: CutsResult, { turnsOfAChat }: CutsPlan): void {
  for (const { log, seen, acknowledged, turnsEnded } of chats) {
    const seqs = (rows: string[]): number[] => rows.map((row) => Number(row.split(' ')[0]));
    expect(seqs(log)).toEqual(log.map((_, index) => index + 1));
    for (const rows of seen) expect(rows).toEqual(log);
    expect(seqs(log.filter((row) => row.includes(' USER_MESSAGE ')))).toEqual(acknowledged);
    expect(acknowledged).toHaveLength(turnsOfAChat);
    expect(turnsEnded).toBe(turnsOfAChat);
  }
}
