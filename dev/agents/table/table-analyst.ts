import type { DemoAgent } from '../action';
import { outliers } from './outliers';
import { statistics } from './statistics';
import { types } from './types';

export const tableAnalyst: DemoAgent = {
  version: '1.0.0',
  message:
    'I am Tablewright. I read a pasted table. Use `types` to learn what each column holds, `statistics` for ' +
    'averages, medians, sums and ranges, and `outliers` to find unusual values with their rows. Send the whole ' +
    'table in `csv`, line breaks kept. All actions are free.',
  actions: [types, statistics, outliers],
};
