import { createHash, randomBytes } from 'node:crypto';
import { acsUrl, connectionAddress, samlEntityId } from '../../identity/sso/connection-address.js';
import type { Core } from '../../identity/core.js';
import { hasProviderKey, type SamlConnection } from '../../identity/sso/saml/saml-settings.js';
import { judgeAssertion, type SamlAssertion } from './assertion.js';
import { readResponse, type ResponseDocument } from './response-document.js';
import { SamlRefused } from './saml-refused.js';
import { readSamlWord, type SamlWord } from './saml-word.js';
import { signedAssertion } from './service-provider.js';

/** A good answer of a provider. */
export interface JudgedAnswer {
  word: SamlWord;
  /** The request it answers; undefined: the provider began by itself. */
  requestId: string | undefined;
}

const requestSeal = 'saml-request';
const stateForm = /^gh\.[\w-]{32}$/;

/**
 * What a provider gives back with its answer (`RelayState`, at most 80 bytes). It follows from the request, so that an answer of a provider
 * that drops it is still matched.
 */
export function relayStateOf(requestId: string): string {
  return `gh.${createHash('sha256').update(requestId).digest('base64url').slice(0, 32)}`;
}

/** An id for an AuthnRequest that shows for which connection it was made. */
export function newRequestId(core: Core, connectionId: string): string {
  const random = `_${randomBytes(16).toString('hex')}`;
  return `${random}-${core.secretBox.sign(requestSeal, `${connectionId} ${random}`)}`;
}

function isRequestOf(core: Core, connectionId: string, id: string): boolean {
  const [, random = '', mac = ''] = /^(_[0-9a-f]{32})-([\w-]{43})$/.exec(id) ?? [];
  return random !== '' && core.secretBox.verify(requestSeal, `${connectionId} ${random}`, mac);
}

/** Both places that name the request have to name the same one, of ours: only the one inside the assertion is always signed. */
function requestOf(
  core: Core,
  connection: SamlConnection,
  { outer, inner, relayState }: { outer: string | undefined; inner: string | undefined; relayState: string },
): string | undefined {
  if (outer === undefined && inner === undefined) {
    // It has our own RelayState: its provider does not say which request it answers, and would be asked without end.
    if (stateForm.test(relayState)) throw new SamlRefused('in_response_to', 'no InResponseTo');
    return undefined;
  }
  if (inner === undefined || (outer !== undefined && outer !== inner))
    throw new SamlRefused('in_response_to', 'the response and the assertion name different requests');
  if (!isRequestOf(core, connection._id, inner))
    throw new SamlRefused('in_response_to', 'a request that was not made for this connection');
  return inner;
}

function requireAddressed(core: Core, connection: SamlConnection, document: ResponseDocument): string {
  const acs = acsUrl(core.config.baseUrl, connectionAddress(connection));
  const { destination, issuer, isResponseSigned } = document;
  if (destination === undefined ? isResponseSigned : destination !== acs)
    throw new SamlRefused('destination', `Destination ${(destination ?? 'missing').slice(0, 200)}`);
  if (issuer !== undefined && issuer.trim() !== connection.issuer)
    throw new SamlRefused('issuer', `Issuer ${issuer.slice(0, 200)}`);
  return acs;
}

/** Every process sees the same count, for as long as the assertion would be good. */
async function requireFirstUse(
  core: Core,
  connection: SamlConnection,
  { id, until }: SamlAssertion,
): Promise<void> {
  const name = core.secretBox.sign('saml-assertion', `${connection._id} ${connection.issuer} ${id}`);
  const { count } = await core.store.increment(`saml-assertion:${name}`, 1, until);
  if (count !== 1) throw new SamlRefused('replayed', `the assertion ${id.slice(0, 100)}`);
}

/**
 * Judges what was posted to a connection's assertion consumer service, in this order: its form, whom it is for, whose signature it has, what
 * the signed assertion says, which request it answers, and that it comes for the first time.
 *
 * @throws {@link SamlRefused}.
 */
export async function judgeAnswer(
  core: Core,
  connection: SamlConnection,
  { encoded, relayState }: { encoded: unknown; relayState: string },
): Promise<JudgedAnswer> {
  if (!hasProviderKey(connection)) throw new SamlRefused('provider_unknown', 'no certificate');
  if (typeof encoded !== 'string') throw new SamlRefused('malformed', 'no SAMLResponse');
  const document = readResponse(encoded);
  const acs = requireAddressed(core, connection, document);
  const xml = await signedAssertion(core, connection, document);
  const entityId = samlEntityId(core.config.baseUrl, connectionAddress(connection));
  const { issuer, saml } = connection;
  const assertion = judgeAssertion(xml, { issuer, entityId, acs, now: core.clock.now() });
  const { attributeMapping: mapping, subjectFrom } = saml;
  const word = readSamlWord(assertion, { issuer, mapping, subjectFrom });
  const places = { outer: document.inResponseTo, inner: assertion.inResponseTo, relayState };
  const requestId = requestOf(core, connection, places);
  await requireFirstUse(core, connection, assertion);
  return { word, requestId };
}
