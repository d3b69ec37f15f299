import type { ApplicationDocument } from '../../persistence/collections/applications.js';
import type { AccessRule, StoredAccess, TenantDocument } from '../../persistence/collections/tenants.js';
import type { UserDocument } from '../../persistence/collections/users.js';
import type { Step, Transaction } from '../../persistence/store.js';
import { AppError, type InputFault } from '../../shared/errors.js';
import { recordEvent } from '../audit/audit.js';
import { changesBetween } from '../changes.js';
import type { Actor, Core } from '../core.js';
import { effectiveRoles } from '../grants/effective-roles.js';
import { groupClosure, reachable } from '../grants/group-graph.js';
import { tenantConfigStep, type TenantConfig } from '../tenants/config.js';
import { isReached, isServerApplication, reachOf } from '../tenants/server-applications.js';
import { requireVersion, type WriteOptions } from '../versions.js';
import { partyOf, type AccessInput } from './fields.js';

export type { AccessRule } from '../../persistence/collections/tenants.js';

const everyone: StoredAccess = { by: 'everyone', roles: [], groups: [], revision: 0 };

/** Who of a tenant may use an application. */
export function accessRuleOf(tenant: TenantDocument, applicationId: string): StoredAccess {
  return tenant.applicationAccess?.[applicationId] ?? everyone;
}

/**
 * The version of an application as one tenant sees it. That of a server application moves with the tenant's own access rule as well; a
 * tenant's own application is written together with its rule.
 */
export function versionIn(tenant: TenantDocument, application: ApplicationDocument): number {
  if (!isServerApplication(application)) return application.version;
  return application.version + accessRuleOf(tenant, application._id).revision;
}

/** A role by its full key, or by its key within the application. */
function fullKeyIn(config: TenantConfig, application: ApplicationDocument, role: string): string | undefined {
  return [role, `${application.key}:${role}`].find((key) => config.roles.has(key));
}

function* requireGroups(tx: Transaction, tenantId: string, ids: readonly string[]): Step<InputFault[]> {
  const groups = tx.tenant(tenantId).collection('groups');
  const found = yield* groups.find({ _id: { $in: [...ids] } }, { fields: [] });
  const known = new Set(found.map(({ _id }) => _id));
  return ids.flatMap((id, index) =>
    known.has(id) ? [] : [{ pointer: `/access/groups/${index}`, detail: `there is no group ${id}` }],
  );
}

/** The rule must let somebody in, and name what exists. */
function* wantedRule(
  tx: Transaction,
  config: TenantConfig,
  application: ApplicationDocument,
  input: AccessInput,
): Step<AccessRule> {
  const before = accessRuleOf(config.tenant, application._id);
  const errors: InputFault[] = [];
  const roles = input.roles?.map((role, index) => {
    const key = fullKeyIn(config, application, role);
    if (key === undefined)
      errors.push({ pointer: `/access/roles/${index}`, detail: `there is no role ${role}` });
    return key ?? role;
  });
  if (input.groups) errors.push(...(yield* requireGroups(tx, config.tenant._id, input.groups)));
  const wanted = {
    by: input.by,
    roles: [...new Set(roles ?? before.roles)],
    groups: [...new Set(input.groups ?? before.groups)],
  };
  if (wanted.by === 'role' && wanted.roles.length === 0)
    errors.push({ pointer: '/access/roles', detail: 'must name at least one role' });
  if (wanted.by === 'group' && wanted.groups.length === 0)
    errors.push({ pointer: '/access/groups', detail: 'must name at least one group' });
  if (errors.length > 0) throw new AppError('input.invalid', 'the access rule is not valid', { errors });
  return wanted;
}

/**
 * Sets who of the actor's tenant may use an application, as a step of a transaction.
 *
 * @param config - the tenant's, read in this transaction.
 * @returns whether anything changed.
 * @throws AppError `input.invalid`.
 */
export function* putAccessStep(
  { tx, actor, now }: { tx: Transaction; actor: Actor; now: Date },
  config: TenantConfig,
  application: ApplicationDocument,
  input: AccessInput,
): Step<boolean> {
  const { tenantId } = actor;
  const { revision, ...before } = accessRuleOf(config.tenant, application._id);
  const wanted = yield* wantedRule(tx, config, application, input);
  const changes = changesBetween({ access: before }, { access: wanted });
  if (changes.length === 0) return false;
  yield* tx
    .tenant(tenantId)
    .collection('tenants')
    .update(tenantId, (tenant) => ({
      ...tenant,
      applicationAccess: {
        ...tenant.applicationAccess,
        [application._id]: { ...wanted, revision: revision + 1 },
      },
    }));
  const event = { action: 'application.access_changed', target: partyOf(application), changes };
  yield* recordEvent(tx, actor, event, now);
  return true;
}

/**
 * Sets who of the actor's tenant may use an application of the server.
 *
 * @throws AppError `application.not_found`, `input.invalid`, `resource.version_mismatch`.
 */
export async function setApplicationAccess(
  core: Core,
  actor: Actor,
  applicationId: string,
  input: AccessInput,
  options: WriteOptions = {},
): Promise<void> {
  const now = core.clock.now();
  await core.store.transaction(function* (tx) {
    const config = yield* tenantConfigStep(core, tx, actor.tenantId);
    const application = [...config.serverApplications.values()].find(({ _id }) => _id === applicationId);
    if (!application) throw new AppError('application.not_found', 'there is no such application');
    requireVersion({ version: versionIn(config.tenant, application) }, options);
    yield* putAccessStep({ tx, actor, now }, config, application, input);
  });
}

/** Forgets the access rule of an application that is deleted, as a step of its transaction. */
export function* dropAccessStep(tx: Transaction, tenantId: string, applicationId: string): Step<void> {
  yield* tx
    .tenant(tenantId)
    .collection('tenants')
    .update(tenantId, (tenant) => {
      if (!tenant.applicationAccess?.[applicationId]) return { ...tenant };
      const { [applicationId]: _, ...applicationAccess } = tenant.applicationAccess;
      return { ...tenant, applicationAccess };
    });
}

/** An application as far as it decides who may use it. */
export type GuardedApplication = Pick<ApplicationDocument, '_id' | 'tenantId' | 'servedTenants'>;

/**
 * Whether a user may use an application now: it serves the user's tenant, and the tenant's access rule lets the user in. Groups count with
 * those that are nested in them.
 */
export async function mayUseApplication(
  core: Core,
  application: GuardedApplication,
  user: UserDocument,
  config: TenantConfig,
): Promise<boolean> {
  if (!isReached(reachOf(application), user.tenantId)) return false;
  const { by, roles, groups } = accessRuleOf(config.tenant, application._id);
  if (by === 'everyone') return true;
  if (by === 'role')
    return effectiveRoles(user, config, core.clock.now()).some((role) => roles.includes(role));
  const known = await groupClosure(core.store, user.tenantId, user.groupIds);
  return reachable(user.groupIds, known).some(({ _id }) => groups.includes(_id));
}
