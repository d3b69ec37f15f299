import { LRUCache } from 'lru-cache';
import type { Core } from '../../identity/core.js';
import { learnDirectoryDialect } from '../../identity/directories/dialect.js';
import type { DirectoryDocument } from '../../identity/directories/directories.js';
import { AppError } from '../../shared/errors.js';
import { service } from '../../shared/services.js';
import { learnDialect } from '../protocol/rewrites/learn-dialect.js';
import { signsOf, type DialectObservation, type Sign } from '../protocol/rewrites/signs.js';

/** How many signs `auto` judges a client by: the latest. */
const latestSigns = 200;

const observedSigns = service(() => new LRUCache<string, Sign[]>({ max: 1000 }));

/**
 * Works out what a directory's client is from its latest requests, and keeps it when it is new.
 *
 * @param observations - of requests since the last call, oldest first.
 */
export async function learnFrom(
  core: Core,
  directory: DirectoryDocument,
  observations: readonly DialectObservation[],
): Promise<void> {
  if (directory.dialect !== 'auto') return;
  const shown = observations.flatMap(signsOf);
  if (shown.length === 0) return;
  const observed = observedSigns(core);
  const signs = [...(observed.get(directory._id) ?? []), ...shown].slice(-latestSigns);
  observed.set(directory._id, signs);
  if (learnDialect(signs, directory.learnedDialect) === (directory.learnedDialect ?? 'auto')) return;
  await learnDirectoryDialect(core, directory.tenantId, directory._id, (known) => learnDialect(signs, known));
}

type Counts = Readonly<Record<string, number>>;

function sum(left: Counts, right: Counts): Record<string, number> {
  const total: Record<string, number> = { ...left };
  for (const [name, count] of Object.entries(right)) total[name] = (total[name] ?? 0) + count;
  return total;
}

/** Adds to the counts of a directory's deviations. */
export async function countDeviations(
  core: Core,
  { _id, tenantId }: Pick<DirectoryDocument, '_id' | 'tenantId'>,
  names: readonly string[],
): Promise<void> {
  if (names.length === 0) return;
  const added = names.reduce((counts, name) => sum(counts, { [name]: 1 }), {});
  const collection = core.store.tenant(tenantId).collection('deviation_counts');
  const add = () => collection.update(_id, (stored) => ({ ...stored, counts: sum(stored.counts, added) }));
  if (await add()) return;
  try {
    await collection.insert({ _id, tenantId, counts: added });
  } catch (error) {
    // Another process was first.
    if (!(error instanceof AppError) || error.code !== 'store.duplicate') throw error;
    await add();
  }
}

/** How often each tolerated deviation was met in a directory's requests. */
export async function deviationCounts(
  core: Core,
  tenantId: string,
  directoryId: string,
): Promise<Record<string, number>> {
  const stored = await core.store.tenant(tenantId).collection('deviation_counts').get(directoryId);
  return stored?.counts ?? {};
}
