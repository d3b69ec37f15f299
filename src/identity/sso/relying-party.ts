import { createHash } from 'node:crypto';
import { createRemoteJWKSet, customFetch as joseFetch } from 'jose';
import { LRUCache } from 'lru-cache';
import * as client from 'openid-client';
import { createGuardedFetch, type GuardedFetch } from '../../infrastructure/guarded-fetch.js';
import type { SsoConnectionDocument } from '../../persistence/collections/sso-connections.js';
import { clientAuthentication, tryingEarlier } from './client-auth.js';
import type { Core } from '../core.js';
import { noteEarlierTaken } from './earlier-credentials.js';
import { readingNullsAsAbsent } from './provider-fetch.js';
import { sharedIssuerFault } from './shared-issuers.js';
import { service } from '../../shared/services.js';

/** Signature algorithms an ID token may have: asymmetric ones only, so that neither `none` nor the client secret can sign. */
export const allowedAlgorithms = [
  ...['RS256', 'PS256', 'ES256', 'ES384', 'RS384', 'PS384', 'ES512', 'RS512', 'PS512'],
  ...['EdDSA', 'Ed25519'],
];

const freshSeconds = 600;
/** How soon a provider that did not answer is asked again, while what it said before is used. */
const retrySeconds = 30;
const timeoutSeconds = 5;
/** How soon its keys are fetched again for a signature by an unknown one: keys change without notice, and nobody may make us a flood. */
const keyRetrySeconds = 3;
/** The library forgets keys after this time, and looks again for an unknown one when they are older than {@link retriesAtAge}. */
const keysFreshSeconds = 300;
const retriesAtAge = 60;

/** What a connection's provider says of itself, and what a sign-in there works with. */
export interface Provider {
  readonly metadata: client.ServerMetadata;
  /** Verifies its logout tokens. */
  readonly keySet: ReturnType<typeof createRemoteJWKSet>;
  /** What one exchange with it is made by. */
  open(): client.Configuration;
  /** Keeps the keys that an exchange has fetched for the next one. */
  close(configuration: client.Configuration): void;
  /** Whether it refused the present secret or key of ours, and took the one before it. */
  tookEarlier(): boolean;
}

interface Entry {
  /** Of the settings it was made from: another hash, another entry. */
  hash: string;
  /** Milliseconds since the epoch; refreshed after that. */
  staleAt: number;
  provider: Promise<Provider>;
}

interface RelyingParty {
  fetch: GuardedFetch;
  entries: LRUCache<string, Entry>;
}

// The one way to a provider on plain http, for demonstrations and tests: it is open to the operator alone.
// eslint-disable-next-line @typescript-eslint/no-deprecated -- marked so by the library to make it stand out
const allowHttp: (configuration: client.Configuration) => void = client.allowInsecureRequests;

const relyingParty = service(({ config }: Core): RelyingParty => {
  const fetch = createGuardedFetch({
    allowPrivate: config.allowPrivateIssuers,
    timeoutMs: timeoutSeconds * 1000,
  });
  return { fetch: readingNullsAsAbsent(fetch), entries: new LRUCache<string, Entry>({ max: 500 }) };
});

const hashOf = (connection: SsoConnectionDocument): string => {
  const { issuer, clientId, clientSecret, clientAuthMethod = null, previousSecret, clientKeys } = connection;
  const keys = [clientKeys?.current.kid, clientKeys?.previous?.kid];
  const text = JSON.stringify([issuer, clientId, clientSecret, clientAuthMethod, previousSecret, keys]);
  return createHash('sha256').update(text).digest('base64url');
};

/** A provider whose metadata cannot be used; the message says why. */
export class UnusableProvider extends Error {}

/** @throws {@link UnusableProvider}. */
function judged(found: client.ServerMetadata, connection: SsoConnectionDocument): client.ServerMetadata {
  const shared = sharedIssuerFault(connection);
  if (shared) throw new UnusableProvider(`the issuer ${shared.detail}`);
  // A provider may not answer for another issuer, nor for a whole family of them (`/common/`).
  if (new URL(found.issuer).href !== new URL(connection.issuer).href)
    throw new UnusableProvider(`the provider calls itself ${found.issuer}`);
  for (const name of ['authorization_endpoint', 'token_endpoint', 'jwks_uri'] as const) {
    if (!URL.canParse(found[name] ?? '')) throw new UnusableProvider(`the metadata hold no ${name}`);
  }
  const offered = found.id_token_signing_alg_values_supported ?? ['RS256'];
  const algorithms = allowedAlgorithms.filter((algorithm) => offered.includes(algorithm));
  if (algorithms.length === 0) {
    throw new UnusableProvider(
      `the provider signs ID tokens by ${offered.join(', ')} alone, which is not accepted`,
    );
  }
  const userinfo = found.userinfo_signing_alg_values_supported;
  return {
    ...found,
    supportsPKCE: undefined,
    id_token_signing_alg_values_supported: algorithms,
    userinfo_signing_alg_values_supported: userinfo
      ? userinfo.filter((algorithm) => allowedAlgorithms.includes(algorithm))
      : algorithms,
  };
}

