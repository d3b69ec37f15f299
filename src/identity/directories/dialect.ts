import type { LearnedDialect } from '../../persistence/collections/directories.js';
import type { Core } from '../core.js';
import { touchTenant } from '../tenants/config.js';

/**
 * Keeps what `auto` found out from a directory's requests; nothing is written when it is known already.
 *
 * @param learn - which provider it is, by what is known of it (null: nothing yet); `auto` for still unknown.
 */
export async function learnDirectoryDialect(
  core: Core,
  tenantId: string,
  id: string,
  learn: (known: LearnedDialect | null) => LearnedDialect | 'auto',
): Promise<void> {
  await core.store.transaction(function* (tx) {
    const directories = tx.tenant(tenantId).collection('directories');
    const before = yield* directories.get(id);
    const learned = before ? learn(before.learnedDialect) : 'auto';
    if (learned === 'auto' || learned === before?.learnedDialect) return;
    yield* directories.update(id, (directory) => ({ ...directory, learnedDialect: learned }));
    yield* touchTenant(tx, tenantId);
  });
}
