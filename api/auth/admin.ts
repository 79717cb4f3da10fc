import type { User } from '../../db/users';
import { MooringError } from '../../domain/errors';
import type { Config } from '../../lib/config';

/** Who signs in with one click where that is open. */
export const TEST_EMAIL = 'test@mooring.local';

type AdminSettings = Pick<Config, 'MOORING_ENV' | 'MOORING_ADMIN_EMAILS'>;

/** Whether a person reviews listings. */
export const isAdmin = ({ MOORING_ENV, MOORING_ADMIN_EMAILS }: AdminSettings, { email }: User): boolean =>
  MOORING_ADMIN_EMAILS.includes(email) || (MOORING_ENV === 'development' && email === TEST_EMAIL);

export function requireAdmin(settings: AdminSettings, user: User): void {
  if (!isAdmin(settings, user))
    throw new MooringError('forbidden', 'Only those who review agents may do this.');
}
