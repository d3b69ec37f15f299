import { personActor } from '../../identity/actors.js';
import type { Actor, Core } from '../../identity/core.js';
import type { OidcPayloadDocument } from '../../persistence/collections/access.js';
import type { ApplicationDocument } from '../../persistence/collections/applications.js';
import type { UserDocument } from '../../persistence/collections/users.js';
import { findAccountAccess } from './account-access.js';
import { findApplicationByClientId } from './clients.js';
import { payloadKey } from './payload-key.js';

/** A user speaking for themself through an application. */
export interface TokenAccess {
  user: UserDocument;
  application: ApplicationDocument;
  scopes: ReadonlySet<string>;
}

/**
 * The person of an access token of our OpenID provider, checked live: token and grant are not used up, the application is enabled, the
 * user's session and status are good. SCIM's `/Me` takes those with the scope `scim:me`.
 */
export async function findAccessToken(core: Core, token: string): Promise<TokenAccess | undefined> {
  const payloads = core.store.server.collection('oidc_payloads');
  const stored = await payloads.get(payloadKey('AccessToken', token));
  if (!stored || !isBearer(core, stored)) return undefined;
  const { accountId, clientId, sessionId, grantId } = stored;
  if (accountId === null || clientId === null || sessionId === null || grantId === null) return undefined;
  const [grant, application] = await Promise.all([
    payloads.get(payloadKey('Grant', grantId)),
    findApplicationByClientId(core, clientId),
  ]);
  if (!grant || !isAlive(core, grant) || !application) return undefined;
  const access = await findAccountAccess(core, application, {
    userId: accountId,
    sessionId,
    use: 'continue',
  });
  return access?.isAllowed ? { user: access.user, application, scopes: scopesOf(stored) } : undefined;
}

const payloadOf = ({ payload }: OidcPayloadDocument) =>
  JSON.parse(payload) as { scope?: string; jkt?: string };

/** Alive, and not bound to a key: a bound one needs its key's proof (RFC 9449 section 7.2), which is not looked at here. */
const isBearer = (core: Core, document: OidcPayloadDocument): boolean =>
  isAlive(core, document) && !('jkt' in payloadOf(document));

function scopesOf(document: OidcPayloadDocument): Set<string> {
  const { scope = '' } = payloadOf(document);
  return new Set(scope.split(' '));
}

/**
 * The same for SCIM's `/Me`: the person themself, without any permission their roles give them elsewhere.
 *
 * @returns undefined unless the token has the scope `scim:me`, and its application may have it.
 */
export async function findTokenOwner(
  core: Core,
  token: string,
  origin: { requestId: string; ip: string },
): Promise<{ tenantId: string; userId: string; actor: Actor } | undefined> {
  const found = await findAccessToken(core, token);
  if (!found?.scopes.has('scim:me') || found.application.allowScimMe !== true) return undefined;
  const { user } = found;
  return {
    tenantId: user.tenantId,
    userId: user._id,
    actor: personActor(user, origin),
  };
}

function isAlive(core: Core, document: OidcPayloadDocument): boolean {
  return document.expiresAt === null || document.expiresAt > core.clock.now();
}
