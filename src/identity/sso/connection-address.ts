import type { SsoConnectionDocument } from '../../persistence/collections/sso-connections.js';
import type { Core } from '../core.js';

/** Ids are UUIDs: a key of that form could stand in another connection's addresses. */
const idForm = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const keyForm = /^[a-z0-9-]{3,64}$/;

/** Why a text cannot be a connection's key, in words; undefined: it can. */
export function connectionKeyFault(key: string): string | undefined {
  if (!keyForm.test(key)) return 'must be 3 to 64 lower-case letters, digits and hyphens';
  return idForm.test(key) ? 'must not have the form of an id' : undefined;
}

/** What stands for a connection in its addresses: its key, else its id. */
export function connectionAddress({ key, _id }: Pick<SsoConnectionDocument, 'key' | '_id'>): string {
  return key ?? _id;
}

/**
 * Where a company's provider sends the browser back. Each connection has an address of its own, so that no provider is told an answer
 * of another (RFC 9700 section 4.4).
 *
 * @param address - what {@link connectionAddress} gives.
 */
export function callbackUrl(baseUrl: string, address: string): string {
  return `${baseUrl}/sso/${address}/callback`;
}

/**
 * Where a company's provider ends a person's sessions; also the `aud` of the JWT it proves itself by.
 *
 * @param address - what {@link connectionAddress} gives, or the connection's id.
 */
export function revokeUrl(baseUrl: string, address: string): string {
  return `${baseUrl}/sso/${address}/revoke`;
}

/** Where a connection's provider reads the public keys we show it who we are by (RFC 7523). */
export function clientKeysUrl(baseUrl: string, address: string): string {
  return `${baseUrl}/sso/${address}/jwks`;
}

/** The connection an address of ours speaks of, by its key or its id, whoever's it is and whatever its mode. */
export function findConnectionByAddress(
  core: Core,
  address: string,
): Promise<SsoConnectionDocument | undefined> {
  const connections = core.store.server.collection('sso_connections');
  return connections.findOne(idForm.test(address) ? { _id: address } : { key: address });
}

/** Where a SAML provider posts its answers: the connection's assertion consumer service. */
export function acsUrl(baseUrl: string, address: string): string {
  return `${baseUrl}/sso/${address}/acs`;
}

/** Where a SAML provider sends the messages of single logout. */
export function sloUrl(baseUrl: string, address: string): string {
  return `${baseUrl}/sso/${address}/slo`;
}

/** Where our own SAML metadata are, which is the entity id they are under. */
export function samlEntityId(baseUrl: string, address: string): string {
  return `${baseUrl}/sso/${address}/metadata`;
}
