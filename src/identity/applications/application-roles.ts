import type { ApplicationDocument } from '../../persistence/collections/applications.js';
import type { RoleDocument } from '../../persistence/collections/tenants.js';
import type { Step, Transaction } from '../../persistence/store.js';
import { AppError } from '../../shared/errors.js';
import { newId } from '../../shared/ids.js';
import { recordEvent } from '../audit/audit.js';
import { changesBetween } from '../changes.js';
import type { Actor, Core } from '../core.js';
import { enqueueJob } from '../jobs/queue.js';
import { requirePermission } from '../permissions.js';
import { requireUnused } from '../roles/role-use.js';
import { fullKeyOf, roleFaults, rolePartyOf } from '../roles/roles.js';
import { isServerApplication, serverOwner, touchServerApplications } from '../tenants/server-applications.js';
import { recomputeJob, releaseRoleJob } from '../users/recompute.js';
import { requireVersion, type WriteOptions } from '../versions.js';
import type { ApplicationRoleInput } from './fields.js';

const pickTexts = ({ name, description, permissions }: RoleDocument): Record<string, unknown> => ({
  name,
  description,
  permissions,
});

/** The list as a whole: every role valid, none twice. */
function requireValidRoles(application: ApplicationDocument, roles: readonly ApplicationRoleInput[]): void {
  const errors = roles.flatMap((role, index) => {
    const input = { ...role, applicationKey: application.key };
    const own = roleFaults(input).map(({ pointer, detail }) => ({
      pointer: `/roles/${index}${pointer}`,
      detail,
    }));
    const isSecond = roles.findIndex(({ key }) => key === role.key) < index;
    return isSecond ? [...own, { pointer: `/roles/${index}/key`, detail: `${role.key} occurs twice` }] : own;
  });
  if (errors.length > 0) throw new AppError('input.invalid', 'some roles are not valid', { errors });
}

interface RoleWrite {
  tx: Transaction;
  actor: Actor;
  application: ApplicationDocument;
  now: Date;
}

function* insertRole({ tx, actor, application, now }: RoleWrite, input: ApplicationRoleInput): Step<void> {
  const fullKey = fullKeyOf({ key: input.key, applicationKey: application.key });
  if (!isServerApplication(application)) yield* requireUnused(tx, application.tenantId, fullKey);
  const role = yield* tx
    .tenant(application.tenantId)
    .collection('roles')
    .insert({
      _id: newId(),
      tenantId: application.tenantId,
      fullKey,
      key: input.key,
      applicationKey: application.key,
      name: input.name,
      description: input.description ?? '',
      permissions: [...new Set(input.permissions)],
    });
  yield* recordEvent(tx, actor, { action: 'role.created', target: rolePartyOf(role) }, now);
}

function* changeRole(
  { tx, actor, application, now }: RoleWrite,
  before: RoleDocument,
  input: ApplicationRoleInput,
): Step<boolean> {
  const wanted: RoleDocument = {
    ...before,
    name: input.name,
    description: input.description ?? before.description,
    permissions: [...new Set(input.permissions)],
  };
  const changes = changesBetween(pickTexts(before), pickTexts(wanted));
  if (changes.length === 0) return false;
  requirePermission(actor, 'roles.edit');
  yield* tx
    .tenant(application.tenantId)
    .collection('roles')
    .update(before._id, () => wanted);
  yield* recordEvent(tx, actor, { action: 'role.updated', target: rolePartyOf(before), changes }, now);
  return true;
}

/**
 * Removes a role of an application. Nobody has it from this commit on; a job clears the grants.
 *
 * @throws AppError `role.in_use` where people of the owning tenant hold it by hand.
 */
function* removeRole(write: RoleWrite, role: RoleDocument): Step<void> {
  const { tx, actor, application, now } = write;
  if (!isServerApplication(application)) yield* requireUnused(tx, application.tenantId, role.fullKey);
  yield* tx.tenant(application.tenantId).collection('roles').remove(role._id);
  yield* releaseRole(write, role);
  yield* recordEvent(tx, actor, { action: 'role.deleted', target: rolePartyOf(role) }, now);
}

/** Has a job clear the grants of a role that is gone. */
export function* releaseRole({ tx, application, now }: RoleWrite, role: RoleDocument): Step<void> {
  const isOfServer = isServerApplication(application);
  const owner = isOfServer ? serverOwner : application.tenantId;
  const kind = isOfServer ? releaseRoleJob : recomputeJob;
  yield* enqueueJob(tx, owner, { kind, payload: { role: role.fullKey } }, now);
}

/**
 * Makes these the roles of an application, all of them, as a step of a transaction.
 *
 * @returns whether anything changed.
 * @throws AppError `auth.forbidden`, `input.invalid`, `role.in_use`.
 */
export function* putRolesStep(write: RoleWrite, roles: readonly ApplicationRoleInput[]): Step<boolean> {
  const { tx, actor, application } = write;
  requirePermission(actor, 'roles.manage');
  requireValidRoles(application, roles);
  const scope = tx.tenant(application.tenantId);
  const stored = yield* scope.collection('roles').find({ applicationKey: application.key });
  let isChanged = false;
  for (const role of stored) {
    if (roles.some(({ key }) => key === role.key)) continue;
    yield* removeRole(write, role);
    isChanged = true;
  }
  for (const input of roles) {
    const before = stored.find(({ key }) => key === input.key);
    if (before) isChanged = (yield* changeRole(write, before, input)) || isChanged;
    else {
      yield* insertRole(write, input);
      isChanged = true;
    }
  }
  return isChanged;
}

/** The roles of an application of the server. */
export function listServerRoles(core: Core, applicationKey: string): Promise<RoleDocument[]> {
  return core.store.tenant(serverOwner).collection('roles').find({ applicationKey });
}

/**
 * Adds a role to an application of the server, or changes the one of this key; what is absent stays.
 *
 * @throws AppError `application.not_found`, `input.invalid`, `resource.version_mismatch`.
 */
export async function putServerRole(
  core: Core,
  actor: Actor,
  applicationKey: string,
  input: Partial<ApplicationRoleInput> & { key: string },
  options: WriteOptions = {},
): Promise<RoleDocument> {
  const now = core.clock.now();
  return core.store.transaction(function* (tx) {
    const scope = tx.tenant(serverOwner);
    const application = yield* scope.collection('applications').findOne({ key: applicationKey });
    if (!application) throw new AppError('application.not_found', 'there is no such application');
    const find = () => scope.collection('roles').findOne({ applicationKey, key: input.key });
    const before = yield* find();
    if (before) requireVersion(before, options);
    const role = { permissions: [], name: input.key, ...before, ...input };
    requireValidRoles(application, [role]);
    const write = { tx, actor, application, now };
    const isChanged = before
      ? yield* changeRole(write, before, role)
      : (yield* insertRole(write, role), true);
    if (isChanged) {
      yield* scope.collection('applications').update(application._id, (stored) => ({ ...stored }));
      yield* touchServerApplications(tx);
    }
    const stored = yield* find();
    if (!stored) throw new AppError('role.not_found', 'there is no such role');
    return stored;
  });
}
