import type { AuditTrailDocument } from '../../persistence/collections/events.js';
import type { Step, Transaction } from '../../persistence/store.js';
import type { Core } from '../core.js';

type TrailFacts = Pick<AuditTrailDocument, 'rewrites' | 'foundation'>;

/** What holds of a tenant's trail as a whole. */
export async function trailOf(core: Core, tenantId: string): Promise<TrailFacts> {
  return (await core.store.tenant(tenantId).collection('audit_trails').get(tenantId)) ?? { rewrites: 0 };
}

/** Changes what holds of a trail as a whole. */
export function* writeTrail(
  tx: Transaction,
  tenantId: string,
  change: (stored: TrailFacts) => TrailFacts,
): Step<void> {
  const trails = tx.tenant(tenantId).collection('audit_trails');
  if (!(yield* trails.update(tenantId, (stored) => ({ ...stored, ...change(stored) }))))
    yield* trails.insert({ _id: tenantId, tenantId, ...change({ rewrites: 0 }) });
}

/** Events are rewritten in this transaction: a seal that was being made of them is not. */
export function* noteRewrite(tx: Transaction, tenantId: string): Step<void> {
  yield* writeTrail(tx, tenantId, (stored) => ({ ...stored, rewrites: stored.rewrites + 1 }));
}

/**
 * To make a seal: nothing is rewritten until this transaction is over.
 *
 * @param rewrites - as {@link trailOf} gave before the events were read.
 * @returns whether they are still as they were read.
 */
export function* holdTrail(tx: Transaction, tenantId: string, rewrites: number): Step<boolean> {
  const stored = yield* tx.tenant(tenantId).collection('audit_trails').get(tenantId);
  if ((stored?.rewrites ?? 0) !== rewrites) return false;
  yield* writeTrail(tx, tenantId, (facts) => facts);
  return true;
}