async function makeProvider(
  core: Core,
  connection: SsoConnectionDocument,
  metadata: client.ServerMetadata,
): Promise<Provider> {
  const { fetch } = relyingParty(core);
  const { auth, earlier, secret } = await clientAuthentication(core, connection, metadata);
  const state = { tookEarlier: false };
  const onTaken = async (): Promise<void> => {
    state.tookEarlier = true;
    await noteEarlierTaken(core, connection);
  };
  const { clientId } = connection;
  const used = earlier ? tryingEarlier(fetch, { clientId, server: metadata, earlier }, onTaken) : fetch;
  const now = (): number => Math.floor(Date.now() / 1000);
  let keys: client.ExportedJWKSCache | undefined;
  const lent = new WeakMap<client.Configuration, number>();
  return {
    metadata,
    keySet: createRemoteJWKSet(new URL(metadata.jwks_uri ?? ''), {
      [joseFetch]: (url, options) => fetch(url, options),
      cooldownDuration: keyRetrySeconds * 1000,
    }),
    open() {
      const configuration = new client.Configuration(
        metadata,
        connection.clientId,
        secret === undefined ? {} : { client_secret: secret },
        auth,
      );
      prepare(core, configuration, used);
      // Without this the library takes an ID token from the token endpoint at its word, signature unseen.
      client.enableNonRepudiationChecks(configuration);
      const age = keys ? now() - keys.uat : keysFreshSeconds;
      if (keys && age < keysFreshSeconds) {
        // Made a little older, so that the library looks again for a key it does not find.
        const uat = age < keyRetrySeconds ? keys.uat : Math.min(keys.uat, now() - retriesAtAge);
        client.setJwksCache(configuration, { ...keys, uat });
        lent.set(configuration, uat);
      }
      return configuration;
    },
    close(configuration) {
      const read = client.getJwksCache(configuration);
      if (read && read.uat !== lent.get(configuration)) keys = read;
    },
    tookEarlier: () => state.tookEarlier,
  };
}

function prepare(core: Core, configuration: client.Configuration, fetch: GuardedFetch): void {
  configuration.timeout = timeoutSeconds;
  configuration[client.customFetch] = (url, options) => fetch(url, options as RequestInit);
  if (core.config.allowPrivateIssuers) allowHttp(configuration);
}

/**
 * Asks a connection's provider for its metadata, and judges them.
 *
 * @throws network errors, `OutboundRefused`, {@link UnusableProvider}, openid-client's errors.
 */
export async function discoverProvider(core: Core, connection: SsoConnectionDocument): Promise<Provider> {
  const { fetch } = relyingParty(core);
  const found = await client.discovery(
    new URL(connection.issuer),
    connection.clientId,
    undefined,
    client.None(),
    {
      execute: core.config.allowPrivateIssuers ? [allowHttp] : [],
      timeout: timeoutSeconds,
      [client.customFetch]: (url, options) => fetch(url, options as RequestInit),
    },
  );
  return makeProvider(core, connection, judged(found.serverMetadata(), connection));
}

/**
 * The provider of a connection, from its discovery document: asked once, again after ten minutes or when the connection's settings change.
 * When it does not answer then, what it said before goes on being used; a first failure is not remembered.
 *
 * @throws what {@link discoverProvider} throws.
 */
export function providerOf(core: Core, connection: SsoConnectionDocument): Promise<Provider> {
  const { entries } = relyingParty(core);
  const now = core.clock.now().getTime();
  const hash = hashOf(connection);
  const known = entries.get(connection._id);
  const usable = known?.hash === hash ? known : undefined;
  if (usable && now < usable.staleAt) return usable.provider;
  const entry: Entry = {
    hash,
    staleAt: now + freshSeconds * 1000,
    provider: discoverProvider(core, connection),
  };
  entries.set(connection._id, entry);
  entry.provider = entry.provider.catch((error: unknown) => {
    if (!usable) {
      if (entries.get(connection._id) === entry) entries.delete(connection._id);
      throw error;
    }
    core.log.warn(
      { err: error, connectionId: connection._id },
      'the provider was not found again; using what it said before',
    );
    entry.staleAt = now + retrySeconds * 1000;
    return usable.provider;
  });
  return entry.provider;
}
