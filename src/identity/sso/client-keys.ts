import {
  calculateJwkThumbprint,
  exportJWK,
  generateKeyPair,
  importJWK,
  type CryptoKey,
  type JWK,
} from 'jose';
import type { ClientKey, ClientKeys } from '../../persistence/collections/sso-connections.js';
import type { Core } from '../core.js';

/** The purpose the private halves are sealed for. */
const clientKeySeal = 'sso-client-key';

/** What every provider that takes signed assertions can verify. */
const alg = 'RS256';

async function makeClientKey(core: Core): Promise<ClientKey> {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true, modulusLength: 2048 });
  const shown = await exportJWK(publicKey);
  const kid = await calculateJwkThumbprint(shown);
  return {
    kid,
    publicJwk: JSON.stringify({ ...shown, kid, alg, use: 'sig' }),
    privateJwk: core.secretBox.seal(clientKeySeal, JSON.stringify(await exportJWK(privateKey))),
  };
}

/** The first keys of a connection: one that signs, and the one after it, which its provider can read long before. */
export async function makeClientKeys(core: Core): Promise<ClientKeys> {
  const [current, next] = await Promise.all([makeClientKey(core), makeClientKey(core)]);
  return { current, next, previous: null, rotatedAt: core.clock.now() };
}

/** @returns what makes the next key sign; the one that signed is tried after it. */
export async function clientKeyRotation(core: Core): Promise<(keys: ClientKeys) => ClientKeys> {
  const next = await makeClientKey(core);
  const rotatedAt = core.clock.now();
  return (keys) => ({ current: keys.next, next, previous: keys.current, rotatedAt });
}

/** The key a client assertion is signed by. */
export async function openClientKey(core: Core, key: ClientKey): Promise<{ key: CryptoKey; kid: string }> {
  const jwk = JSON.parse(core.secretBox.open(clientKeySeal, key.privateJwk)) as JWK;
  return { key: (await importJWK(jwk, alg)) as CryptoKey, kid: key.kid };
}

/** The public keys as the provider reads them (RFC 7517). */
export function publishedKeys({ current, next }: ClientKeys): { keys: JWK[] } {
  return { keys: [current, next].map(({ publicJwk }) => JSON.parse(publicJwk) as JWK) };
}
