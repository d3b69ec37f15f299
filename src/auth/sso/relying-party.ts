import { createHash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import * as client from 'openid-client';
import type { Core } from '../../identity/core.js';
import { openClientSecret } from '../../identity/sso-connections.js';
import { createGuardedFetch, type GuardedFetch } from '../../infrastructure/guarded-fetch.js';
import type { SsoConnectionDocument } from '../../persistence/collections/tenants.js';

/** Signature algorithms an ID token may have: asymmetric ones only, so that neither `none` nor the client secret can sign. */
const allowedAlgorithms = ['RS256', 'PS256', 'ES256', 'ES384', 'RS384', 'PS384', 'ES512', 'RS512', 'PS512'];

const freshSeconds = 600;
/** How soon a provider that did not answer is asked again, while what it said before is used. */
const retrySeconds = 30;
const timeoutSeconds = 5;

interface Entry {
  /** Of the settings it was made from: another hash, another entry. */
  hash: string;
  /** Milliseconds since the epoch; refreshed after that. */
  staleAt: number;
  configuration: Promise<client.Configuration>;
}

interface RelyingParty {
  fetch: GuardedFetch;
  entries: LRUCache<string, Entry>;
}

const parties = new WeakMap<Core, RelyingParty>();

function partyOf(core: Core): RelyingParty {
  const present = parties.get(core);
  if (present) return present;
  const party = {
    fetch: createGuardedFetch({
      allowPrivate: core.config.allowPrivateIssuers,
      timeoutMs: timeoutSeconds * 1000,
    }),
    entries: new LRUCache<string, Entry>({ max: 500 }),
  };
  parties.set(core, party);
  return party;
}

/** The fetch for everything a company's provider names: discovery, keys, token and userinfo endpoints. */
export function providerFetch(core: Core): GuardedFetch {
  return partyOf(core).fetch;
}

const hashOf = ({ issuer, clientId, clientSecret }: SsoConnectionDocument): string =>
  createHash('sha256')
    .update(JSON.stringify([issuer, clientId, clientSecret]))
    .digest('base64url');

function authenticationOf(secret: string | undefined, server: client.ServerMetadata): client.ClientAuth {
  if (secret === undefined) return client.None();
  const methods = server.token_endpoint_auth_methods_supported ?? ['client_secret_basic'];
  return methods.includes('client_secret_basic')
    ? client.ClientSecretBasic(secret)
    : client.ClientSecretPost(secret);
}

/** A provider whose metadata cannot be used. */
export class UnusableProvider extends Error {}

async function discover(core: Core, connection: SsoConnectionDocument): Promise<client.Configuration> {
  const { fetch } = partyOf(core);
  // The one way to a provider on plain http, for demonstrations and tests: it is open to the operator alone.
  // eslint-disable-next-line @typescript-eslint/no-deprecated -- marked so by the library to make it stand out
  const allowHttp: (config: client.Configuration) => void = client.allowInsecureRequests;
  const insecure = core.config.allowPrivateIssuers ? [allowHttp] : [];
  const secret = openClientSecret(core, connection) ?? undefined;
  const customFetch: client.CustomFetch = (url, options) => fetch(url, options as RequestInit);
  const found = await client.discovery(
    new URL(connection.issuer),
    connection.clientId,
    undefined,
    client.None(),
    {
      execute: insecure,
      timeout: timeoutSeconds,
      [client.customFetch]: customFetch,
    },
  );
  const server: client.ServerMetadata = { ...found.serverMetadata(), supportsPKCE: undefined };
  // A provider may not answer for another issuer, nor for a whole family of them (`/common/`).
  if (new URL(server.issuer).href !== new URL(connection.issuer).href)
    throw new UnusableProvider('issuer differs');
  const offered = server.id_token_signing_alg_values_supported ?? ['RS256'];
  const algorithms = allowedAlgorithms.filter((algorithm) => offered.includes(algorithm));
  if (algorithms.length === 0) throw new UnusableProvider('no accepted signature algorithm');
  const configuration = new client.Configuration(
    { ...server, id_token_signing_alg_values_supported: algorithms },
    connection.clientId,
    secret === undefined ? {} : { client_secret: secret },
    authenticationOf(secret, server),
  );
  configuration.timeout = timeoutSeconds;
  configuration[client.customFetch] = customFetch;
  // Without this the library takes an ID token from the token endpoint at its word, signature unseen.
  client.enableNonRepudiationChecks(configuration);
  for (const extend of insecure) extend(configuration);
  return configuration;
}

/**
 * The provider of a connection, from its discovery document: asked once, again after ten minutes or when the connection's settings change.
 * When it does not answer then, what it said before goes on being used; a first failure is not remembered.
 *
 * @throws what discovery throws: network errors, `OutboundRefused`, {@link UnusableProvider}, openid-client's errors.
 */
export function providerOf(core: Core, connection: SsoConnectionDocument): Promise<client.Configuration> {
  const { entries } = partyOf(core);
  const now = core.clock.now().getTime();
  const hash = hashOf(connection);
  const known = entries.get(connection._id);
  const usable = known?.hash === hash ? known : undefined;
  if (usable && now < usable.staleAt) return usable.configuration;
  const entry: Entry = {
    hash,
    staleAt: now + freshSeconds * 1000,
    configuration: discover(core, connection),
  };
  entries.set(connection._id, entry);
  entry.configuration = entry.configuration.catch((error: unknown) => {
    if (!usable) {
      if (entries.get(connection._id) === entry) entries.delete(connection._id);
      throw error;
    }
    core.log.warn(
      { err: error, connectionId: connection._id },
      'the provider was not found again; using what it said before',
    );
    entry.staleAt = now + retrySeconds * 1000;
    return usable.configuration;
  });
  return entry.configuration;
}
