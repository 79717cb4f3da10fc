import { DateTime } from 'luxon';
import { z } from 'zod';
import { Refusal, defineAction } from '../action';
import { zoneOf } from './zones';

const Zone = z.string().trim().min(1).max(60);
const Moment = z.object({
  zone: z.string().describe('The IANA name of the time zone'),
  local: z.string().describe('Date and time of day there'),
  offset: z.string().describe('Hours and minutes ahead of UTC'),
  daylight_saving: z.boolean().describe('Whether daylight-saving (summer) time is in force there then'),
});
type Moment = z.infer<typeof Moment>;

export const convertTime = defineAction({
  name: 'convert_time',
  description:
    'Says what a time of day in one city or time zone is in another, with UTC offsets and daylight-saving ' +
    '(summer) time on that date. Knows the IANA zones, and large cities by name.',
  price: '0.01',
  input: z.object({
    time: z
      .string()
      .max(12)
      .regex(/^\d{1,2}(?::\d{2})?\s?(?:[AaPp]\.?[Mm]\.?)?$/, 'must be a time of day such as 15:00 or 3 pm')
      .describe('The time of day that is to be converted, such as 15:00 or 3 pm'),
    from_zone: Zone.describe('The city or time zone where that time is meant: Berlin, America/New_York'),
    to_zone: Zone.describe('The city or time zone whose time is wanted: Tokyo, UTC'),
    date: z.iso.date().optional().describe('The day in the first zone, as 2026-03-29; today when left out'),
  }),
  output: z.object({
    summary: z.string().describe('The answer in one sentence'),
    from: Moment,
    to: Moment,
    hours_ahead: z.number().describe('How far the second zone is ahead of the first; negative when behind'),
    note: z.string().nullable().describe('What is odd about this time, such as a clock change'),
  }),
  run: ({ time, from_zone, to_zone, date }) => {
    const [from, to] = [known('from_zone', from_zone), known('to_zone', to_zone)];
    const { hour, minute } = timeOfDay(time);
    const day = date === undefined ? DateTime.now().setZone(from) : DateTime.fromISO(date, { zone: from });
    if (!day.isValid) throw new Refusal('no_such_date', 'date: is no day of the calendar');
    const asked = day.set({ hour, minute, second: 0, millisecond: 0 });
    const there = asked.setZone(to);
    return {
      summary: `${said(asked, from_zone)} is ${said(there, to_zone)}${dayWords(asked, there)}.`,
      from: momentOf(asked),
      to: momentOf(there),
      hours_ahead: (there.offset - asked.offset) / 60,
      note: oddity(asked, { hour, minute }),
    };
  },
});

export const currentTime = defineAction({
  name: 'current_time',
  description:
    'Says what time it is now in a city or time zone, with the UTC offset and whether daylight-saving (summer) ' +
    'time is in force.',
  price: '0.01',
  input: z.object({ zone: Zone.describe('The city or time zone whose clock is asked for: Tokyo, UTC') }),
  output: z.object({ summary: z.string().describe('The answer in one sentence'), now: Moment }),
  run: ({ zone }) => {
    const now = DateTime.now().setZone(known('zone', zone));
    return { summary: `It is ${said(now, zone)} now, on ${now.toISODate()}.`, now: momentOf(now) };
  },
});

function known(field: string, text: string): string {
  const place = zoneOf(text);
  if (place.zone === null) throw new Refusal('zone_unknown', `${field}: ${place.reason}`);
  return place.zone;
}

function timeOfDay(text: string): { hour: number; minute: number } {
  const parts = /^(\d{1,2})(?::(\d{2}))?\s?(?:([ap])\.?m\.?)?$/i.exec(text);
  const hour = Number(parts?.[1]);
  const minute = Number(parts?.[2] ?? 0);
  const half = parts?.[3]?.toLowerCase();
  const fits = half === undefined ? hour <= 23 : hour >= 1 && hour <= 12;
  if (!fits || minute > 59) throw new Refusal('no_such_time', `time: “${text}” is no time of day`);
  return { hour: half === undefined ? hour : (hour % 12) + (half === 'p' ? 12 : 0), minute };
}

function momentOf(moment: DateTime): Moment {
  return {
    zone: moment.zoneName ?? '',
    local: moment.toFormat('yyyy-MM-dd HH:mm'),
    offset: `UTC${moment.toFormat('ZZ')}`,
    daylight_saving: moment.isInDST,
  };
}

const said = (moment: DateTime, place: string): string =>
  `${moment.toFormat('HH:mm')} in ${place} (UTC${moment.toFormat('ZZ')}${moment.isInDST ? ', daylight-saving time' : ''})`;

function dayWords(from: DateTime, to: DateTime): string {
  const [here, there] = [from.toISODate() ?? '', to.toISODate() ?? ''];
  return here === there ? '' : there > here ? ' on the next day' : ' on the day before';
}

/** A clock that goes forward skips an hour, one that goes back has it twice. */
function oddity(moment: DateTime, wanted: { hour: number; minute: number }): string | null {
  if (moment.hour !== wanted.hour || moment.minute !== wanted.minute) {
    return `The clock goes forward in ${moment.zoneName} on that day and skips this time; ${moment.toFormat('HH:mm')} is meant.`;
  }
  const offsets = moment.getPossibleOffsets();
  if (offsets.length < 2) return null;
  const taken = moment.toFormat('ZZ');
  return `The clock goes back in ${moment.zoneName} on that day, so this time comes twice; the one at UTC${taken} is meant.`;
}
