import fc from 'fast-check';
import { UNITS } from '../../dev/agents/converter/unit-table';
import { unitOf } from '../../dev/agents/converter/units';
import { unitConverter } from '../../dev/agents/converter/unit-converter';
import { askAgent } from './ask';

const convert = (value: number, from_unit: string, to_unit: string) =>
  askAgent(unitConverter, 'convert_units', { value, from_unit, to_unit });
const timeAt = (args: Record<string, unknown>) => askAgent(unitConverter, 'convert_time', args);

test.each([
  [5, 'miles', 'km', '8.04672', true],
  [1, 'pound', 'kg', '0.45359237', true],
  [100, '°C', '°F', '212', true],
  [-40, 'fahrenheit', 'celsius', '-40', true],
  [0, 'K', 'degrees Celsius', '-273.15', true],
  [1, 'US gallon', 'litres', '3.785411784', true],
  [2, 'cups', 'ml', '473.176473', true],
  [1, 'acre', 'm2', '4046.8564224', true],
  [90, 'km/h', 'metres per second', '25', true],
  [60, 'miles per hour', 'kph', '96.56064', true],
  [1, 'GiB', 'MB', '1073.741824', true],
  [1, 'kWh', 'MJ', '3.6', true],
  [1, 'atm', 'hPa', '1013.25', true],
  [0.1, 'm', 'cm', '10', true],
  [1, 'km', 'mile', '0.621371192237334', false],
  [1, 'foot', 'yards', '0.333333333333333', false],
  [6, 'feet', 'inches', '72', true],
  [1e15, 'ly', 'nm', '9460730472580800000000000000000000000000', true],
  [3, 'days', 'hrs', '72', true],
])('%s %s are as many %s as the definitions say', async (value, ...[from, to, text, exact]) => {
  expect(await convert(value, from, to)).toMatchObject({ ok: true, output: { to: { text }, exact } });
});

test.each([
  ['kg', 'km', 'units_do_not_fit', 'kilogram measures mass and kilometre measures length'],
  ['parsnip', 'km', 'unit_unknown', '“parsnip” is no unit'],
  ['mb', 'kB', 'unit_in_doubt', 'Mbit (megabit) or MB (megabyte)'],
])('%s to %s is refused in words', async (from, to, ...[code, words]) => {
  expect(await convert(1, from, to)).toMatchObject({
    ok: false,
    error_code: code,
    error: expect.stringContaining(words) as unknown,
  });
});

test('nothing is colder than absolute zero', async () => {
  expect(await convert(-300, '°C', 'K')).toMatchObject({ ok: false, error_code: 'below_absolute_zero' });
});

test('every unit is known by its name, its plural and its symbol', () => {
  const strange = UNITS.filter(
    (unit) => ![unit.name, unit.symbol, unit.name.toUpperCase()].every((way) => unitOf(way).unit === unit),
  );
  expect(strange.map(({ name }) => name)).toEqual([]);
});

test('there and back again is where it began', async () => {
  const pair = fc.constantFrom(...UNITS).chain((unit) => {
    const same = UNITS.filter(({ quantity }) => quantity === unit.quantity);
    return fc.tuple(fc.constant(unit), fc.constantFrom(...same), fc.integer({ min: 1, max: 1_000_000 }));
  });
  await fc.assert(
    fc.asyncProperty(pair, async ([from, to, value]) => {
      const there = await convert(value, from.name, to.name);
      const { to: got } = there.ok ? (there.output as { to: { value: number } }) : { to: { value: NaN } };
      if (Math.abs(got.value) > 1e15) return;
      const back = await convert(got.value, to.name, from.name);
      const { to: end } = back.ok ? (back.output as { to: { value: number } }) : { to: { value: NaN } };
      expect(Math.abs(end.value - value) / value).toBeLessThan(1e-9);
    }),
  );
});

test('a time of day is told in another zone, with offset and summer time', async () => {
  const args = { time: '15:00', from_zone: 'Berlin', to_zone: 'Tokyo', date: '2026-07-01' };
  expect(await timeAt(args)).toMatchObject({
    ok: true,
    output: {
      summary: '15:00 in Berlin (UTC+02:00, daylight-saving time) is 22:00 in Tokyo (UTC+09:00).',
      from: { zone: 'Europe/Berlin', local: '2026-07-01 15:00', offset: 'UTC+02:00', daylight_saving: true },
      to: { zone: 'Asia/Tokyo', local: '2026-07-01 22:00', offset: 'UTC+09:00', daylight_saving: false },
      hours_ahead: 7,
      note: null,
    },
  });
});

test.each([
  ['3 pm', 'New York', 'London', '2026-01-15', '2026-01-15 20:00', 5],
  ['12:30 a.m.', 'San Francisco', 'Mumbai', '2026-01-15', '2026-01-15 14:00', 13.5],
  ['23:30', 'UTC', 'Asia/Kathmandu', '2026-01-15', '2026-01-16 05:15', 5.75],
  ['9', 'Sydney', 'PST', '2026-07-15', '2026-07-14 16:00', -17],
])('%s in %s is told for %s', async (time, ...[from_zone, to_zone, date, local, hours]) => {
  expect(await timeAt({ time, from_zone, to_zone, date })).toMatchObject({
    ok: true,
    output: { to: { local }, hours_ahead: hours },
  });
});

test('the hours that a clock change skips or repeats are named', async () => {
  const note = async (date: string) => {
    const answer = await timeAt({ time: '02:30', from_zone: 'Berlin', to_zone: 'UTC', date });
    return answer.ok ? answer.output['note'] : answer.error;
  };
  expect(await note('2026-03-29')).toContain('goes forward in Europe/Berlin');
  expect(await note('2026-10-25')).toContain('comes twice');
  expect(await note('2026-10-26')).toBeNull();
});

test.each([
  [{ time: '25:00' }, 'no_such_time'],
  [{ time: '13 pm' }, 'no_such_time'],
  [{ time: 'noonish' }, 'invalid_arguments'],
  [{ to_zone: 'Atlantis' }, 'zone_unknown'],
  [{ to_zone: 'IST' }, 'zone_unknown'],
])('a time that cannot be told is refused in words: %j', async (change, code) => {
  const args = { time: '15:00', from_zone: 'Berlin', to_zone: 'Tokyo', ...change };
  expect(await timeAt(args)).toMatchObject({ ok: false, error_code: code });
});

test('the time now is told for a city', async () => {
  const answer = await askAgent(unitConverter, 'current_time', { zone: 'Tokyo' });
  expect(answer).toMatchObject({ ok: true, output: { now: { zone: 'Asia/Tokyo', offset: 'UTC+09:00' } } });
});
