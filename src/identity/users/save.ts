import { isDeepStrictEqual } from 'node:util';
import type { DirectoryDocument } from '../../persistence/collections/directories.js';
import type { Grant, UserDocument } from '../../persistence/collections/users.js';
import type { Step, Transaction } from '../../persistence/store.js';
import { AppError } from '../../shared/errors.js';
import { service } from '../../shared/services.js';
import { noteDomains } from './address-domains.js';
import { changesDecided, movesBeyond, notGivable, requireAuthority } from './authority.js';
import type { Actor, Core } from '../core.js';
import { groupSource, replaceRuleGrants } from '../grants/grants.js';
import { knownGroupsStep, reachable, type GroupNode, type KnownGroups } from '../grants/group-graph.js';
import { groupGrants } from '../grants/group-grants.js';
import { enqueueJob } from '../jobs/queue.js';
import {
  compileRules,
  mapCompiledRules,
  type CompiledRules,
  type MappedGrant,
} from '../grants/role-mapping.js';
import { aliasesFor, type MappingGroup, type MappingView } from '../grants/rule-paths.js';
import { tenantConfigStep, touchTenant, type TenantConfig } from '../tenants/config.js';
import { noEffects, type Effects } from './effects.js';
import { withMovedAddress } from './moved-address.js';
import { noticeChanges } from './notices.js';
import { guardedChange } from './change-guard.js';
import { nextRevocation } from './session-end.js';
import { assignedRoles } from '../grants/services.js';
import { withoutOldAddress } from '../user-keys.js';
import { administratorLevel, guardAttributes, guardSelf, revocationReason } from './transitions.js';
import { recordUserChanges } from './change-events.js';

/** What every write of users works with, inside one transaction. */
export interface WriteContext {
  tx: Transaction;
  core: Core;
  actor: Actor;
  now: Date;
  tenantId: string;
  config: TenantConfig;
  /** Groups read so far; to be emptied by whoever changes one ({@link forgetGroups}). */
  groups: KnownGroups;
  /** What this attempt has changed so far. */
  effects: Effects;
}

/** To be called when a group's names or place changed in this transaction. */
export function forgetGroups(context: WriteContext): void {
  context.groups.clear();
}

/** Begins a change of users or groups: reads the configuration once, in this transaction. @throws AppError `tenant.not_found`. */
export function* openWrite(tx: Transaction, core: Core, actor: Actor): Step<WriteContext> {
  const { tenantId } = actor;
  const config = yield* tenantConfigStep(core, tx, tenantId);
  return {
    tx,
    core,
    actor,
    now: core.clock.now(),
    tenantId,
    config,
    groups: new Map(),
    effects: noEffects(),
  };
}

/** By the directory in a remembered configuration. */
const compiledRules = service(() => new WeakMap<DirectoryDocument, CompiledRules>());

function rulesOf(core: Core, directory: DirectoryDocument): CompiledRules {
  const compiled = compiledRules(core);
  const known = compiled.get(directory) ?? compileRules(directory.roleRules, aliasesFor(core));
  compiled.set(directory, known);
  return known;
}

/** A user as the role rules see it. */
export function mappingView(
  user: Pick<UserDocument, 'attributes' | 'userName' | 'externalId' | 'enabled'>,
  groups: readonly MappingGroup[],
): MappingView {
  const { attributes, userName, externalId, enabled } = user;
  return { user: { ...attributes, userName, externalId, active: enabled }, groups };
}

/** The groups of a user, nested ones too, as far as anything depends on them. */
function* groupsOfStep(context: WriteContext, user: UserDocument, isNeeded: boolean): Step<GroupNode[]> {
  if (!isNeeded || user.groupIds.length === 0) return [];
  yield* knownGroupsStep(context.tx, context.tenantId, user.groupIds, context.groups);
  return reachable(user.groupIds, context.groups);
}

