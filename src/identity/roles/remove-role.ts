import type { Step, Transaction } from '../../persistence/store.js';
import { AppError } from '../../shared/errors.js';
import { recordEvent } from '../audit/audit.js';
import { requireEntity } from '../audit/entity.js';
import type { Actor, Core } from '../core.js';
import { enqueueJob, wakeJobs } from '../jobs/queue.js';
import { requireGrantable } from '../permissions.js';
import { touchTenant, type Role } from '../tenants/config.js';
import { recomputeJob } from '../users/recompute.js';
import { openWrite } from '../users/save.js';
import { requireVersion, type WriteOptions } from '../versions.js';
import { forgetRoleStep, moveConfigurationStep, moveHolders, moveSomeStep } from './reassign.js';
import { requireUnused } from './role-use.js';
import { getOwnRole, getRole, grantable, roleEntity, rolePartyOf } from './roles.js';

export interface RoleRemoval extends WriteOptions {
  /** Key or id of the role of the same place that takes its place with everybody and everything that has it. */
  reassignTo?: string | undefined;
  /** Leaves the users to the plan. */
  isPlanned?: boolean;
}

/** @throws AppError `input.invalid`. */
async function successorOf(core: Core, tenantId: string, role: Role, name: string): Promise<Role> {
  const successor = await getRole(core, tenantId, name).catch(() => undefined);
  const isFit = successor?.applicationKey === role.applicationKey && successor.fullKey !== role.fullKey;
  if (isFit) return successor;
  throw new AppError('input.invalid', 'this role cannot take its place', {
    errors: [{ pointer: '?reassignTo', detail: `there is no other role ${name} in the same place` }],
  });
}

/** Open requests for a role that is gone are closed. */
function* closeRequests(tx: Transaction, tenantId: string, role: string): Step<void> {
  const requests = tx.tenant(tenantId).collection('role_requests');
  for (const { _id } of yield* requests.find({ state: 'pending', role }, { fields: [] }))
    yield* requests.update(_id, ({ openKey: _, ...request }) => ({ ...request, state: 'cancelled' }));
}

/** Who takes the place of a role that is deleted, where another shall: all of the parts but the last are moved before. */
async function prepareRemoval(
  core: Core,
  actor: Actor,
  role: Role,
  { reassignTo, isPlanned, ifVersion }: RoleRemoval,
): Promise<Role | undefined> {
  if (reassignTo === undefined) return undefined;
  const successor = await successorOf(core, actor.tenantId, role, reassignTo);
  requireGrantable(actor, role.applicationKey === null ? [role, successor] : []);
  requireVersion(role, ifVersion === undefined ? {} : { ifVersion });
  if (isPlanned !== true) await moveHolders(core, actor, role.fullKey, successor.fullKey);
  return successor;
}

/**
 * Deletes a role that nobody was given by hand, or that another takes the place of. Users who had it by a rule lose it at once; a job then
 * clears their grants. Rules, open invitations and access rules no longer name it: it comes back to nobody under its old name.
 *
 * @throws AppError `role.not_found`, `role.built_in`, `role.in_use`, `role.not_grantable`, `input.invalid`, `resource.version_mismatch`.
 */
export async function deleteRole(
  core: Core,
  actor: Actor,
  idOrKey: string,
  options: RoleRemoval = {},
): Promise<void> {
  const known = await getOwnRole(core, actor.tenantId, idOrKey);
  const successor = await prepareRemoval(core, actor, known, options);
  const { id } = known;
  const now = core.clock.now();
  await core.store.transaction(function* (tx) {
    const roles = tx.tenant(actor.tenantId).collection('roles');
    const role = yield* requireEntity(roleEntity, { tx, actor, id, options });
    requireGrantable(actor, grantable(role));
    yield* touchTenant(tx, actor.tenantId);
    const context = yield* openWrite(tx, core, actor);
    if (successor) {
      if (options.isPlanned !== true) yield* moveSomeStep(context, role.fullKey, successor.fullKey);
      yield* moveConfigurationStep(context, role.fullKey, successor.fullKey);
    }
    if (options.isPlanned !== true) yield* requireUnused(tx, actor.tenantId, role.fullKey);
    if (!successor) yield* forgetRoleStep(context, role.fullKey);
    yield* roles.remove(id);
    yield* closeRequests(tx, actor.tenantId, role.fullKey);
    yield* enqueueJob(tx, actor.tenantId, { kind: recomputeJob, payload: { role: role.fullKey } }, now);
    const changes = successor ? [{ path: 'reassignedTo', before: null, after: successor.fullKey }] : [];
    yield* recordEvent(tx, actor, { action: 'role.deleted', target: rolePartyOf(role), changes }, now);
  });
  wakeJobs(core);
}
