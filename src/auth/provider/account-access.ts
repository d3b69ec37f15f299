import type { Core } from '../../identity/core.js';
import { applicationAccess } from '../../identity/grants/effective-roles.js';
import { coversDomain } from '../../identity/domain-match.js';
import { parseEmail } from '../../identity/email.js';
import { mayUseApplication, type GuardedApplication } from '../../identity/applications/access.js';
import { findTenantConfig, type TenantConfig } from '../../identity/tenants/config.js';
import { isReached, reachOf } from '../../identity/tenants/server-applications.js';
import { accessOf } from '../../identity/grants/services.js';
import { addressKeyOf } from '../../identity/user-keys.js';
import { statusWithoutLock, type UserStatus } from '../../identity/grants/user-status.js';
import type { SessionDocument } from '../../persistence/collections/access.js';
import type { ApplicationDocument } from '../../persistence/collections/applications.js';
import type { UserDocument } from '../../persistence/collections/users.js';
import { isSessionOver } from '../session-guard.js';
import { documentsOf } from '../sign-in-scope.js';
import { buildClaims } from './claims.js';

/** The application that asks who a person is. */
export type AskingApplication = GuardedApplication & Pick<ApplicationDocument, 'key' | 'claims'>;

/** A user whose session may carry tokens. */
export interface AccountAccess {
  user: UserDocument;
  session: SessionDocument;
  config: TenantConfig;
  /** Whether the user's tenant lets the user use the application. */
  isAllowed: boolean;
}

/**
 * What a request is for: `begin` is a new authorization or the exchange of a code, `continue` the use of a token that is valid.
 */
export type AccessUse = 'begin' | 'continue';

const mayBegin: ReadonlySet<UserStatus> = new Set(['active', 'locked', 'pending_approval']);

/**
 * Whether a user of this status gets or keeps tokens, given a live session (requirements B2). A lockout stops sign-ins only. A disabled
 * user keeps what was begun until the session ends, where the tenant does not revoke at once (M1-6); what a revocation has stamped is
 * dead before this rule is asked.
 */
export function mayHoldTokens(status: UserStatus, use: AccessUse): boolean {
  return mayBegin.has(status) || (use === 'continue' && status === 'disabled');
}

/**
 * Finds a user with a live session, read from the store at every call: nothing issued outlives a sign-out, an idle or absolute end, a
 * deactivation or a deletion, whether or not the clean-up has run.
 *
 * The session says which tenant it is about: what was begun in one tenant never speaks of another.
 *
 * @param application - users of tenants it does not serve are not found.
 */
export async function findAccountAccess(
  core: Core,
  application: AskingApplication,
  { userId, sessionId, use }: { userId: string; sessionId: string; use: AccessUse },
): Promise<AccountAccess | undefined> {
  const reach = reachOf(application);
  const session = await documentsOf(core, reach).collection('sessions').get(sessionId);
  if (session?.userId !== userId || !isReached(reach, session.tenantId)) return undefined;
  const [user, config] = await Promise.all([
    core.store.tenant(session.tenantId).collection('users').get(userId),
    findTenantConfig(core, session.tenantId),
  ]);
  if (!user || !config) return undefined;
  const now = core.clock.now();
  const { settings, tenant } = config;
  if (await isSessionOver(core, { session, user, tenant, settings }, now)) return undefined;
  const status = statusWithoutLock(user, settings, now);
  if (!mayHoldTokens(status, use)) return undefined;
  return { user, session, config, isAllowed: await mayUseApplication(core, application, user, config) };
}

/**
 * Whether the address is proven to be the user's: a mailed link was opened, the company's provider or the operator says so, or a directory
 * sends it on a domain that its tenant has verified. A new address is not proven. Without this rule, people could take over accounts in
 * applications by an address that they only typed.
 */
export function isEmailVerified(
  user: UserDocument,
  { ssoDomains }: Pick<TenantConfig, 'ssoDomains'>,
): boolean {
  const key = addressKeyOf(user);
  if (user.activatedAt === null || key === null || user.movedAddress) return false;
  if (user.verifiedEmailKey === key) return true;
  const domain = user.directoryId === null ? undefined : parseEmail(key)?.domain;
  return domain !== undefined && coversDomain(ssoDomains, domain);
}

/**
 * The claims of one application, from what has just been read.
 *
 * @param groups - the names of the user's groups; absent: the application did not ask for them.
 */
export function claimsFor(
  core: Core,
  applicationKey: string,
  { user, session, config }: AccountAccess,
  groups?: readonly string[],
): ReturnType<typeof buildClaims> {
  const access = applicationAccess(user, applicationKey, config, core.clock.now());
  const { settings, tenant } = config;
  return buildClaims({
    user,
    tenant: { id: tenant._id, slug: tenant.slug, name: tenant.name },
    ...access,
    isEmailVerified: isEmailVerified(user, config),
    access: accessOf(user),
    approved: !settings['approval.required'] || user.approved,
    session: { id: session._id, amr: session.amr },
    groups,
  });
}
