/** Order of day and month where a date has only numbers. */
export type DateOrder = 'dmy' | 'mdy';

export interface ParsedDate {
  /** Whole days since 1970-01-01, as the date is written; time of day and zone are not counted. */
  day: number;
  hasTime: boolean;
}

const TIME = String.raw`(?:[T ]+(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,]\d{1,9})?)?\s*([AaPp][Mm])?\s*(?:Z|[+-]\d{2}:?\d{2})?)?`;
const ISO = new RegExp(String.raw`^(\d{4})([-/.])(\d{1,2})\2(\d{1,2})${TIME}$`);
const NUMERIC = new RegExp(String.raw`^(\d{1,2})([-/.])(\d{1,2})\2(\d{4}|\d{2})${TIME}$`);
const DAY_NAME_FIRST = new RegExp(
  String.raw`^(\d{1,2})(?:st|nd|rd|th)?[ -]([A-Za-z]{3,9})\.?,?[ -](\d{4}|\d{2})${TIME}$`,
);
const MONTH_NAME_FIRST = new RegExp(
  String.raw`^([A-Za-z]{3,9})\.? (\d{1,2})(?:st|nd|rd|th)?,? (\d{4})${TIME}$`,
);
const MONTHS = [
  'january',
  'february',
  'march',
  'april',
  'may',
  'june',
  'july',
  'august',
  'september',
  'october',
  'november',
  'december',
];
const WEEKDAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];

export function parseDate(cell: string, order: DateOrder): ParsedDate | null {
  if (cell.length < 6 || cell.length > 40 || !/\d[-/. ,a-z]|[a-z.] \d/i.test(cell)) return null;
  const iso = ISO.exec(cell);
  if (iso !== null) return build(iso[1], iso[3], iso[4], iso.slice(5));
  const numeric = NUMERIC.exec(cell);
  if (numeric !== null) {
    const [day, month] = order === 'dmy' ? [numeric[1], numeric[3]] : [numeric[3], numeric[1]];
    return build(numeric[4], month, day, numeric.slice(5));
  }
  const dayFirst = DAY_NAME_FIRST.exec(cell);
  if (dayFirst !== null) return build(dayFirst[3], monthNumber(dayFirst[2]), dayFirst[1], dayFirst.slice(4));
  const monthFirst = MONTH_NAME_FIRST.exec(cell);
  if (monthFirst !== null)
    return build(monthFirst[3], monthNumber(monthFirst[1]), monthFirst[2], monthFirst.slice(4));
  return null;
}

/** `dmy` or `mdy` where the cell can be read in that way alone; null where it says nothing. */
export function orderEvidence(cell: string): DateOrder | 'either' | null {
  if (!NUMERIC.test(cell)) return null;
  const dmy = parseDate(cell, 'dmy');
  const mdy = parseDate(cell, 'mdy');
  if (dmy === null && mdy === null) return null;
  if (dmy === null) return 'mdy';
  if (mdy === null) return 'dmy';
  return dmy.day === mdy.day ? null : 'either';
}

export const isoDay = (day: number): string => new Date(day * 86_400_000).toISOString().slice(0, 10);
export const weekdayOf = (day: number): string => WEEKDAYS[(((day + 4) % 7) + 7) % 7] ?? '';

function monthNumber(name: string | undefined): string {
  const wanted = (name ?? '').toLowerCase();
  return String(
    MONTHS.findIndex(
      (month) =>
        month === wanted || month.slice(0, 3) === wanted || (wanted === 'sept' && month === 'september'),
    ) + 1,
  );
}

function build(
  ...[yearText, monthText, dayText, time]: [string?, string?, string?, (string | undefined)[]?]
): ParsedDate | null {
  const short = (yearText ?? '').length === 2;
  const year = Number(yearText) + (short ? (Number(yearText) < 70 ? 2000 : 1900) : 0);
  const month = Number(monthText);
  const date = new Date(Date.UTC(2000, month - 1, Number(dayText)));
  date.setUTCFullYear(year, month - 1, Number(dayText));
  const real =
    date.getUTCMonth() === month - 1 && date.getUTCDate() === Number(dayText) && month >= 1 && month <= 12;
  const [hours, minutes, seconds] = time ?? [];
  const onClock = Number(hours ?? 0) < 24 && Number(minutes ?? 0) < 60 && Number(seconds ?? 0) < 60;
  return real && onClock
    ? { day: Math.floor(date.getTime() / 86_400_000), hasTime: hours !== undefined }
    : null;
}
