import {
  calculateJwkThumbprint,
  compactVerify,
  CompactSign,
  exportJWK,
  generateKeyPair,
  importJWK,
  type JWK,
} from 'jose';
import type { Core } from '../core.js';
import { findKeptKey, keptKey } from '../keys/kept-keys.js';
import type { LeaverReceipt } from './leaver-receipts.js';

/** It is never changed: a receipt shall hold for years. */
const keyName = 'leaver-receipts';
const typ = 'leaver-receipt+jws';
const alg = 'EdDSA';

async function privateKey(core: Core): Promise<JWK> {
  const known = await findKeptKey(core, keyName);
  if (known !== undefined) return JSON.parse(known) as JWK;
  const fresh = await exportJWK((await generateKeyPair(alg, { extractable: true })).privateKey);
  return JSON.parse(await keptKey(core, keyName, JSON.stringify(fresh))) as JWK;
}

async function publicPart({ kty, crv, x }: JWK): Promise<JWK> {
  const key = { kty, crv, x } as JWK;
  return { ...key, kid: await calculateJwkThumbprint(key), alg, use: 'sig' };
}

/** The public keys by which receipts are verified, as a JWK set (RFC 7517). */
export async function receiptKeys(core: Core): Promise<{ keys: JWK[] }> {
  return { keys: [await publicPart(await privateKey(core))] };
}

/** A receipt as a JWS in compact form (RFC 7515), signed by Ed25519. */
export async function signReceipt(core: Core, receipt: LeaverReceipt): Promise<string> {
  const key = await privateKey(core);
  const { kid } = await publicPart(key);
  const signedAt = core.clock.now().toISOString();
  const text = JSON.stringify({ iss: core.config.baseUrl, signedAt, ...receipt });
  return new CompactSign(new TextEncoder().encode(text))
    .setProtectedHeader({ alg, typ, ...(kid !== undefined && { kid }) })
    .sign(await importJWK(key, alg));
}

export type SignedReceipt = LeaverReceipt & { iss: string; signedAt: string };

/**
 * Verifies a receipt with nothing but the public keys.
 *
 * @returns undefined when no key's signature holds, or it is something else.
 */
export async function verifyReceipt(jws: string, keys: readonly JWK[]): Promise<SignedReceipt | undefined> {
  for (const key of keys) {
    try {
      const { payload, protectedHeader } = await compactVerify(jws.trim(), await importJWK(key, alg), {
        algorithms: [alg],
      });
      if (protectedHeader.typ !== typ) continue;
      return JSON.parse(new TextDecoder().decode(payload)) as SignedReceipt;
    } catch {
      continue;
    }
  }
  return undefined;
}
