import type { Core } from '../../identity/core.js';
import type { CollectionName, Documents } from '../../persistence/collections/index.js';
import type { Collection, Scope, Step, Store, Transaction } from '../../persistence/store.js';

/** Carries the result out of a transaction that is to be undone. */
class Undone extends Error {
  readonly result: unknown;

  constructor(result: unknown) {
    super('dry run');
    this.result = result;
  }
}

async function undone<R>(store: Store, work: (tx: Transaction) => Step<R>): Promise<R> {
  try {
    return await store.transaction(function* (tx): Step<R> {
      throw new Undone(yield* work(tx));
    });
  } catch (error) {
    if (error instanceof Undone) return error.result as R;
    throw error;
  }
}

function dryCollection<N extends CollectionName>(
  store: Store,
  scope: Scope,
  within: (tx: Transaction) => ReturnType<Transaction['tenant']>,
  name: N,
): Collection<Documents[N]> {
  const real = scope.collection(name);
  const inside = (tx: Transaction) => within(tx).collection(name);
  return {
    get: (id) => real.get(id),
    findOne: (query, options) => real.findOne(query, options),
    find: (query, options) => real.find(query, options),
    count: (query) => real.count(query),
    countEach: (queries) => real.countEach(queries),
    iterate: (query, options) => real.iterate(query, options),
    insert: (document) => undone(store, (tx) => inside(tx).insert(document)),
    insertMany: (documents) =>
      undone(store, function* (tx): Step<undefined> {
        for (const document of documents) yield* inside(tx).insert(document);
        return undefined;
      }),
    update: (id, change, options) => undone(store, (tx) => inside(tx).update(id, change, options)),
    remove: (id, options) => undone(store, (tx) => inside(tx).remove(id, options)),
    removeMany: (query) => undone(store, (tx) => inside(tx).removeMany(query)),
  };
}

/**
 * The same server, but nothing it writes stays: each write runs in a transaction that is undone at its end, so that every check and every
 * unique index has its say.
 */
export function dryRunOf(core: Core): Core {
  const { store } = core;
  const scopeOf = (scope: Scope, within: (tx: Transaction) => ReturnType<Transaction['tenant']>): Scope => ({
    collection: (name) => dryCollection(store, scope, within, name),
  });
  const dry: Store = {
    tenant: (tenantId) => scopeOf(store.tenant(tenantId), (tx) => tx.tenant(tenantId)),
    server: scopeOf(store.server, (tx) => tx.server),
    transaction: (work) => undone(store, work),
    read: (work) => store.read(work),
    increment: (key, by, expiresAt) => store.increment(key, by, expiresAt),
    resetCounter: (key) => store.resetCounter(key),
    ping: () => store.ping(),
    close: () => Promise.resolve(),
    isAtomic: store.isAtomic,
    description: store.description,
  };
  return { ...core, store: dry };
}
