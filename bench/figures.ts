import { cpus, loadavg } from 'node:os';

/** One measured number and the most it may be; without a bound it is there to be read. */
export interface Figure {
  what: string;
  measured: number;
  bound?: number;
  show: (value: number) => string;
}

export const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;
export const millis = (ms: number): string => `${ms.toFixed(1)} ms`;
export const megabytes = (bytes: number): string => `${Math.round(bytes / 1e6)} MB`;
export const percent = (share: number): string => `${(share * 100).toFixed(1)} %`;
export const times = (ratio: number): string => `${ratio.toFixed(2)} ×`;
export const whole = (count: number): string => String(Math.round(count));

/** The value that this share of all is not above: 0.5 for the median. */
export function quantile(values: number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN;
}
export const median = (values: number[]): number => quantile(values, 0.5);

/** Figures as a table, under the machine they were taken on: the load says whether it was quiet. */
export function printFigures(figures: Figure[], loadBefore: number): void {
  const machine = `Node ${process.version}, ${process.platform}, ${cpus().length} cores`;
  const after = loadavg()[0] ?? 0;
  console.log(`\n${machine}, load before the run ${loadBefore.toFixed(1)}, after it ${after.toFixed(1)}\n`);
  console.log('| What | Measured | Bound | |\n|---|---|---|---|');
  for (const { what, measured, bound, show } of figures) {
    const verdict = bound === undefined ? '' : measured <= bound ? 'met' : 'not met';
    console.log(`| ${what} | ${show(measured)} | ${bound === undefined ? '' : show(bound)} | ${verdict} |`);
  }
}

/** Runs a program that prints figures; what it throws is said and is its exit code. */
export function runBench(measure: () => Promise<Figure[]>): void {
  const loadBefore = loadavg()[0] ?? 0;
  measure().then(
    (figures) => {
      printFigures(figures, loadBefore);
      process.exit(0);
    },
    (error: unknown) => {
      console.error(error);
      process.exit(1);
    },
  );
}
