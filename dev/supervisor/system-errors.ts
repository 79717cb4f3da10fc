export const FULL = /ENOSPC|EDQUOT|No space left on device|Disk quota exceeded|disk is full|File too large/i;
const NO_RIGHT: Record<string, string> = {
  EACCES: 'this account may not',
  EPERM: 'this account may not',
  EROFS: 'its file system is read-only',
};

/** The code of an error of the system or of a server, whichever realm it is from; empty when it has none. */
export function codeOf(error: unknown): string | number {
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : '';
  return typeof code === 'string' || typeof code === 'number' ? code : '';
}

/** What went wrong, in a sentence that says what to do where the system's own words do not. */
export function inWords(error: unknown, dataDir: string): string {
  if (!(error instanceof Error)) return String(error);
  const { message } = error;
  if (FULL.test(message)) {
    return `${message}\n\nThe disk of ${dataDir} is full. Free some space and start again: what was saved is still there.`;
  }
  const { path } = error as NodeJS.ErrnoException;
  const why = NO_RIGHT[codeOf(error)];
  if (why === undefined || path === undefined) return message;
  return `${path} cannot be used (${why}: ${message}). Give this account the right to, or set MOORING_DATA_DIR to another folder.`;
}
