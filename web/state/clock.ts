const two = (value: number): string => String(value).padStart(2, '0');

/** 0:47, 12:05, 1:02:05 */
export function elapsed(ms: number): string {
  const seconds = Math.floor(Math.max(0, ms) / 1000);
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes}:${two(seconds % 60)}`;
  return `${Math.floor(minutes / 60)}:${two(minutes % 60)}:${two(seconds % 60)}`;
}

/** m:ss; from one hour on “11 h 32 min” */
export function remaining(ms: number): string {
  const minutes = Math.floor(ms / 60_000);
  return minutes < 60 ? elapsed(ms) : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** The same for ears: “9 minutes 13 seconds left” */
export function remainingWords(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const part = (count: number, unit: string): string => (count === 1 ? `1 ${unit}` : `${count} ${unit}s`);
  if (seconds < 60) return `${part(seconds, 'second')} left`;
  return `${part(Math.floor(seconds / 60), 'minute')} ${part(seconds % 60, 'second')} left`;
}

/** 14:32:20 of this machine's time zone */
export const timeOfDay = (iso: string): string => {
  const date = new Date(iso);
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
};

/** 23 Nov, 14:32:20 of this machine's time zone */
export const dayAndTime = (iso: string): string =>
  `${new Date(iso).toLocaleDateString('en-GB', { day: 'numeric', month: 'short' })}, ${timeOfDay(iso)}`;

export const hourMinute = (iso: string): string => timeOfDay(iso).slice(0, 5);

/** 14:32 of today, else 19 Nov; of another year with it. */
export function dayOrTime(iso: string, now: Date): string {
  const at = new Date(iso);
  if (at.toDateString() === now.toDateString()) return hourMinute(iso);
  const year = at.getFullYear() === now.getFullYear() ? {} : ({ year: 'numeric' } as const);
  return at.toLocaleDateString('en-GB', { day: 'numeric', month: 'short', ...year });
}

/** “November”, as the server counts months: in UTC */
export const monthName = (now: Date): string =>
  now.toLocaleDateString('en-GB', { month: 'long', timeZone: 'UTC' });
