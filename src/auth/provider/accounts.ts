import type { Account, FindAccount, Grant, KoaContextWithOIDC } from 'oidc-provider';
import { requiredConnectionOf } from '../../identity/sso/company-sign-in.js';
import type { Core } from '../../identity/core.js';
import { readClaims, type ApplicationClaim } from '../../identity/applications/claims.js';
import { userSchemaOf } from '../../identity/tenants/schemas.js';
import { reachOf } from '../../identity/tenants/server-applications.js';
import type { Reach } from '../../persistence/collections/applications.js';
import {
  claimsFor,
  findAccountAccess,
  type AccountAccess,
  type AskingApplication,
} from './account-access.js';
import { asksForGroups } from './claims.js';
import { groupNamesOf } from './group-names.js';
import { liveSessionOf } from './live-session.js';
import { isMeant, organizationOf } from './organization.js';
import { withConfiguredClaims } from './own-claims.js';
import { askedOf, grantAsked, isGranted } from './asked.js';
import { consentOf } from '../../identity/applications/consents.js';

/** The application that asks; see `clients.ts`. */
export function applicationOf(client: Record<string, unknown> | undefined): AskingApplication {
  return {
    _id: String(client?.['application_id']),
    tenantId: String(client?.['tenant_id']),
    key: String(client?.['application_key']),
    servedTenants: (client?.['served_tenants'] ?? []) as Reach,
    claims: (client?.['application_claims'] ?? []) as ApplicationClaim[],
  };
}

function toAccount(core: Core, application: AskingApplication, access: AccountAccess): Account {
  const { user, config } = access;
  return {
    accountId: user._id,
    access,
    async claims(_use, scope, claims) {
      const groups = asksForGroups(scope, claims) ? await groupNamesOf(core, user) : undefined;
      const own = readClaims(userSchemaOf(core, config), application.claims ?? [], user);
      return withConfiguredClaims(claimsFor(core, application.key, access, groups), own);
    },
  };
}

/** Whether a session may serve the request: it belongs to the tenant that the request names. */
async function isOfOrganization(
  core: Core,
  { oidc }: KoaContextWithOIDC,
  application: AskingApplication,
  tenantId: string,
): Promise<boolean> {
  const named = oidc.params?.['organization'];
  return isMeant(await organizationOf(core, reachOf(application), named), tenantId);
}

/** Whether a sign-in by password would not be possible any more: the company has since made its own provider required. */
async function mustSignInElsewhere(core: Core, { user, session }: AccountAccess): Promise<boolean> {
  return session.method !== 'sso' && (await requiredConnectionOf(core, user)) !== undefined;
}

/**
 * The person of a token, a code or the browser's session; undefined refuses it. At the authorization endpoint (no token) the browser's
 * own live session counts, if the application serves its tenant and the request names that tenant or none. Otherwise the person is asked
 * to sign in. Whether the tenant lets them use the application is decided by the policy (`policy.ts`).
 */
export function accountFinder(core: Core): FindAccount {
  return async (ctx, accountId, token) => {
    const application = applicationOf(ctx.oidc.client);
    const sessionId = token
      ? (token as { sid?: string }).sid
      : (await liveSessionOf(core, ctx.req))?.session._id;
    if (sessionId === undefined) return undefined;
    const use = token && token.kind !== 'AuthorizationCode' ? 'continue' : 'begin';
    const access = await findAccountAccess(core, application, { userId: accountId, sessionId, use });
    if (!access) return undefined;
    if (token) return access.isAllowed ? toAccount(core, application, access) : undefined;
    if (!(await isOfOrganization(core, ctx, application, access.user.tenantId))) return undefined;
    if (await mustSignInElsewhere(core, access)) return undefined;
    return toAccount(core, application, access);
  };
}

/**
 * The consent of registered applications: given, but for those of third parties, where each person's own counts. One grant for each application and browser session, holding whatever was asked for;
 * it carries the session's id, so that a session's end finds it.
 */
export async function loadGrant(core: Core, ctx: KoaContextWithOIDC): Promise<Grant | undefined> {
  const { client, session, account, provider } = ctx.oidc;
  const live = await liveSessionOf(core, ctx.req);
  if (!client || !session || !account || !live) return undefined;
  session.sidFor(client.clientId, live.session._id);
  const knownId = session.grantIdFor(client.clientId);
  const known = knownId === undefined ? undefined : await provider.Grant.find<Grant>(knownId);
  const grant =
    known ??
    Object.assign(new provider.Grant({ accountId: account.accountId, clientId: client.clientId }), {
      sid: live.session._id,
    });
  const isAsking = client['is_third_party'] === true;
  const consent = isAsking ? await consentOf(core, live.user, String(client['application_id'])) : undefined;
  const asked = askedOf(ctx, isAsking ? new Set(consent?.granted) : undefined);
  if (!known || !isGranted(grant, asked)) {
    grantAsked(grant, asked);
    await grant.save();
  }
  return grant;
}
