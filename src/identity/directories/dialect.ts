import type { LearnedDialect } from '../../persistence/collections/directories.js';
import type { Core } from '../core.js';

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
  await core.store
    .tenant(tenantId)
    .collection('directories')
    .update(id, (directory) => {
      const learned = learn(directory.learnedDialect);
      return learned === 'auto' || learned === directory.learnedDialect
        ? undefined
        : { ...directory, learnedDialect: learned };
    });
}
