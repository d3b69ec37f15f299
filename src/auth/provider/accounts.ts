import type { Account, FindAccount, Grant, KoaContextWithOIDC } from 'oidc-provider';
import { requiredConnectionOf } from '../../identity/sso/company-sign-in.js';
import type { Core } from '../../identity/core.js';
import { claimsFor, findAccountAccess, type AccountAccess } from './account-access.js';
import { liveSessionOf } from './live-session.js';

/** The tenant and key of the application that asks; see `clients.ts`. */
export function applicationOf(client: Record<string, unknown> | undefined): {
  tenantId: string;
  key: string;
} {
  return { tenantId: String(client?.['tenant_id']), key: String(client?.['application_key']) };
}

function toAccount(core: Core, applicationKey: string, access: AccountAccess): Account {
  return {
    accountId: access.user._id,
    access,
    claims: () => claimsFor(core, applicationKey, access),
  };
}

/** Whether a sign-in by password would not be possible any more: the company has since made its own provider required. */
async function mustSignInElsewhere(core: Core, { user, session }: AccountAccess): Promise<boolean> {
  return session.method === 'password' && (await requiredConnectionOf(core, user)) !== undefined;
}

/**
 * Who a token, a code or the browser's session stands for; undefined refuses it. At the authorization endpoint (no token) only the
 * browser's own live session counts, and only for applications of the same tenant: everybody else is asked to sign in.
 */
export function accountFinder(core: Core): FindAccount {
  return async (ctx, accountId, token) => {
    const application = applicationOf(ctx.oidc.client);
    const sessionId = token
      ? (token as { sid?: string }).sid
      : (await liveSessionOf(core, ctx.req))?.session._id;
    if (sessionId === undefined) return undefined;
    const use = token && token.kind !== 'AuthorizationCode' ? 'continue' : 'begin';
    const access = await findAccountAccess(core, application.tenantId, { userId: accountId, sessionId, use });
    if (!access || (!token && (await mustSignInElsewhere(core, access)))) return undefined;
    return toAccount(core, application.key, access);
  };
}

/**
 * The consent of a tenant's own applications: given. One grant for each application and browser session, holding whatever was asked for;
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
  const [scopes, claims] = [[...ctx.oidc.requestParamOIDCScopes], [...ctx.oidc.requestParamClaims]];
  const held = { scopes: new Set(grant.getOIDCScope().split(' ')), claims: new Set(grant.getOIDCClaims()) };
  const isComplete =
    scopes.every((one) => held.scopes.has(one)) && claims.every((one) => held.claims.has(one));
  if (!known || !isComplete) {
    grant.addOIDCScope(scopes);
    if (claims.length > 0) grant.addOIDCClaims(claims);
    await grant.save();
  }
  return grant;
}
