import { createHmac } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { BootstrapEntryDocument } from '../../persistence/collections/bootstrap.js';
import { AppError } from '../../shared/errors.js';
import { newId } from '../../shared/ids.js';
import type { Core } from '../core.js';
import { keptKey } from '../keys/kept-keys.js';

export type { BootstrapEntryDocument } from '../../persistence/collections/bootstrap.js';

/** The kept key of all digests. */
export const digestKey = 'bootstrap-digests';
const leaseId = 'lease';
const serverScope = 'server';
const leaseMs = 10_000;
const lookAgainMs = 100;

/** One entry of a file: what sort of thing, whose, and the key it is found by. */
export interface EntryPlace {
  kind: string;
  tenantId: string;
  key: string;
}

export interface AppliedEntry {
  place: EntryPlace;
  documentId: string;
  digests: ReadonlyMap<string, string>;
  passwordSetAt: Date | null;
}

/**
 * Remembers what of a bootstrap file was applied, as keyed digests: nobody reads a secret out of them, and nobody without the key can try
 * guesses.
 */
export interface Ledger {
  /** The record of an entry's place. */
  idOf(place: EntryPlace): string;
  /** What a field's value is remembered by. */
  digest(place: EntryPlace, field: string, value: unknown): string;
  /** What was applied at this place, as stored now. */
  find: (place: EntryPlace) => Promise<BootstrapEntryDocument | undefined>;
  /** The same without waiting for the writes of others: it may be a moment old. */
  peek: (place: EntryPlace) => Promise<BootstrapEntryDocument | undefined>;
  /** All that was applied of a tenant's inside, by record id, as stored now. */
  ofTenant(tenantId: string): Promise<Map<string, BootstrapEntryDocument>>;
  save(entry: AppliedEntry): Promise<void>;
}

/** JSON with the members of each object in order, so that the same value always is the same text. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_, item: unknown) =>
    typeof item === 'object' && item !== null && !Array.isArray(item)
      ? Object.fromEntries(Object.entries(item).sort(([a], [b]) => (a < b ? -1 : 1)))
      : item,
  );
}

const blank = { fields: [], documentId: null, passwordSetAt: null, leasedUntil: null };

const isDuplicate = (error: unknown): boolean =>
  error instanceof AppError && error.code === 'store.duplicate';

/** Opens the ledger of a database; makes its key where there is none. */
export async function openLedger(core: Core): Promise<Ledger> {
  const key = await keptKey(core, digestKey);
  const mac = (text: string): string => createHmac('sha256', key).update(text).digest('base64url');
  const idOf = ({ kind, tenantId, key: name }: EntryPlace): string => mac(canonical([kind, tenantId, name]));
  return {
    idOf,
    digest: (place, field, value) => mac(canonical([idOf(place), field, value])),
    find: (place) =>
      core.store.transaction(function* (tx) {
        return yield* tx.server.collection('bootstrap_entries').get(idOf(place));
      }),
    peek: (place) => core.store.server.collection('bootstrap_entries').get(idOf(place)),
    async ofTenant(tenantId) {
      const found = await core.store.transaction(function* (tx) {
        return yield* tx.tenant(tenantId).collection('bootstrap_entries').find({});
      });
      return new Map(found.map((entry) => [entry._id, entry]));
    },
    async save({ place, documentId, digests, passwordSetAt }) {
      const fields = [...digests].map(([field, digest]) => ({ field, digest }));
      const record = { kind: place.kind, documentId, fields, passwordSetAt };
      const tenantId = place.kind === 'tenant' ? serverScope : place.tenantId;
      await core.store.transaction(function* (tx) {
        const entries = tx.server.collection('bootstrap_entries');
        const kept = yield* entries.update(idOf(place), (stored) => ({ ...stored, ...record }));
        if (!kept) yield* entries.insert({ ...blank, ...record, _id: idOf(place), tenantId });
      });
    },
  };
}

/** Takes or extends the lease; false when another process has it. */
async function takeLease(core: Core, owner: string): Promise<boolean> {
  const now = core.clock.now();
  const leasedUntil = new Date(now.getTime() + leaseMs);
  const mine = { documentId: owner, leasedUntil };
  try {
    return await core.store.transaction(function* (tx) {
      const entries = tx.server.collection('bootstrap_entries');
      const lease = yield* entries.get(leaseId);
      if (!lease) {
        yield* entries.insert({ ...blank, ...mine, _id: leaseId, tenantId: serverScope, kind: 'lease' });
        return true;
      }
      const isHeld = lease.documentId !== null && lease.documentId !== owner;
      if (isHeld && lease.leasedUntil !== null && lease.leasedUntil > now) return false;
      yield* entries.update(leaseId, (stored) => ({ ...stored, ...mine }));
      return true;
    });
  } catch (error) {
    if (isDuplicate(error)) return false;
    throw error;
  }
}

async function releaseLease(core: Core, owner: string): Promise<void> {
  await core.store.server
    .collection('bootstrap_entries')
    .update(leaseId, (lease) =>
      lease.documentId === owner ? { ...lease, documentId: null, leasedUntil: null } : undefined,
    );
}

/**
 * Does the work while no other process applies a bootstrap file: of several that start together one applies it, and the others find it
 * applied. A process that was killed in the middle is waited for ten seconds.
 */
export async function withBootstrapLease<R>(core: Core, work: () => Promise<R>): Promise<R> {
  const owner = newId();
  while (!(await takeLease(core, owner))) await delay(lookAgainMs);
  let renewal: Promise<unknown> = Promise.resolve();
  const timer = setInterval(() => {
    renewal = takeLease(core, owner).catch((error: unknown) =>
      core.log.warn({ err: error }, 'the lease for the bootstrap file could not be kept'),
    );
  }, leaseMs / 4);
  timer.unref();
  try {
    return await work();
  } finally {
    clearInterval(timer);
    await renewal;
    await releaseLease(core, owner);
  }
}
