/** Milliseconds from the workflow's own time to an absolute one; at least 1, so that a timer is a timer. */
export const millisUntil = (iso: string): number => Math.max(1, Date.parse(iso) - Date.now());
