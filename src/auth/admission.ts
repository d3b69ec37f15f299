import type { Core } from '../identity/core.js';
import { settingsOf, type Settings } from '../identity/tenants/settings.js';
import { isOpen } from '../identity/tenants/state.js';
import { needsCode, needsEnrolment } from '../identity/credentials/two-factor.js';
import { hasSecondFactor } from '../identity/users/second-factor.js';
import { isArmed } from '../identity/tenants/break-glass.js';
import { statusOf, type UserStatus } from '../identity/grants/user-status.js';
import type { TenantDocument } from '../persistence/collections/tenants.js';
import type { UserDocument } from '../persistence/collections/users.js';
import { unknownDevice, type KnownDevice } from './devices.js';
import { lockedFor } from './local/failure-places.js';

/** What decides at the door: the person's status, or `suspended` where their whole tenant is closed. */
export type EntryStatus = UserStatus | 'suspended';

/** Statuses a person may have a session in (B2): one who waits for approval may look, and has no roles. */
const admitted: ReadonlySet<EntryStatus> = new Set(['active', 'pending_approval']);

/** Whether a person in this status may have a session. */
export function mayEnter(status: EntryStatus): boolean {
  return admitted.has(status);
}

/** What decides whether somebody is let in, as it is at this moment. */
export interface Admission {
  user: UserDocument;
  tenant: TenantDocument;
  settings: Settings;
  status: EntryStatus;
  /** A password alone does not do. */
  needsCode: boolean;
  /** The tenant requires a second factor, and this person has none yet. Of no account for people their company signs in. */
  needsEnrolment: boolean;
}

/**
 * The one gate before every session that does not come straight from a judged password: reads the user's status again, the lock included, so
 * that what changed between two steps counts.
 *
 * @param device - where they sign in: a lock that strangers caused does not hold at a device of theirs.
 * @param known - the user as just read.
 * @returns undefined when the user is gone.
 */
export async function readAdmission(
  core: Core,
  tenantId: string,
  userId: string,
  device: KnownDevice = unknownDevice,
  known?: UserDocument,
): Promise<Admission | undefined> {
  const scope = core.store.tenant(tenantId);
  const [user, tenant, credential] = await Promise.all([
    known ?? scope.collection('users').get(userId),
    scope.collection('tenants').get(tenantId),
    scope.collection('credentials').get(userId),
  ]);
  if (!user || !tenant) return undefined;
  const settings = settingsOf(tenant);
  const personal = statusOf(
    user,
    settings,
    core.clock.now(),
    lockedFor(credential, settings, device.at(userId)),
  );
  const status = isOpen(tenant) ? personal : 'suspended';
  return {
    user,
    tenant,
    settings,
    status,
    needsCode:
      needsCode(credential, settings) ||
      (hasSecondFactor(credential) && isArmed(tenant, userId, core.clock.now())),
    needsEnrolment: needsEnrolment(credential, settings),
  };
}
