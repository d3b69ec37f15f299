import type { AuditSealDocument } from '../../persistence/collections/events.js';
import type { Step, Transaction } from '../../persistence/store.js';
import type { Core } from '../core.js';
import { beginning, canonical, sealPurpose, type Foundation } from './seal.js';
import { trailOf, writeTrail } from './trail.js';

/** The MAC of what a trail begins with whose older part was removed. */
const foundationMac = (core: Core, tenantId: string, { sequence, toId, mac }: Foundation): string =>
  core.secretBox.sign(sealPurpose, canonical(['foundation', tenantId, sequence, toId, mac]));

/**
 * Makes the trail begin after this seal.
 *
 * @param isClean - whether everything before it is removed.
 */
export function* writeFoundation(
  core: Core,
  tx: Transaction,
  { tenantId, sequence, toId, mac }: AuditSealDocument,
  isClean: boolean,
): Step<void> {
  const proof = foundationMac(core, tenantId, { sequence, toId, mac });
  const foundation = { sequence, toId, mac, proof, isClean };
  yield* writeTrail(tx, tenantId, (stored) => ({ ...stored, foundation }));
}

/** What a tenant's trail begins with; undefined: it was not signed by this server. */
export async function foundationOf(core: Core, tenantId: string): Promise<Foundation | undefined> {
  const { foundation } = await trailOf(core, tenantId);
  if (!foundation) return beginning;
  return foundationMac(core, tenantId, foundation) === foundation.proof ? foundation : undefined;
}

/** The seals of a tenant after this one, in order. */
export const sealsSince = (core: Core, tenantId: string, sequence: number): Promise<AuditSealDocument[]> =>
  core.store
    .tenant(tenantId)
    .collection('audit_seals')
    .find({ sequence: { $gt: sequence } }, { sort: { sequence: 1 } });