/** What the rules of a user's directory are asked with. */
interface DirectoryView {
  config: TenantConfig;
  directory: DirectoryDocument;
  /** The user's groups of that directory: by names anybody may give, rules would give roles to whom the directory never meant. */
  groups: readonly MappingGroup[];
}

/** What a directory gives a user, by rules and by assignment, of the roles that exist. */
function grantsByDirectory(
  core: Core,
  user: UserDocument,
  { config, directory, groups }: DirectoryView,
): MappedGrant[] {
  const rules = rulesOf(core, directory);
  const mapped = rules.rules.length === 0 ? [] : mapCompiledRules(mappingView(user, groups), rules);
  return [...mapped.filter(({ role }) => config.roles.has(role)), ...assignedRoles(user, config)];
}

/** The full keys of the roles that a directory gives a user. */
export const rolesByDirectory = (core: Core, user: UserDocument, view: DirectoryView): string[] =>
  grantsByDirectory(core, user, view).map(({ role }) => role);

/**
 * The user's grants with what its directory gives, by rules and by assignment, and what its groups give, worked out afresh; the very same
 * list when nothing changed.
 */
export function* regrantStep(context: WriteContext, user: UserDocument): Step<Grant[]> {
  const { config, core, now } = context;
  const directory = config.directories.get(user.directoryId ?? '');
  const hasGroupRoles = config.groupRoles.size > 0;
  const needsGroups = hasGroupRoles || (directory !== undefined && rulesOf(core, directory).needsGroups);
  const groups = yield* groupsOfStep(context, user, needsGroups);
  let next = user.grants;
  if (directory) {
    const own = groups.length === 0 ? [] : reachable(user.groupIds, context.groups, directory._id);
    const named = own.map(({ _id, displayName, externalId }) => ({ id: _id, displayName, externalId }));
    const given = grantsByDirectory(core, user, { config, directory, groups: named });
    next = replaceRuleGrants(next, directory._id, given, now);
  }
  if (hasGroupRoles || next.some(({ sourceId }) => sourceId === groupSource)) {
    next = replaceRuleGrants(next, groupSource, groupGrants(groups, config), now);
  }
  return isDeepStrictEqual(next, user.grants) ? user.grants : next;
}

/** Administrators read at one time: the first ones nearly always hold one who stays. */
const administratorsPerRead = 20;

/**
 * Refuses to leave the tenant without anybody in charge. Two such changes at once cannot both pass: each moves the tenant's version.
 *
 * @param after - undefined for a deletion.
 * @throws AppError `user.last_administrator` (requirement F-11).
 */
export function* guardLastAdministrator(
  context: WriteContext,
  before: UserDocument,
  after: UserDocument | undefined,
): Step<void> {
  const { config, now, tx, tenantId } = context;
  const needed = administratorLevel(before, config, now);
  if (needed === 0 || (after && administratorLevel(after, config, now) >= needed)) return;
  yield* touchTenant(tx, tenantId);
  const query = {
    'grants.role': { $in: [...config.administratorRoles] },
    enabled: true,
    _id: { $ne: before._id },
  };
  let last: UserDocument | undefined;
  do {
    const others: UserDocument[] = yield* tx
      .tenant(tenantId)
      .collection('users')
      .find(query, { limit: administratorsPerRead, ...(last && { after: last }) });
    if (others.some((user) => administratorLevel(user, config, now) >= needed)) return;
    last = others.length === administratorsPerRead ? others.at(-1) : undefined;
  } while (last);
  throw new AppError('user.last_administrator', 'the last administrator of a tenant stays in charge');
}

/** Kind of the job that ends a user's sessions and tokens and tells the applications. */
const accessEndJob = 'access.end';
/** Kind of the job that runs when an access period is over. */
export const accessExpireJob = 'access.expire';

/** The id of the record of one end of access. */
export const accessEndId = (userId: string, calledAt: Date): string => `${userId}:${calledAt.toISOString()}`;

