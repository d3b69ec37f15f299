import * as client from 'openid-client';
import type { GuardedFetch } from '../../infrastructure/guarded-fetch.js';
import type { ClientKey, SsoConnectionDocument } from '../../persistence/collections/sso-connections.js';
import type { Core } from '../core.js';
import { openClientSecret, openPreviousSecret } from './client-credentials.js';
import { openClientKey } from './client-keys.js';

/** How a connection shows its provider who we are. */
export interface ClientAuthentication {
  secret: string | undefined;
  auth: client.ClientAuth;
  /** What is tried where the provider does not take it. */
  earlier: client.ClientAuth | undefined;
}

const oktaHosts = /\.(?:okta|oktapreview|okta-emea|okta-gov)\.com$/;

/** Okta asks for the endpoint in `aud`; the issuer, which is every other provider's, cannot be used at another one. */
function audienceOf({ issuer, token_endpoint: endpoint }: client.ServerMetadata): string {
  return oktaHosts.test(new URL(issuer).hostname) && endpoint !== undefined ? endpoint : issuer;
}

async function keyAuth(
  core: Core,
  key: ClientKey,
  server: client.ServerMetadata,
): Promise<client.ClientAuth> {
  const audience = audienceOf(server);
  return client.PrivateKeyJwt(await openClientKey(core, key), {
    [client.modifyAssertion]: (_header, payload) => {
      payload['aud'] = audience;
    },
  });
}

/**
 * In the body where the provider takes it there: many read the header without undoing its encoding (RFC 6749 section 2.3.1), and then a
 * secret with a hyphen is a wrong one.
 */
function secretAuth(
  secret: string,
  server: client.ServerMetadata,
  { clientAuthMethod }: SsoConnectionDocument,
): client.ClientAuth {
  const offered = server.token_endpoint_auth_methods_supported ?? ['client_secret_basic'];
  const isBasicAlone = offered.includes('client_secret_basic') && !offered.includes('client_secret_post');
  const method = clientAuthMethod ?? (isBasicAlone ? 'client_secret_basic' : 'client_secret_post');
  return method === 'client_secret_basic'
    ? client.ClientSecretBasic(secret)
    : client.ClientSecretPost(secret);
}

export async function clientAuthentication(
  core: Core,
  connection: SsoConnectionDocument,
  server: client.ServerMetadata,
): Promise<ClientAuthentication> {
  const { clientKeys } = connection;
  if (connection.clientAuthMethod === 'private_key_jwt' && clientKeys) {
    const auth = await keyAuth(core, clientKeys.current, server);
    const earlier = clientKeys.previous ? await keyAuth(core, clientKeys.previous, server) : undefined;
    return { secret: undefined, auth, earlier };
  }
  const secret = openClientSecret(core, connection) ?? undefined;
  if (secret === undefined) return { secret, auth: client.None(), earlier: undefined };
  const before = openPreviousSecret(core, connection);
  const earlier = before === undefined ? undefined : secretAuth(before, server, connection);
  return { secret, auth: secretAuth(secret, server, connection), earlier };
}

type AsyncClientAuth = (...parameters: Parameters<client.ClientAuth>) => Promise<void>;

const wrongClient = new Set(['invalid_client', 'unauthorized_client']);

async function isRefused(response: Response): Promise<boolean> {
  if (response.status === 401) return true;
  if (response.status !== 400) return false;
  const body: unknown = await response
    .clone()
    .json()
    .catch(() => undefined);
  return typeof body === 'object' && body !== null && 'error' in body && wrongClient.has(String(body.error));
}

/**
 * A `fetch` that asks the token endpoint once more, as the client it was before, where the provider does not take the present secret or key:
 * so neither side has to be changed at the same moment as the other.
 *
 * @param onTaken - called when the earlier one was taken.
 */
export function tryingEarlier(
  fetch: GuardedFetch,
  {
    clientId,
    server,
    earlier,
  }: { clientId: string; server: client.ServerMetadata; earlier: client.ClientAuth },
  onTaken: () => Promise<void>,
): GuardedFetch {
  return async (url, init) => {
    const response = await fetch(url, init);
    if (String(url) !== server.token_endpoint || !(await isRefused(response))) return response;
    const headers = new Headers(init?.headers);
    headers.delete('authorization');
    const body = new URLSearchParams(init?.body as URLSearchParams);
    for (const name of ['client_secret', 'client_assertion', 'client_assertion_type']) body.delete(name);
    // Signing is asynchronous, whatever the type says.
    await (earlier as AsyncClientAuth)(server, { client_id: clientId }, body, headers);
    const second = await fetch(url, { ...init, headers, body });
    if (await isRefused(second)) return response;
    await onTaken();
    return second;
  };
}
