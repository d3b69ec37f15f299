import type { Actor, Core } from '../core.js';
import { recordEvent } from '../audit/audit.js';
import type { DirectoryDocument } from '../directories/directories.js';
import { directoryParty } from '../directories/directory-entity.js';
import { decideHeld, heldDecisions, heldIds, type HeldDecision } from '../users/held-changes.js';
import { getUser } from '../users/users.js';
import { startBulk, type BulkJobDocument, type BulkRow } from './jobs.js';
import type { RowHandler, RowHandlers } from './run.js';
import { rowsOfIds } from './user-actions.js';

const kindOf = (decision: HeldDecision): string => `held_changes.${decision}`;

const handlerOf =
  (decision: HeldDecision): RowHandler =>
  async ({ actor, core, job, note }, { userId = '' }) => {
    const user = await getUser(core, actor.tenantId, userId);
    note.label = user.email ?? user.userName;
    return decideHeld(core, actor, { directoryId: String(job.options['directoryId']), userId, decision });
  };

export const heldChangeHandlers: RowHandlers = Object.fromEntries(
  heldDecisions.map((decision) => [kindOf(decision), handlerOf(decision)]),
);

async function* rowsOfHeld(core: Core, { _id, tenantId }: DirectoryDocument): AsyncGenerator<BulkRow> {
  let line = 0;
  for await (const userId of heldIds(core, tenantId, _id)) {
    line += 1;
    yield { line, label: userId, userId };
  }
}

const decided = { release: 'directory.changes_released', drop: 'directory.changes_dropped' } as const;

/**
 * Decides on what a directory's change guard holds back, person by person, in a job that continues after a restart.
 *
 * @param userIds - of these people; undefined: of all.
 */
export async function decideAllHeld(
  core: Core,
  actor: Actor,
  directory: DirectoryDocument,
  { decision, userIds }: { decision: HeldDecision; userIds: readonly string[] | undefined },
): Promise<BulkJobDocument> {
  const rows = userIds ? rowsOfIds(userIds) : rowsOfHeld(core, directory);
  const options = { directoryId: directory._id };
  const input = { kind: kindOf(decision), permission: 'scim.manage', isDryRun: false, options };
  const job = await startBulk(core, actor, input, rows);
  const changes = [{ path: 'people', before: null, after: job.total }];
  const event = { action: decided[decision], target: directoryParty(directory), changes };
  await core.store.transaction((tx) => recordEvent(tx, actor, event, core.clock.now()));
  return job;
}
