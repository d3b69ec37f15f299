import type { Config } from '../infrastructure/config-schema.js';
import type { Logger } from '../infrastructure/logger.js';
import type { PasswordHasher } from '../infrastructure/password-hash.js';
import type { SecretBox } from '../infrastructure/secret-box.js';
import type { AuditParty } from '../persistence/collections/events.js';
import type { Store } from '../persistence/store.js';
import type { Turns } from '../infrastructure/turns.js';
import type { Clock } from '../shared/clock.js';
import type { Services } from '../shared/services.js';
import type { RenderedUsers } from './rendered-user.js';

/** What every domain function works with; made once by `app.ts` and handed down. */
export interface Core {
  readonly config: Config;
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Logger;
  readonly secretBox: SecretBox;
  readonly passwords: PasswordHasher;
  readonly renderedUsers: RenderedUsers;
  readonly turns: Turns;
  readonly services: Services;
}

/** Who asks for a change, as the audit trail names them, and from where. */
export interface Actor {
  readonly party: AuditParty & {
    type: 'user' | 'api_key' | 'scim' | 'system' | 'operator' | 'setup_link' | 'anonymous';
  };
  readonly tenantId: string;
  /** Of an API key: the id of the user who made it, and whose self rules it is under; absent or null: no user did. */
  readonly makerId?: string | null;
  /** Management permissions (`users.read`, ...); a directory's token has none of them: it is not a person. */
  readonly permissions: ReadonlySet<string>;
  /** The directory whose token this is; null for all others. */
  readonly directoryId: string | null;
  readonly requestId: string | null;
  readonly ip: string | null;
}
