import { AppError } from '../../shared/errors.js';
import { Services } from '../../shared/services.js';
import type { Scope, Store, Transaction } from '../../persistence/store.js';
import type { Core } from '../core.js';
import { comparePeople, type Comparison, type Plan } from './plan.js';
import { worldStep, type World } from './world.js';

/** Undoes the transaction it is thrown in, and carries what the tenant looked like at its end. */
class Rehearsed extends Error {
  readonly world: World;

  constructor(world: World) {
    super('a rehearsal ends without a trace');
    this.world = world;
  }
}

/** The same object with some of its members replaced; the others run on the object itself. */
function instead<T extends object>(target: T, replaced: Partial<T>): T {
  return new Proxy(target, {
    get(real, property) {
      if (property in replaced) return replaced[property as keyof T];
      const value: unknown = Reflect.get(real, property, real);
      return typeof value === 'function' ? (value.bind(real) as unknown) : value;
    },
  });
}

const refuse = (): never => {
  throw new Error('a change that is planned writes in its transaction alone');
};
const writes = { insert: refuse, insertMany: refuse, update: refuse, remove: refuse, removeMany: refuse };

const readOnly = (scope: Scope): Scope => ({
  collection: (name) => instead(scope.collection(name), writes as never),
});

/** A store on which a transaction runs to its end, is looked at, and is undone. */
function rehearsalStore(store: Store, look: (tx: Transaction) => ReturnType<typeof worldStep>): Store {
  return instead(store, {
    transaction: (work) =>
      store.transaction(function* (tx) {
        yield* work(tx);
        throw new Rehearsed(yield* look(tx));
      }),
    tenant: (tenantId) => readOnly(store.tenant(tenantId)),
    server: readOnly(store.server),
  });
}

/**
 * Runs a change in a transaction that is then undone: every guard refuses what it refuses for good, and nothing is written.
 *
 * @returns the tenant as the change would leave it; as it is when the change has nothing to do.
 * @throws AppError `plan.unavailable` where transactions cannot be undone, and whatever the change itself is refused with.
 */
async function rehearse(
  core: Core,
  tenantId: string,
  work: (core: Core) => Promise<unknown>,
): Promise<World | undefined> {
  if (!core.store.isAtomic)
    throw new AppError('plan.unavailable', 'this database has no transactions to try a change in');
  // Caches of its own: what it reads will never have been.
  const services = new Services();
  const inside: Core = { ...core, services };
  const store = rehearsalStore(core.store, (tx) => worldStep(inside, tx, tenantId));
  try {
    await work({ ...inside, store });
    return undefined;
  } catch (error) {
    if (error instanceof Rehearsed) return error.world;
    throw error;
  }
}

/**
 * Says what a change of a tenant's configuration would do, and for whom, without making it.
 *
 * @param work - makes the change in one transaction, with the core it is given.
 * @param asked - the change as it was asked for.
 * @throws AppError `plan.unavailable`, and whatever the change itself is refused with.
 */
export async function planChange(
  core: Core,
  tenantId: string,
  work: (core: Core) => Promise<unknown>,
  { asked, change }: Pick<Comparison, 'asked' | 'change'>,
): Promise<Plan> {
  const before = await core.store.read((reader) => worldStep(core, reader, tenantId));
  const after = (await rehearse(core, tenantId, work)) ?? before;
  return comparePeople(core, { tenantId, before, after, asked, ...(change && { change }) });
}
