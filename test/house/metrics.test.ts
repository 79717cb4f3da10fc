import { registry } from '../../lib/metrics';
import { all, read } from './files';

const PAGE = read('docs/metrics.md');

test('docs/metrics.md has every figure with its kind, labels and meaning, and no other', async () => {
  const wished = (await registry.getMetricsAsJSON()).map(({ name, type, help }) => {
    const { labelNames = [] } = registry.getSingleMetric(name) as unknown as { labelNames?: string[] };
    const labels = labelNames.map((label) => `\`${label}\``).join(', ');
    return `| \`${name}\` | ${String(type)} | ${labels} | ${help} |`;
  });
  expect(wished.length).toBeGreaterThan(20);
  expect(all(PAGE, /^(\| `mooring_.*\|)$/gm)).toEqual(wished);
});

test('figures are named by the conventions of Prometheus, and no label holds an id', async () => {
  const figures = await registry.getMetricsAsJSON();
  const bad = figures.filter(({ name, type }) => {
    if (!/^mooring_[a-z_]+$/.test(name) || /(_ms|_millis|_count|_bucket|_sum)$/.test(name)) return true;
    return (String(type) === 'counter') !== name.endsWith('_total');
  });
  expect(bad.map(({ name }) => name)).toEqual([]);
  const labels = figures.flatMap(
    ({ name }) => (registry.getSingleMetric(name) as unknown as { labelNames?: string[] }).labelNames ?? [],
  );
  expect(labels.filter((label) => /id$|user|session|email|agent$/.test(label))).toEqual([]);
});
