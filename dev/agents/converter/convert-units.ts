import { z } from 'zod';
import { Refusal, defineAction } from '../action';
import { add, divide, fraction, inDigits, multiply, subtract } from './fraction';
import type { Fraction } from './fraction';
import { QUANTITIES, UNITS } from './unit-table';
import type { Unit } from './unit-table';
import { unitOf } from './units';

const DIGITS = 15;
const WRITTEN = 40;

const UnitName = z.string().trim().min(1).max(WRITTEN);
const Shown = z.object({ value: z.number(), text: z.string(), unit: z.string(), symbol: z.string() });

const Output = z.object({
  summary: z.string().describe('The conversion in one sentence'),
  quantity: z.enum(QUANTITIES),
  from: Shown,
  to: Shown,
  exact: z.boolean().describe(`False when the result was rounded to ${DIGITS} significant digits`),
});

export const convertUnits = defineAction({
  name: 'convert_units',
  description:
    'Converts a value from one unit of measure to another: length (miles, km, feet), mass (pounds, kg), ' +
    'temperature (Fahrenheit, Celsius), volume, area, speed, duration, data, energy, power and pressure. ' +
    'Factors are exact.',
  price: '0.01',
  input: z.object({
    value: z.number().min(-1e15).max(1e15).describe('How many of the first unit are to be converted'),
    from_unit: UnitName.describe('The unit of the value, by name or symbol: mile, km, °F, kWh, MiB'),
    to_unit: UnitName.describe('The unit that is wanted, by name or symbol: kilometre, lb, °C, cup'),
  }),
  output: Output,
  run: ({ value, from_unit, to_unit }) => {
    const from = known('from_unit', from_unit);
    const to = known('to_unit', to_unit);
    if (from.quantity !== to.quantity) {
      throw new Refusal(
        'units_do_not_fit',
        `${from.name} measures ${from.quantity} and ${to.name} measures ${to.quantity}: they cannot be converted`,
      );
    }
    const given = fraction(String(value));
    const result = convert(given, from, to);
    const { text, exact } = inDigits(result, DIGITS);
    const [before, after] = [shown(value, String(value), from), shown(Number(text), text, to)];
    const equals = exact ? 'is' : 'is about';
    return {
      summary: `${before.text} ${from.symbol} ${equals} ${after.text} ${to.symbol}.`,
      quantity: from.quantity,
      from: before,
      to: after,
      exact,
    };
  },
});

/** By way of the base unit of the quantity. */
function convert(value: Fraction, from: Unit, to: Unit): Fraction {
  const base = multiply(add(value, from.offset), from.factor);
  if (from.quantity === 'temperature' && base.top < 0n) {
    throw new Refusal('below_absolute_zero', 'value: lies below absolute zero, -273.15 °C');
  }
  return subtract(divide(base, to.factor), to.offset);
}

const shown = (value: number, text: string, { name, symbol }: Unit): z.infer<typeof Shown> => ({
  value,
  text,
  unit: name,
  symbol,
});

function known(field: string, text: string): Unit {
  const looked = unitOf(text);
  if (looked.unit !== null) return looked.unit;
  const ways = looked.doubt.map(({ name, symbol }) => `${symbol} (${name})`).join(' or ');
  if (ways !== '') throw new Refusal('unit_in_doubt', `${field}: “${text}” may be ${ways}`);
  const some = QUANTITIES.map((quantity) => {
    const names = UNITS.filter((unit) => unit.quantity === quantity).map(({ symbol }) => symbol);
    return `${quantity} (${names.slice(0, 4).join(', ')} …)`;
  });
  throw new Refusal(
    'unit_unknown',
    `${field}: “${text}” is no unit that is known here; known are ${some.join(', ')}`,
  );
}
