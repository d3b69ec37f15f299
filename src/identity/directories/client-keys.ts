import type { ScimClientDocument } from '../../persistence/collections/scim-credentials.js';
import type { InputFault } from '../../shared/errors.js';
import { hashToken } from '../../shared/ids.js';
import type { Core } from '../core.js';
import { outboundFault } from '../web-address.js';

/** What assertions may be signed with (RFC 7518 section 3.1, RFC 8037). */
export const assertionAlgorithms = ['RS256', 'PS256', 'ES256', 'EdDSA'] as const;

/** A client's keys as they are given: a set, or the address of one. */
export type ClientKeys = Pick<ScimClientDocument, 'jwks' | 'jwksUri'>;

type Jwk = Readonly<Record<string, unknown>>;

/** What a public key is told apart by, whatever stands beside it. */
export function keyIdentity({ kty, crv, x, y, n, e }: Jwk): string {
  return hashToken(JSON.stringify([kty, crv, x, y, n, e]));
}

const maxKeys = 20;
/** Of one key, in characters: certificates may stand beside it. */
const maxKeyLength = 16_384;

/** Members of RFC 7518 section 6 that only the owner of a key may know. */
const privateMembers = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k'];

const isText = (value: unknown): value is string => typeof value === 'string' && value !== '';

/** Bits of an RSA modulus, by its length in base64url. */
const modulusBits = (n: string): number => Buffer.from(n, 'base64url').length * 8;

function shapeFault({ kty, crv, x, y, n, e }: Jwk): string | undefined {
  if (kty === 'RSA') {
    if (!isText(n) || !isText(e)) return 'an RSA key has "n" and "e"';
    return modulusBits(n) < 2048 ? 'an RSA key has 2048 bits or more' : undefined;
  }
  if (kty === 'EC')
    return crv === 'P-256' && isText(x) && isText(y) ? undefined : 'an EC key is one of P-256';
  if (kty === 'OKP') return crv === 'Ed25519' && isText(x) ? undefined : 'an OKP key is one of Ed25519';
  return 'must be an RSA, EC or OKP key';
}

function keyFault(key: Jwk): string | undefined {
  const secret = privateMembers.find((name) => key[name] !== undefined);
  if (secret !== undefined) return `must be a public key: "${secret}" is part of a private one`;
  if (JSON.stringify(key).length > maxKeyLength) return `must be at most ${maxKeyLength} characters long`;
  if (key['use'] !== undefined && key['use'] !== 'sig') return 'must be a key for signatures ("use": "sig")';
  const { alg } = key;
  if (alg !== undefined && !assertionAlgorithms.some((known) => known === alg)) {
    return `"alg" must be one of ${assertionAlgorithms.join(', ')}`;
  }
  return shapeFault(key);
}

const keptMembers = ['kty', 'crv', 'x', 'y', 'n', 'e', 'kid', 'alg', 'use'];

/** What is kept of a set of keys: what verifies a signature. */
export function keptKeys(jwks: ClientKeys['jwks']): ClientKeys['jwks'] {
  if (!jwks) return null;
  const kept = (key: Jwk) =>
    Object.fromEntries(keptMembers.flatMap((name) => (isText(key[name]) ? [[name, key[name]]] : [])));
  return { keys: jwks.keys.map(kept) };
}

/** What is wrong with a client's keys as they would be stored. */
export function clientKeyFaults(core: Core, { jwks, jwksUri }: ClientKeys): InputFault[] {
  if (jwks && jwksUri !== null) {
    return [{ pointer: '/jwksUri', detail: 'give jwks or jwksUri, not both; null takes one away' }];
  }
  if (jwksUri !== null) {
    const detail = outboundFault(core, jwksUri);
    return detail === undefined ? [] : [{ pointer: '/jwksUri', detail }];
  }
  if (!jwks) return [];
  const { keys } = jwks;
  if (keys.length === 0) return [{ pointer: '/jwks/keys', detail: 'must hold at least one key' }];
  if (keys.length > maxKeys) return [{ pointer: '/jwks/keys', detail: `must hold at most ${maxKeys} keys` }];
  return keys.flatMap((key, index) => {
    const detail = keyFault(key);
    return detail === undefined ? [] : [{ pointer: `/jwks/keys/${index}`, detail }];
  });
}
