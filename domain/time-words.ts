/** A moment as people read it: `day` for a deadline (Saturday 21 November 2026, 02:05), `short` beside a step (21 Nov, 02:05). */
export type TimeStyle = 'day' | 'short';

const DATES = {
  day: { weekday: 'long', day: 'numeric', month: 'long', year: 'numeric' },
  short: { day: 'numeric', month: 'short' },
} as const;

/** Without a time zone, in that of this machine. */
export function timeInWords(iso: string, style: TimeStyle, timeZone?: string): string {
  const zone = timeZone === undefined ? {} : { timeZone };
  const at = new Date(iso);
  const date = new Intl.DateTimeFormat('en-GB', { ...DATES[style], ...zone }).format(at);
  const clock = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', ...zone }).format(at);
  return `${date.replace(',', '')}, ${clock}`;
}

/** Europe/Stockholm is “Stockholm time”. */
export function zoneInWords(timeZone: string): string {
  const place = timeZone.split('/').at(-1) ?? timeZone;
  return /^(UTC|GMT|UCT|Zulu|Universal)$/.test(place) ? 'UTC' : `${place.replaceAll('_', ' ')} time`;
}

/** 11 h 32 min, 4 min */
export function spanInWords(ms: number): string {
  const minutes = Math.max(0, Math.floor(ms / 60_000));
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
