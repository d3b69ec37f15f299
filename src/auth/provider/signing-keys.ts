import { calculateJwkThumbprint, exportJWK, generateKeyPair, type JWK } from 'jose';
import type { Core } from '../../identity/core.js';
import type { SigningKeyDocument } from '../../persistence/collections/access.js';
import type { Step, Transaction } from '../../persistence/store.js';
import { AppError } from '../../shared/errors.js';

/** ES256 is the first that discovery offers; RS256 is what every relying party must accept (OpenID Connect Core section 15.1). */
const algorithms = ['ES256', 'RS256'] as const;
type Algorithm = (typeof algorithms)[number];

/** How long an old key stays published: as long as a refresh token may live, so that a late `id_token_hint` still verifies. */
const retireAfterMs = 14 * 24 * 60 * 60 * 1000;

const rotateAfterMs = 90 * 24 * 60 * 60 * 1000;

/** A private JWK as it is stored and given to the provider. */
type SigningJwk = JWK & { kid: string; alg: Algorithm };

/** The keys in the order the provider picks from: current ones first, then the next ones, then old ones that still verify. */
export interface KeySet {
  readonly keys: readonly SigningJwk[];
  /** Changes when, and only when, the set or its order does. */
  readonly fingerprint: string;
}

const order: Readonly<Record<SigningKeyDocument['state'], number>> = { current: 0, next: 1, old: 2 };

async function generateSealedKey(core: Core, alg: Algorithm): Promise<string> {
  const { privateKey } = await generateKeyPair(alg, { extractable: true, modulusLength: 2048 });
  const jwk = await exportJWK(privateKey);
  const kid = await calculateJwkThumbprint(jwk);
  return core.secretBox.seal('signing-key', JSON.stringify({ ...jwk, kid, alg, use: 'sig' }));
}

function numberOf(document: SigningKeyDocument): number {
  return Number(document._id.split('-')[1]);
}

const algorithmOf = (document: SigningKeyDocument): string => document._id.split('-')[0] ?? '';

/**
 * Makes the first key of an algorithm and the one after it. The numbered ids are the guard: of two processes that start at the same
 * moment one inserts, and the other uses what it finds.
 */
async function makeFirstKeys(core: Core, alg: Algorithm): Promise<void> {
  const make = async (state: SigningKeyDocument['state'], number: number): Promise<void> => {
    const privateJwk = await generateSealedKey(core, alg);
    try {
      await core.store.server
        .collection('signing_keys')
        .insert({ _id: `${alg}-${number}`, tenantId: 'server', state, privateJwk, retiresAt: null });
    } catch (error) {
      if (!(error instanceof AppError && error.code === 'store.duplicate')) throw error;
    }
  };
  await Promise.all([make('current', 1), make('next', 2)]);
}

const isPublished = (key: SigningKeyDocument, now: Date): boolean =>
  key.retiresAt === null || key.retiresAt > now;

/** Every stored key; the first ones are made when there are none yet. */
async function storedKeys(core: Core): Promise<SigningKeyDocument[]> {
  const collection = core.store.server.collection('signing_keys');
  const stored = await collection.find({});
  const missing = algorithms.filter((alg) => !stored.some((key) => algorithmOf(key) === alg));
  if (missing.length === 0) return stored;
  await Promise.all(missing.map((alg) => makeFirstKeys(core, alg)));
  return collection.find({});
}

/** Whether a key has signed for this long. */
const hasSigned = (key: SigningKeyDocument, ms: number, now: Date): boolean =>
  key.state === 'current' && now.getTime() - key.updatedAt.getTime() >= ms;

/**
 * The signing keys of the server: made when there are none yet, rotated when the present ones have signed for 90 days.
 *
 * @throws Error when a key cannot be opened: it was sealed under another `SECRET_KEY`.
 */
export async function loadKeySet(core: Core): Promise<KeySet> {
  let stored = await storedKeys(core);
  const now = core.clock.now();
  if (stored.some((key) => hasSigned(key, rotateAfterMs, now))) {
    await rotateKeys(core, rotateAfterMs);
    stored = await storedKeys(core);
  }
  const published = stored
    .filter((key) => isPublished(key, now))
    .sort((a, b) => order[a.state] - order[b.state] || numberOf(b) - numberOf(a));
  return {
    keys: published.map(
      (key) => JSON.parse(core.secretBox.open('signing-key', key.privateJwk)) as SigningJwk,
    ),
    fingerprint: published.map((key) => `${key._id}:${key.state}`).join(' '),
  };
}

function* rotateOne(
  tx: Transaction,
  alg: string,
  stored: readonly SigningKeyDocument[],
  sealed: string,
  now: Date,
): Step<void> {
  const keys = tx.server.collection('signing_keys');
  const retiresAt = new Date(now.getTime() + retireAfterMs);
  for (const key of stored) {
    if (key.state === 'current') yield* keys.update(key._id, (old) => ({ ...old, state: 'old', retiresAt }));
    if (key.state === 'next') yield* keys.update(key._id, (old) => ({ ...old, state: 'current' }));
    if (!isPublished(key, now)) yield* keys.remove(key._id);
  }
  yield* keys.insert({
    _id: `${alg}-${Math.max(...stored.map(numberOf)) + 1}`,
    tenantId: 'server',
    state: 'next',
    privateJwk: sealed,
    retiresAt: null,
  });
}

/**
 * Rotates the signing keys: the next one, published long before, begins to sign; the current one only verifies from now on, for 14 days;
 * a new next one is published. Other processes follow within seconds (see `provider.ts`).
 *
 * @param afterMs - leaves alone what has not signed for so long, milliseconds: two processes that find a rotation due make one.
 */
export async function rotateKeys(core: Core, afterMs = 0): Promise<void> {
  await storedKeys(core);
  const fresh = await Promise.all(
    algorithms.map(async (alg) => [alg, await generateSealedKey(core, alg)] as const),
  );
  await core.store.transaction(function* (tx) {
    const now = core.clock.now();
    const stored = yield* tx.server.collection('signing_keys').find({});
    for (const [alg, sealed] of fresh) {
      const own = stored.filter((key) => algorithmOf(key) === alg);
      if (own.some((key) => hasSigned(key, afterMs, now))) yield* rotateOne(tx, alg, own, sealed, now);
    }
  });
}
