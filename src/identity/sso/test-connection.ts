import { randomBytes } from 'node:crypto';
import * as client from 'openid-client';
import { nameFault, OutboundRefused } from '../../infrastructure/guarded-fetch.js';
import type { SsoConnectionDocument } from '../../persistence/collections/sso-connections.js';
import { callbackUrl, connectionAddress } from './connection-address.js';
import type { Core } from '../core.js';
import { isSaml } from './saml/saml-settings.js';
import { testSamlConnection } from './saml/test-saml.js';
import { discoverProvider, UnusableProvider, type Provider } from './relying-party.js';

/** One thing that has to hold for sign-ins to work. */
export interface ConnectionCheck {
  name: string;
  ok: boolean;
  detail: string;
}

function* causesOf(error: unknown): Generator<Error> {
  for (let at = error; at instanceof Error; at = at.cause) yield at;
}

/** The answer of the provider that the library could not read. */
function answerBehind(error: unknown): Response | undefined {
  return [...causesOf(error)].map(({ cause }) => cause).find((cause) => cause instanceof Response);
}

/** The words of the most telling of an error's causes. */
export function reasonOf(error: unknown): string {
  const causes = [...causesOf(error)];
  const unnamed = nameFault(error);
  if (unnamed !== undefined) return `the provider could not be reached: ${unnamed}`;
  const ours = causes.find((one) => one instanceof OutboundRefused || one instanceof UnusableProvider);
  if (ours) return ours.message;
  if (causes.some(({ name }) => name === 'TimeoutError' || name === 'AbortError'))
    return 'the provider did not answer in time';
  const network = causes.find(
    (one) => 'code' in one && typeof one.code === 'string' && /^E[A-Z]+$/.test(one.code),
  );
  if (network && 'code' in network) return `the provider could not be reached (${String(network.code)})`;
  const words = causes[0]?.message;
  return words === undefined || words === 'fetch failed' ? 'the provider could not be reached' : words;
}

function metadataChecks({ metadata }: Provider): ConnectionCheck[] {
  const { response_types_supported: types, code_challenge_methods_supported: methods } = metadata;
  const algorithms = metadata.id_token_signing_alg_values_supported ?? [];
  return [
    { name: 'issuer', ok: true, detail: `the provider calls itself ${metadata.issuer}` },
    { name: 'signatures', ok: true, detail: `takes ID tokens signed by ${algorithms.join(', ')}` },
    {
      name: 'authorization code flow',
      ok: types?.includes('code') ?? true,
      detail: types ? `supports ${types.join(', ')}` : 'not said; taken for granted',
    },
    {
      name: 'PKCE',
      ok: methods?.includes('S256') ?? true,
      detail: methods ? `supports ${methods.join(', ')}` : 'not said; sent all the same',
    },
  ];
}

async function keysCheck({ keySet }: Provider): Promise<ConnectionCheck> {
  const name = 'keys';
  try {
    await keySet.reload();
    const count = keySet.jwks()?.keys.length ?? 0;
    return { name, ok: count > 0, detail: `${count} public key(s)` };
  } catch (error) {
    return { name, ok: false, detail: reasonOf(error) };
  }
}

const wrongClient = new Set(['invalid_client', 'unauthorized_client', 'unsupported_grant_type']);

/** Asks for tokens with a code nobody was given: a provider that takes the client refuses the code, one that does not, the client. */
async function clientCheck(
  core: Core,
  provider: Provider,
  connection: SsoConnectionDocument,
): Promise<ConnectionCheck> {
  const name = 'client';
  const madeUp = randomBytes(32).toString('base64url');
  const parameters = {
    code: madeUp,
    code_verifier: madeUp,
    redirect_uri: callbackUrl(core.config.baseUrl, connectionAddress(connection)),
  };
  try {
    await client.genericGrantRequest(provider.open(), 'authorization_code', parameters);
    return { name, ok: false, detail: 'the provider gave tokens for a code that it never made' };
  } catch (error) {
    return { name, ...clientAnswer(error) };
  }
}

function clientAnswer(error: unknown): Omit<ConnectionCheck, 'name'> {
  if (error instanceof client.WWWAuthenticateChallengeError)
    return { ok: false, detail: 'the provider does not take the client id and secret' };
  if (error instanceof client.ResponseBodyError) {
    const words = error.error_description === undefined ? '' : ` (${error.error_description.slice(0, 300)})`;
    return wrongClient.has(error.error)
      ? { ok: false, detail: `the provider refuses the client: ${error.error}${words}` }
      : {
          ok: true,
          detail: `the provider did not refuse the client; to a made-up code it says ${error.error}`,
        };
  }
  const isUnreached = [...causesOf(error)].some(
    (one) => one instanceof OutboundRefused || one.message === 'fetch failed' || one.name === 'TimeoutError',
  );
  if (isUnreached) return { ok: false, detail: reasonOf(error) };
  const { status = 400 } = answerBehind(error) ?? {};
  return status === 400
    ? { ok: true, detail: 'unknown: the provider gave a non-standard answer to a made-up code' }
    : { ok: false, detail: `the token endpoint answered with HTTP ${status}` };
}

const earlierTaken: ConnectionCheck = {
  name: 'present credentials',
  ok: false,
  detail: 'the provider refuses the present secret or key, and takes the one before it only',
};

/**
 * Does what a sign-in at a connection's provider does, by the same code, as far as it goes without a person. Nothing is written, nobody is
 * signed in.
 *
 * @returns every check that could be made, in order.
 */
export async function testConnection(
  core: Core,
  connection: SsoConnectionDocument,
): Promise<ConnectionCheck[]> {
  if (isSaml(connection)) return testSamlConnection(core, connection);
  if (connection.issuer === '')
    return [{ name: 'discovery', ok: false, detail: 'the provider is not known yet' }];
  let provider: Provider;
  try {
    provider = await discoverProvider(core, connection);
  } catch (error) {
    return [{ name: 'discovery', ok: false, detail: reasonOf(error) }];
  }
  return [
    { name: 'discovery', ok: true, detail: `found the metadata of ${connection.issuer}` },
    ...metadataChecks(provider),
    await keysCheck(provider),
    await clientCheck(core, provider, connection),
    ...(provider.tookEarlier() ? [earlierTaken] : []),
  ];
}
