import type { JWK } from 'jose';
import { LRUCache } from 'lru-cache';
import type { Core } from '../../identity/core.js';
import { createGuardedFetch, type GuardedFetch } from '../../infrastructure/guarded-fetch.js';
import { service } from '../../shared/services.js';

/** A withdrawn key is good for no longer than this. */
const maxAgeMs = 4 * 60_000;
/** A set is read again at most this often, whatever is asked: a new key works within it, and strangers cannot make us ask for more. */
const minPauseMs = 2000;
const maxBytes = 65_536;
const maxKeys = 50;

/** Where public keys are published: as a key set, or as an OpenID issuer whose discovery document names one. */
export type KeySource = { readonly jwksUri: string } | { readonly issuer: string };

/** Keys could not be read, in words for a client. */
export class KeysUnread extends Error {}

interface Entry {
  /** What was read last; rejected when that could not be read. */
  readonly keys: Promise<readonly JWK[]>;
  readonly readAt: number;
}

interface KeySets {
  readonly fetch: GuardedFetch;
  readonly entries: LRUCache<string, Entry>;
}

const keySets = service(({ config }: Core): KeySets => ({
  fetch: createGuardedFetch({ allowPrivate: config.allowPrivateIssuers, maxBytes }),
  entries: new LRUCache<string, Entry>({ max: 500 }),
}));

async function readJson(fetch: GuardedFetch, url: string): Promise<Record<string, unknown>> {
  try {
    const answer = await fetch(url, { headers: { accept: 'application/json' } });
    if (!answer.ok) throw new Error(`status ${answer.status}`);
    const value: unknown = await answer.json();
    if (typeof value !== 'object' || value === null) throw new Error('no JSON object');
    return value as Record<string, unknown>;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new KeysUnread(`${url} cannot be read: ${reason}`, { cause: error });
  }
}

/** The address of an issuer's keys (OpenID Connect Discovery 1.0 section 4). */
async function jwksUriOf(fetch: GuardedFetch, issuer: string): Promise<string> {
  const address = `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`;
  const { issuer: named, jwks_uri: uri } = await readJson(fetch, address);
  if (named !== issuer) throw new KeysUnread(`${address} is of another issuer`);
  if (typeof uri !== 'string') throw new KeysUnread(`${address} names no jwks_uri`);
  return uri;
}

async function readKeys(fetch: GuardedFetch, source: KeySource): Promise<readonly JWK[]> {
  const uri = 'issuer' in source ? await jwksUriOf(fetch, source.issuer) : source.jwksUri;
  const { keys } = await readJson(fetch, uri);
  if (!Array.isArray(keys)) throw new KeysUnread(`${uri} is no key set`);
  return keys
    .filter((key): key is JWK => typeof key === 'object' && key !== null && 'kty' in key)
    .slice(0, maxKeys);
}

/**
 * The public keys of a source, at most four minutes old.
 *
 * @param isRefused - what was read before does not verify: reads again, unless that was done a moment ago.
 * @returns undefined where there is nothing newer than what was refused.
 * @throws KeysUnread
 */
export async function keysAt(
  core: Core,
  source: KeySource,
  { isRefused }: { isRefused: boolean },
): Promise<readonly JWK[] | undefined> {
  const { fetch, entries } = keySets(core);
  const name = 'issuer' in source ? `issuer ${source.issuer}` : `jwks ${source.jwksUri}`;
  const known = entries.get(name);
  const now = core.clock.now().getTime();
  const age = known ? now - known.readAt : Infinity;
  if (known && age < minPauseMs) return isRefused ? undefined : known.keys;
  if (known && age < maxAgeMs && !isRefused) {
    const keys = await known.keys.catch(() => undefined);
    if (keys) return keys;
  }
  const entry = { keys: readKeys(fetch, source), readAt: now };
  entry.keys.catch((error: unknown) => core.log.info({ err: error }, 'keys of a client could not be read'));
  entries.set(name, entry);
  return entry.keys;
}
