import { errors, importJWK, jwtVerify, type JWK, type JWTPayload, type JWTVerifyOptions } from 'jose';
import { assertionAlgorithms } from '../../identity/directories/client-keys.js';

type Algorithm = (typeof assertionAlgorithms)[number];

/** The kind of key that each algorithm takes (RFC 7518 section 3.1, RFC 8037 section 3.1). */
const keyTypes: Readonly<Record<Algorithm, { kty: string; crv?: string }>> = {
  RS256: { kty: 'RSA' },
  PS256: { kty: 'RSA' },
  ES256: { kty: 'EC', crv: 'P-256' },
  EdDSA: { kty: 'OKP', crv: 'Ed25519' },
};

const isAlgorithm = (name: unknown): name is Algorithm => assertionAlgorithms.some((known) => known === name);

/** Whether a key may have signed what has this header. A `kid` is a hint: a key without one may be meant. */
function mayHaveSigned(key: JWK, { alg, kid }: { alg?: string; kid?: string }): boolean {
  if (!isAlgorithm(alg)) return false;
  const { kty, crv } = keyTypes[alg];
  if (key.kty !== kty || (crv !== undefined && key.crv !== crv)) return false;
  if (key.alg !== undefined && key.alg !== alg) return false;
  if (key.use !== undefined && key.use !== 'sig') return false;
  return kid === undefined || key.kid === undefined || key.kid === kid;
}

export interface Verified {
  readonly payload: JWTPayload;
  /** The key that verified it. */
  readonly key: JWK;
}

/** Only the signature or the key itself failed: another key may do. */
const isOfKey = (error: unknown): boolean =>
  error instanceof errors.JWSSignatureVerificationFailed ||
  error instanceof TypeError ||
  error instanceof DOMException ||
  error instanceof errors.JOSENotSupported;

/**
 * Verifies a signed token by whichever of the keys signed it.
 *
 * @param header - its protected header, not believed yet.
 * @returns undefined when it was none of them.
 * @throws errors.JOSEError when one of them did, and the claims do not hold.
 */
export async function verifyByAny(
  token: string,
  header: { alg?: string; kid?: string },
  keys: readonly JWK[],
  options: JWTVerifyOptions,
): Promise<Verified | undefined> {
  for (const key of keys.filter((one) => mayHaveSigned(one, header))) {
    try {
      const imported = await importJWK(key, header.alg);
      const { payload } = await jwtVerify(token, imported, {
        ...options,
        algorithms: [...assertionAlgorithms],
      });
      return { payload, key };
    } catch (error) {
      if (!isOfKey(error)) throw error;
    }
  }
  return undefined;
}
