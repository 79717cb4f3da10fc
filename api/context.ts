import type { Database } from '../db/database';
import type { Config } from '../lib/config';
import type { networkKeys } from '../lib/api-key';
import type { ApprovalLinks } from '../lib/approval-links';
import type { GuardedHttp } from '../lib/guarded-http';
import type { RateLimit } from '../lib/rate-limit';
import type { Seal } from '../lib/seal';
import type { Caller } from './auth/caller';
import type { Tokens } from './auth/tokens';
import type { WithKey } from './network/bad-keys';
import type { OneByOne } from './one-by-one';
import type { Origins } from './origin';
import type { Places } from './places';
import type { Watch } from './watch';

/** What the routes of one API share. */
export interface ApiContext {
  config: Config;
  db: Database;
  tokens: Tokens;
  caller: Caller;
  signedIn: Caller;
  origins: Origins;
  watch: Watch;
  /** of messages, by person and chat, over sockets and REST together */
  messageLimit: RateLimit;
  /** messages of a person to a chat */
  oneByOne: OneByOne;
  /** of sign-ins and refreshes, by address */
  signInLimit: RateLimit;
  /** of new chats, by person */
  sessionLimit: RateLimit;
  /** of new API keys, by person */
  keyLimit: RateLimit;
  /** of what a person does with the listings of agents */
  listingLimit: RateLimit;
  /** of looks at the listings of agents, by address */
  lookLimit: RateLimit;
  /** what agents' keys are stored under */
  seal: Seal;
  /** the way to addresses that agents have given */
  http: GuardedHttp;
  /** of what is done by links of mails, by address */
  approvalLimit: RateLimit;
  /** of what agents say later, by address */
  callbackLimit: RateLimit;
  /** by which people answer for their agents */
  links: ApprovalLinks;
  /** of the agents of the network */
  network: {
    keys: ReturnType<typeof networkKeys>;
    /** Keys that are not good are counted by address. */
    withKey: WithKey;
    /** of registrations, by address */
    registerLimit: RateLimit;
    /** by key, method and path */
    readLimit: RateLimit;
    writeLimit: RateLimit;
  };
  /** of long polls, by person */
  pollPlaces: Places;
  /** Aborted when the API drains: whoever waits is answered. */
  draining: AbortSignal;
}
