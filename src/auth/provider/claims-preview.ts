import { readClaims } from '../../identity/applications/claims.js';
import { mayUseApplication } from '../../identity/applications/access.js';
import type { Core } from '../../identity/core.js';
import { statusWithoutLock, type UserStatus } from '../../identity/grants/user-status.js';
import type { TenantConfig } from '../../identity/tenants/config.js';
import { userSchemaOf } from '../../identity/tenants/schemas.js';
import type { SessionDocument } from '../../persistence/collections/access.js';
import type { ApplicationDocument } from '../../persistence/collections/applications.js';
import type { UserDocument } from '../../persistence/collections/users.js';
import { claimsFor, mayHoldTokens } from './account-access.js';
import { groupNamesOf } from './group-names.js';

/** What an application would get of a person who signed in now. */
export interface ClaimsPreview {
  readonly status: UserStatus;
  /** Whether the person's status lets them sign in. */
  readonly maySignIn: boolean;
  /** Whether the tenant lets the person use the application. */
  readonly isAllowed: boolean;
  /** Of all scopes; without `amr` and `sid`, which belong to a sign-in. */
  readonly claims: Readonly<Record<string, unknown>>;
}

/** The claims of a person for an application, by the functions that fill its tokens. */
export async function previewClaims(
  core: Core,
  application: ApplicationDocument,
  user: UserDocument,
  config: TenantConfig,
): Promise<ClaimsPreview> {
  const session = { _id: '', amr: [] as readonly string[] } as SessionDocument;
  const groups = await groupNamesOf(core, user);
  const isAllowed = await mayUseApplication(core, application, user, config);
  const access = { user, session, config, isAllowed };
  const { amr: _amr, sid: _sid, ...claims } = claimsFor(core, application.key, access, groups);
  const own = readClaims(userSchemaOf(core, config), application.claims ?? [], user);
  const status = statusWithoutLock(user, config.settings, core.clock.now());
  return { status, maySignIn: mayHoldTokens(status, 'begin'), isAllowed, claims: { ...own, ...claims } };
}