/** Leaves the clean-up to a job, for the few who have something to clean up: most people a directory disables were never signed in. */
export function* enqueueAccessEnd(context: WriteContext, userId: string, reason: string): Step<void> {
  const { tx, tenantId } = context;
  const session = yield* tx.tenant(tenantId).collection('sessions').findOne({ userId });
  const given = session ?? (yield* tx.server.collection('oidc_payloads').findOne({ accountId: userId }));
  if (!given) return;
  const payload = { userId, revokedAt: context.now.toISOString(), reason };
  const ends = tx.tenant(tenantId).collection('access_ends');
  const _id = accessEndId(userId, context.now);
  const counts = { sessions: [], sessionCount: 0, tokenCount: 0, endedAt: null };
  if (!(yield* ends.get(_id)))
    yield* ends.insert({ _id, tenantId, userId, reason, calledAt: context.now, ...counts });
  yield* enqueueJob(tx, tenantId, { kind: accessEndJob, payload }, context.now);
}

/** Leaves the job that ends the access of a user at its date; none for a date that is past or absent. */
export function* enqueueExpiry(context: WriteContext, user: UserDocument): Step<void> {
  const runAt = user.accessExpiresAt;
  if (runAt === null || runAt <= context.now) return;
  yield* enqueueJob(
    context.tx,
    context.tenantId,
    { kind: accessExpireJob, payload: { userId: user._id }, runAt },
    context.now,
  );
}

/** What an actor may not do to a user, whichever door they come through. */
function guardChange(
  { actor, config, now }: WriteContext,
  before: UserDocument,
  after: UserDocument,
  endsAccess: boolean,
): void {
  if (endsAccess || changesDecided(before, after)) requireAuthority(actor, before, config, now);
  guardSelf(actor, before, after, config, now);
  guardAttributes(actor, before, after, config);
}

/** Nobody gives or takes what they do not hold, be it by a rule that matches what they change, or no longer does. */
function* guardMoves(context: WriteContext, before: UserDocument, after: UserDocument): Step<void> {
  if (!movesBeyond(context, before, after)) return;
  // What an earlier change of rules has yet to give is not this one's doing.
  const settled = { ...before, grants: yield* regrantStep(context, before) };
  if (movesBeyond(context, settled, after)) throw notGivable();
}

/**
 * Writes a changed user with all that hangs on it: guards, the end of sessions where the change demands it, audit events.
 *
 * @param revoke - ends sessions and tokens whatever changed, for this reason.
 * @returns the stored document, the same one when nothing changed.
 */
export function* saveUser(
  context: WriteContext,
  before: UserDocument,
  wanted: UserDocument,
  revoke?: string,
): Step<UserDocument> {
  const { actor, config, now, tx, tenantId } = context;
  const changed = yield* guardedChange(context, before, wanted);
  const reason = revoke ?? revocationReason(actor, before, changed, config, now);
  const kept = withMovedAddress(actor, before, withoutOldAddress(before, changed), now);
  const after = reason === undefined ? kept : { ...kept, accessRevokedAt: nextRevocation(before, now) };
  if (isDeepStrictEqual(before, after)) return before;
  guardChange(context, before, after, revoke !== undefined);
  yield* guardMoves(context, before, after);
  yield* guardLastAdministrator(context, before, after);
  const saved = yield* tx
    .tenant(tenantId)
    .collection('users')
    .update(before._id, () => after, { ifVersion: before.version });
  if (!saved) throw new AppError('user.not_found', 'there is no such user');
  yield* noteDomains(context.core, tx, context.tenantId, saved.loginKeys);
  if (before.grants !== saved.grants)
    context.effects.grants.push({ userId: saved._id, before: before.grants, after: saved.grants });
  if (after.accessExpiresAt?.getTime() !== before.accessExpiresAt?.getTime())
    yield* enqueueExpiry(context, after);
  if (reason !== undefined) yield* enqueueAccessEnd(context, before._id, reason);
  yield* recordUserChanges(context, before, saved);
  yield* noticeChanges(context, before, saved);
  return saved;
}
