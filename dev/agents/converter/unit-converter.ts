import type { DemoAgent } from '../action';
import { convertTime, currentTime } from './convert-time';
import { convertUnits } from './convert-units';

export const unitConverter: DemoAgent = {
  version: '1.0.0',
  message:
    'I am Evenscale. I convert units of measure with exact factors: use `convert_units` with a value and two ' +
    'units, by name or symbol. Use `convert_time` for a time of day in another city or time zone, and ' +
    '`current_time` for the time there now. Each action costs 0.01 USDC.',
  actions: [convertUnits, convertTime, currentTime],
};
