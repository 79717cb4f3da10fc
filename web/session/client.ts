import { createClient } from '../../sdk/client';
import { browserTokens } from './tokens';

/** The server that has sent this page. */
export const client = createClient({ baseUrl: '', tokens: browserTokens });
