import { getVerifiedXml } from '@node-saml/node-saml/lib/xml.js';
import { connectionAddress, samlEntityId, sloUrl } from '../../identity/sso/connection-address.js';
import type { Core } from '../../identity/core.js';
import { hasProviderKey, isSaml, type SamlConnection } from '../../identity/sso/saml/saml-settings.js';
import type { SessionDocument } from '../../persistence/collections/access.js';
import { hashToken } from '../../shared/ids.js';
import type { Visitor } from '../sessions.js';
import { endSessions, isFirstUse } from '../sso/provider-notice.js';
import {
  logoutRequestXml,
  logoutResponseXml,
  readLogoutRequest,
  readLogoutResponse,
  type LogoutParties,
  type LogoutRequest,
} from './logout-messages.js';
import { readRedirect, redirectUrl, type RedirectMessage } from './redirect-binding.js';
import { readPostedMessage } from './response-document.js';
import { newRequestId, relayStateOf } from './saml-answer.js';
import { SamlRefused } from './saml-refused.js';

/** A message as it came: by redirect, with the query as it is in the address, or by a posted form. */
export type LogoutInput = { rawQuery: string } | { form: Readonly<Record<string, unknown>> };

/** What becomes of the browser that brought a message. */
export type LogoutOutcome =
  | { kind: 'redirect'; url: string }
  /** `isComplete`: false where the provider did not end its own session; `target`: where the browser was going. */
  | { kind: 'page'; isComplete: boolean; target: string | undefined };

function partiesOf(core: Core, connection: SamlConnection): LogoutParties {
  const address = connectionAddress(connection);
  const { baseUrl } = core.config;
  return {
    issuer: connection.issuer,
    entityId: samlEntityId(baseUrl, address),
    slo: sloUrl(baseUrl, address),
    now: core.clock.now(),
  };
}

const leavingSeconds = 600;
const leavingKey = (requestId: string): string => `SamlLogout:${hashToken(requestId)}`;

/** Keeps where a browser continues once its provider has answered. */
async function keepLeaving(
  core: Core,
  requestId: string,
  leaving: { connectionId: string; target: string },
): Promise<void> {
  await core.store.server.collection('oidc_payloads').insert({
    _id: leavingKey(requestId),
    tenantId: 'server',
    payload: JSON.stringify(leaving),
    ...{ grantId: null, uid: null, accountId: null, clientId: null, sessionId: null, consumedAt: null },
    expiresAt: new Date(core.clock.now().getTime() + leavingSeconds * 1000),
  });
}

/** Takes it out, once; undefined: no request of ours to this provider, or long ago. */
async function takeLeaving(
  core: Core,
  requestId: string,
  connectionId: string,
): Promise<{ target: string } | undefined> {
  const payloads = core.store.server.collection('oidc_payloads');
  const stored = await payloads.get(leavingKey(requestId));
  if (!stored) return undefined;
  const leaving = JSON.parse(stored.payload) as { connectionId: string; target: string };
  if (leaving.connectionId !== connectionId || !(await payloads.remove(stored._id))) return undefined;
  return stored.expiresAt !== null && stored.expiresAt <= core.clock.now() ? undefined : leaving;
}

/**
 * Where a browser that signs out here signs out at its company's SAML provider as well.
 *
 * @param target - where it was going: an own path, or an address that was checked to be an application's.
 * @returns undefined where the session came another way, or the connection does not want it.
 */
export async function singleLogoutUrl(
  core: Core,
  session: SessionDocument,
  target: string,
): Promise<string | undefined> {
  const { connectionId, providerName: name, providerSid: sessionIndex, tenantId } = session;
  if (connectionId === null || !name) return undefined;
  const connection = await core.store.tenant(tenantId).collection('sso_connections').get(connectionId);
  if (!connection || !isSaml(connection) || connection.mode === 'off') return undefined;
  const { idpSloUrl: to, singleLogout } = connection.saml;
  if (singleLogout !== true || to === null) return undefined;
  const id = newRequestId(core, connection._id);
  await keepLeaving(core, id, { connectionId, target });
  const xml = logoutRequestXml({ id, to, name, sessionIndex }, partiesOf(core, connection));
  return redirectUrl(core, connection, { field: 'SAMLRequest', xml, to, relayState: relayStateOf(id) });
}

/** The bytes that the provider signed of a posted message. */
function signedMessage(connection: SamlConnection, encoded: string): string {
  const { root, xml } = readPostedMessage(encoded, ['LogoutRequest', 'LogoutResponse']);
  try {
    // Typed by the classes of browsers; it looks at what every DOM has.
    const verified = getVerifiedXml(xml, root, connection.saml.idpCertificates);
    if (verified !== null) return verified;
  } catch (error) {
    throw new SamlRefused('signature', error instanceof Error ? error.message.slice(0, 200) : 'not verified');
  }
  throw new SamlRefused('signature', 'not of a certificate of the connection');
}

