import { overriding } from './overriding.js';
import type { CollectionName, Documents } from '../../src/persistence/collections/index.js';
import type {
  Collection,
  GetBoth,
  ReaderScope,
  Scope,
  Step,
  Store,
  TransactionScope,
} from '../../src/persistence/store.js';

/** What a store was asked for: how many documents it gave out, and what was written, by collection. */
export interface Tally {
  read: Record<string, number>;
  written: Record<string, number>;
  /** How many operations each collection was asked for, reads and writes alike. */
  steps: Record<string, number>;
}

type Method = (...args: unknown[]) => unknown;

const writes: ReadonlySet<string> = new Set(['insert', 'insertMany', 'update', 'remove', 'removeMany']);
const sizeOf = (value: unknown): number =>
  Array.isArray(value) ? value.length : typeof value === 'number' ? value : value ? 1 : 0;

/** The same store, counting. Documents inside and outside of transactions count alike; `count` reads nothing. */
export function countedStore(store: Store): { store: Store; tally: Tally } {
  const tally: Tally = { read: {}, written: {}, steps: {} };
  const note = (name: string, method: string, args: unknown[], result: unknown): void => {
    tally.steps[name] = (tally.steps[name] ?? 0) + 1;
    if (method === 'count' || method === 'countEach') return;
    const into = writes.has(method) ? tally.written : tally.read;
    into[name] = (into[name] ?? 0) + (method === 'insertMany' ? sizeOf(args[0]) : sizeOf(result));
  };
  const watched = <T extends object>(collection: T, wrap: (run: Method, method: string) => Method) =>
    new Proxy(collection, {
      get(target, property) {
        const value: unknown = Reflect.get(target, property);
        return typeof value === 'function' && typeof property === 'string'
          ? wrap((value as Method).bind(target), property)
          : value;
      },
    });
  const outside = <N extends CollectionName>(scope: Scope, name: N): Collection<Documents[N]> =>
    watched(scope.collection(name), (run, method) => (...args) => {
      if (method !== 'iterate') {
        return (run(...args) as Promise<unknown>).then((result) => {
          note(name, method, args, result);
          return result;
        });
      }
      const documents = run(...args) as AsyncIterable<unknown>;
      return (async function* () {
        for await (const document of documents) {
          note(name, method, args, document);
          yield document;
        }
      })();
    });
  const steps = <T extends object>(collection: T, name: string): T =>
    watched(
      collection,
      (run, method) =>
        function* (...args): Step<unknown> {
          const result = yield* run(...args) as Step<unknown>;
          note(name, method, args, result);
          return result;
        },
    );
  /** One step of two collections. */
  const both = (run: GetBoth): GetBoth =>
    function* (first, second) {
      const found = yield* run(first, second);
      const name = `${first.collection}+${second.collection}`;
      tally.steps[name] = (tally.steps[name] ?? 0) + 1;
      [first, second].forEach(({ collection }, at) => {
        tally.read[collection] = (tally.read[collection] ?? 0) + sizeOf(found[at]);
      });
      return found;
    };
  const inside = (scope: TransactionScope): TransactionScope => ({
    collection: (name) => steps(scope.collection(name), name),
  });
  const reading = (scope: ReaderScope): ReaderScope => ({
    collection: (name) => steps(scope.collection(name), name),
  });
  const counted = overriding(store, {
    tenant: (tenantId) => ({ collection: (name) => outside(store.tenant(tenantId), name) }),
    server: { collection: (name) => outside(store.server, name) },
    transaction: (work) =>
      store.transaction((tx) =>
        work({
          getBoth: both(tx.getBoth),
          tenant: (tenantId) => inside(tx.tenant(tenantId)),
          server: inside(tx.server),
        }),
      ),
    read: (work) =>
      store.read((reader) =>
        work({
          getBoth: both(reader.getBoth),
          tenant: (tenantId) => reading(reader.tenant(tenantId)),
          server: reading(reader.server),
        }),
      ),
    increment: (key, by, expiresAt) => store.increment(key, by, expiresAt),
    resetCounter: (key) => store.resetCounter(key),
    ping: () => store.ping(),
    close: () => Promise.resolve(),
  });
  return { store: counted, tally };
}
