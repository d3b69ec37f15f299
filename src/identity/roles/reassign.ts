import type { Grant, UserDocument } from '../../persistence/collections/users.js';
import type { AuditParty } from '../../persistence/collections/events.js';
import type { Step } from '../../persistence/store.js';
import { recordEvent } from '../audit/audit.js';
import type { Actor, Core } from '../core.js';
import { ruleId, type RoleRule } from '../grants/role-mapping.js';
import { wakeJobs } from '../jobs/queue.js';
import { enqueueRecompute } from '../users/recompute.js';
import { openWrite, saveUser, type WriteContext } from '../users/save.js';

/** Users moved by one transaction. */
const movedAtOnce = 50;

const later = (a: Date | null, b: Date | null): Date | null => (a === null || b === null || a > b ? a : b);

/** A user's grants with one role in the place of another; what rules give is worked out by them. */
function reassignedGrants(grants: readonly Grant[], from: string, to: string): Grant[] {
  const isMoved = ({ role, type }: Grant): boolean => role === from && type !== 'rule';
  return grants.filter(isMoved).reduce<Grant[]>(
    (kept, grant) => {
      const isSame = (one: Grant): boolean =>
        one.role === to && one.type === grant.type && one.sourceId === grant.sourceId;
      const until = kept.find(isSame);
      const moved = { ...grant, role: to, until: until ? later(until.until, grant.until) : grant.until };
      return [...kept.filter((one) => !isSame(one)), moved];
    },
    grants.filter((grant) => !isMoved(grant)),
  );
}

/** The same for a user. */
export const reassigned = (user: UserDocument, from: string, to: string): UserDocument => ({
  ...user,
  grants: reassignedGrants(user.grants, from, to),
});

const byHand = { $in: ['manual', 'invite', 'sso'] };
const holdersOf = (role: string) => ({
  'grants.role': role,
  grants: { $elemMatch: { role, type: byHand } },
});

/** Moves some of those who were given the role. @returns how many. */
export function* moveSomeStep(context: WriteContext, from: string, to: string): Step<number> {
  const users = context.tx.tenant(context.tenantId).collection('users');
  const found = yield* users.find(holdersOf(from), { limit: movedAtOnce });
  for (const user of found) yield* saveUser(context, user, reassigned(user, from, to));
  return found.length;
}

/** Moves all who were given the role, a part at a time; what is stopped in between may begin again. */
export async function moveHolders(core: Core, actor: Actor, from: string, to: string): Promise<void> {
  let moved: number;
  do {
    moved = await core.store.transaction(function* (tx) {
      return yield* moveSomeStep(yield* openWrite(tx, core, actor), from, to);
    });
    wakeJobs(core);
  } while (moved === movedAtOnce);
}

/** @param to - undefined: the role goes, and none takes its place. */
const inPlace = (list: readonly string[], from: string, to: string | undefined): string[] => [
  ...new Set(list.flatMap((role) => (role === from ? (to ?? []) : role))),
];

/** Rules that would grant nothing any more go as well. */
function rulesInPlace(rules: readonly RoleRule[], from: string, to: string | undefined): RoleRule[] {
  const moved = rules.flatMap((rule) => {
    const grant = inPlace(rule.grant, from, to);
    return grant.length === 0 ? [] : [{ ...rule, grant, id: ruleId(rule.when, grant) }];
  });
  return [...new Map(moved.map((rule) => [rule.id, rule])).values()];
}

function* recordMove(
  { tx, actor, now }: WriteContext,
  action: string,
  target: AuditParty,
  from: string,
  to: string | undefined,
): Step<void> {
  yield* recordEvent(
    tx,
    actor,
    { action, target, changes: [{ path: 'role', before: from, after: to ?? null }] },
    now,
  );
}

function* moveKeys(context: WriteContext, from: string, to: string): Step<void> {
  const keys = context.tx.tenant(context.tenantId).collection('api_keys');
  for (const { _id, name } of yield* keys.find({ role: from })) {
    yield* keys.update(_id, (key) => ({ ...key, role: to }));
    yield* recordMove(context, 'api_key.updated', { type: 'api_key', id: _id, label: name }, from, to);
  }
}

function* moveGroups(context: WriteContext, from: string, to: string): Step<void> {
  const { tx, tenantId, now } = context;
  const groups = tx.tenant(tenantId).collection('groups');
  const found = yield* groups.find({ roleIds: from });
  for (const { _id, displayName } of found) {
    yield* groups.update(_id, (group) => ({ ...group, roleIds: inPlace(group.roleIds ?? [], from, to) }));
    yield* recordMove(context, 'group.updated', { type: 'group', id: _id, label: displayName }, from, to);
  }
  const groupIds = found.map(({ _id }) => _id);
  if (groupIds.length > 0) yield* enqueueRecompute(tx, tenantId, { groupIds }, now);
}

function* moveRules(context: WriteContext, from: string, to: string | undefined): Step<void> {
  const { tx, tenantId, now } = context;
  const directories = tx.tenant(tenantId).collection('directories');
  for (const { _id, name, roleRules } of yield* directories.find({})) {
    if (!roleRules.some(({ grant }) => grant.includes(from))) continue;
    const moved = rulesInPlace(roleRules, from, to);
    yield* directories.update(_id, (directory) => ({ ...directory, roleRules: moved }));
    yield* recordMove(context, 'directory.updated', { type: 'directory', id: _id, label: name }, from, to);
    yield* enqueueRecompute(tx, tenantId, { directoryId: _id }, now);
  }
  const connections = tx.tenant(tenantId).collection('sso_connections');
  for (const { _id, name, roleRules = [] } of yield* connections.find({})) {
    if (!roleRules.some(({ grant }) => grant.includes(from))) continue;
    const moved = rulesInPlace(roleRules, from, to);
    yield* connections.update(_id, (connection) => ({ ...connection, roleRules: moved }));
    yield* recordMove(context, 'sso.updated', { type: 'sso_connection', id: _id, label: name }, from, to);
  }
}

/** Invitations that are open, and who may use which application. */
function* moveMentions(context: WriteContext, from: string, to: string | undefined): Step<void> {
  const scope = context.tx.tenant(context.tenantId);
  const invitations = scope.collection('invitations');
  for (const { _id } of yield* invitations.find({ roles: from, respondedAt: null }))
    yield* invitations.update(_id, (one) => ({ ...one, roles: inPlace(one.roles, from, to) }));
  yield* scope.collection('tenants').update(context.tenantId, ({ applicationAccess, ...tenant }) => {
    const moved = Object.entries(applicationAccess ?? {}).map(
      ([id, access]) => [id, { ...access, roles: inPlace(access.roles, from, to) }] as const,
    );
    return { ...tenant, ...(applicationAccess && { applicationAccess: Object.fromEntries(moved) }) };
  });
}

/** Takes a role that nobody was given out of the rules, invitations and access rules that name it. */
export function* forgetRoleStep(context: WriteContext, role: string): Step<void> {
  yield* moveRules(context, role, undefined);
  yield* moveMentions(context, role, undefined);
}

/** Puts one role in the place of another wherever the tenant's configuration names it: keys, groups, rules, invitations, applications. */
export function* moveConfigurationStep(context: WriteContext, from: string, to: string): Step<void> {
  yield* moveKeys(context, from, to);
  yield* moveGroups(context, from, to);
  yield* moveRules(context, from, to);
  yield* moveMentions(context, from, to);
}
