import type { GuardedResponse } from '../../lib/guarded-http';

/** 2xx is good; 408, 409, 425, 429, 3xx and 5xx are tried again; every other status is final. */
export function judgeStatus(status: number): 'good' | 'retry' | 'final' {
  if (status >= 200 && status < 300) return 'good';
  return status < 400 || status >= 500 || [408, 409, 425, 429].includes(status) ? 'retry' : 'final';
}

const MOST_SECONDS = 3_600;

/** How long an agent asks to be left alone, in seconds or until a date; null: it does not say. At most an hour. */
export function retryAfterMs({ headers }: GuardedResponse): number | null {
  const value = headers['retry-after'];
  if (typeof value !== 'string') return null;
  const seconds = /^\d{1,9}$/.test(value) ? Number(value) : (Date.parse(value) - Date.now()) / 1000;
  return Number.isNaN(seconds) ? null : Math.round(Math.min(Math.max(seconds, 0), MOST_SECONDS) * 1000);
}

/** The first KiB, cut between characters. */
export function head(text: string): string {
  return Buffer.from(text.replaceAll('\0', ''), 'utf8')
    .subarray(0, 1020)
    .toString('utf8')
    .replace(/\uFFFD$/, '');
}