function readInput(connection: SamlConnection, input: LogoutInput): RedirectMessage {
  if ('rawQuery' in input) return readRedirect(connection, input.rawQuery);
  const { RelayState: state, SAMLRequest: request, SAMLResponse: response } = input.form;
  const encoded = request ?? response;
  if (typeof encoded !== 'string' || (request !== undefined && response !== undefined))
    throw new SamlRefused('malformed', 'not one SAMLRequest or SAMLResponse');
  const field = request === undefined ? 'SAMLResponse' : 'SAMLRequest';
  const relayState = typeof state === 'string' ? state : '';
  return { field, relayState, xml: signedMessage(connection, encoded) };
}

/** By the person where the NameID is the key, by the provider's session, else by all that came through the connection. */
async function candidates(
  core: Core,
  { _id: connectionId, issuer, saml, tenantId }: SamlConnection,
  { nameId: subject, sessionIndexes }: LogoutRequest,
): Promise<SessionDocument[]> {
  const scope = core.store.tenant(tenantId);
  const sessions = scope.collection('sessions');
  if (saml.subjectFrom === 'nameId') {
    const identity = await scope.collection('identities').findOne({ connectionId, issuer, subject });
    return identity ? sessions.find({ userId: identity.userId }) : [];
  }
  if (sessionIndexes.length > 0) return sessions.find({ providerSid: { $in: sessionIndexes } });
  const found: SessionDocument[] = [];
  for await (const session of sessions.iterate({ connectionId })) found.push(session);
  return found;
}

async function sessionsOf(
  core: Core,
  connection: SamlConnection,
  request: LogoutRequest,
): Promise<SessionDocument[]> {
  const { nameId, sessionIndexes } = request;
  const isKey = connection.saml.subjectFrom === 'nameId';
  return (await candidates(core, connection, request)).filter(
    ({ connectionId, providerName, providerSid }) =>
      connectionId === connection._id &&
      (isKey || providerName?.value === nameId) &&
      (sessionIndexes.length === 0 || providerSid === null || sessionIndexes.includes(providerSid)),
  );
}

async function takeRequest(
  core: Core,
  connection: SamlConnection,
  { xml, relayState }: RedirectMessage,
  visitor: Visitor,
): Promise<LogoutOutcome> {
  const parties = partiesOf(core, connection);
  const request = readLogoutRequest(xml, parties);
  if (!(await isFirstUse(core, 'saml-logout', { issuer: connection.issuer, jti: request.id })))
    throw new SamlRefused('replayed', `the request ${request.id.slice(0, 100)}`);
  await endSessions(core, connection, await sessionsOf(core, connection, request), visitor);
  const to = connection.saml.idpSloUrl;
  if (to === null) return { kind: 'page', isComplete: true, target: undefined };
  const id = newRequestId(core, connection._id);
  const answer = logoutResponseXml({ id, to, inResponseTo: request.id }, parties);
  const message = { field: 'SAMLResponse' as const, xml: answer, to, relayState };
  return { kind: 'redirect', url: redirectUrl(core, connection, message) };
}

async function takeResponse(
  core: Core,
  connection: SamlConnection,
  { xml }: RedirectMessage,
): Promise<LogoutOutcome> {
  const { inResponseTo, isDone } = readLogoutResponse(xml, partiesOf(core, connection));
  const leaving = await takeLeaving(core, inResponseTo, connection._id);
  if (!leaving) throw new SamlRefused('in_response_to', 'no logout request of ours, or one of long ago');
  if (isDone) return { kind: 'redirect', url: leaving.target };
  return { kind: 'page', isComplete: false, target: leaving.target };
}

/**
 * Takes a message of a provider's single logout (SAML profiles section 4.4): its request ends the sessions here that it names, its answer
 * brings a browser back that signed out here. Only what a certificate of the connection has signed counts, once.
 *
 * @throws {@link SamlRefused}; nothing has ended then.
 */
export async function acceptLogoutMessage(
  core: Core,
  connection: SamlConnection,
  input: LogoutInput,
  visitor: Visitor,
): Promise<LogoutOutcome> {
  if (!hasProviderKey(connection)) throw new SamlRefused('provider_unknown', 'no certificate');
  const message = readInput(connection, input);
  if (message.field === 'SAMLRequest') return takeRequest(core, connection, message, visitor);
  return takeResponse(core, connection, message);
}
