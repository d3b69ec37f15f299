import { setImmediate as pause } from 'node:timers/promises';
import type { DirectoryDocument } from '../../persistence/collections/directories.js';
import type { Grant, UserDocument } from '../../persistence/collections/users.js';
import type { Core } from '../core.js';
import { effectiveRoles } from '../grants/effective-roles.js';
import { groupClosure, reachable } from '../grants/group-graph.js';
import { requireAttributeLimits } from './input-limits.js';
import {
  compileRules,
  mapCompiledRules,
  mapRoles,
  type MappedGrant,
  traceRules,
  unmatchedOf,
  type MappingResult,
  type RoleRule,
  type RuleTrace,
  type UnmatchedValue,
} from '../grants/role-mapping.js';
import type { MappingGroup, MappingView } from '../grants/rule-paths.js';
import { tenantConfig } from '../tenants/config.js';
import { statusOf, hasRolesIn, type UserStatus } from '../grants/user-status.js';
import { mappingView } from './save.js';
import { aliasesFor } from '../grants/rule-paths.js';
import { getUser } from './users.js';

interface RoleSource extends Grant {
  /** The rule's id, where a rule of the directory gave it. */
  rule: string | null;
  /** Whose rule, or whose assignment. */
  directory: { id: string; name: string } | null;
}

interface RoleReason {
  role: string;
  name: string;
  permissions: readonly string[];
  /** Whether the role works now; false for one that has ended, or that the user's status keeps back. */
  inForce: boolean;
  sources: RoleSource[];
}

export interface RoleExplanation {
  status: UserStatus;
  /** Why no role works at all, when the status keeps them back. */
  heldBack: string | null;
  roles: RoleReason[];
  rules: RuleTrace[];
  /** What the directory sent that no rule knows. */
  unmatched: UnmatchedValue[];
  /** Granted roles that do not exist any more. */
  unknownRoles: string[];
}

function toMappingGroups(
  groups: Iterable<{ _id: string; displayName: string; externalId: string | null }>,
): MappingGroup[] {
  return [...groups].map(({ _id, displayName, externalId }) => ({ id: _id, displayName, externalId }));
}

/** @param directoryId - whose rules look: they see its own groups. */
async function viewOf(core: Core, user: UserDocument, directoryId: string | null): Promise<MappingView> {
  const known = await groupClosure(core.store, user.tenantId, user.groupIds);
  return mappingView(user, toMappingGroups(reachable(user.groupIds, known, directoryId)));
}

function sourceOf(
  grant: Grant,
  directory: DirectoryDocument | undefined,
  mapped: readonly MappedGrant[],
): RoleSource {
  if (!directory || grant.type !== 'rule' || grant.sourceId !== directory._id)
    return { ...grant, rule: null, directory: null };
  const found = mapped.find(({ role, because }) => role === grant.role && because === grant.detail);
  return { ...grant, rule: found?.rule ?? null, directory: { id: directory._id, name: directory.name } };
}

function reasonsOf(
  user: UserDocument,
  roles: ReadonlySet<string>,
  names: Names,
  toSource: (grant: Grant) => RoleSource,
): RoleReason[] {
  const held = [...new Set(user.grants.map((grant) => grant.role))].sort();
  return held.flatMap((role) => {
    const known = names.get(role);
    if (!known) return [];
    const sources = user.grants.filter((grant) => grant.role === role).map(toSource);
    return [{ role, name: known.name, permissions: known.permissions, inForce: roles.has(role), sources }];
  });
}

type Names = ReadonlyMap<string, { name: string; permissions: readonly string[] }>;

/**
 * Why a user has each role: who gave it, or which rule matched because of which value; and what the rules did not know.
 *
 * @throws AppError `user.not_found`.
 */
export async function explainRoles(core: Core, tenantId: string, userId: string): Promise<RoleExplanation> {
  const [user, config] = await Promise.all([getUser(core, tenantId, userId), tenantConfig(core, tenantId)]);
  const scope = core.store.tenant(tenantId);
  const directory =
    user.directoryId === null ? undefined : await scope.collection('directories').get(user.directoryId);
  const credentials = await scope.collection('credentials').get(userId);
  const now = core.clock.now();
  const status = statusOf(user, config.settings, now, credentials?.lockedUntil ?? null);
  const view = await viewOf(core, user, user.directoryId);
  const rules = compileRules(directory?.roleRules ?? [], aliasesFor(core));
  const { grants, unmatched } = mapRoles(view, rules, aliasesFor(core));
  return {
    status,
    heldBack: hasRolesIn(status) ? null : `roles do not work while the user is ${status.replace('_', ' ')}`,
    roles: reasonsOf(user, new Set(effectiveRoles(user, config, now)), config.roles, (grant) =>
      sourceOf(grant, directory, grants),
    ),
    rules: traceRules(view, rules, grants),
    unmatched: directory ? unmatched : [],
    unknownRoles: [...new Set(user.grants.map(({ role }) => role))]
      .filter((role) => !config.roles.has(role))
      .sort(),
  };
}

/** What the rules of a directory would give; nothing is written. */
export interface DryRunResult extends MappingResult {
  trace: RuleTrace[];
}

/** A SCIM user as a client would send it, extensions by their URN, seen the way the rules see stored users. */
function viewOfResource(core: Core, resource: Readonly<Record<string, unknown>>): MappingView {
  const aliases = aliasesFor(core);
  const entries = Object.entries(resource).map(([name, value]) => [
    aliases.get(name.toLowerCase()) ?? name,
    value,
  ]);
  const listed: readonly unknown[] = Array.isArray(resource['groups']) ? resource['groups'] : [];
  const groups = listed.filter(
    (group): group is Record<string, unknown> => typeof group === 'object' && group !== null,
  );
  const text = (value: unknown): string => (typeof value === 'string' ? value : '');
  return {
    user: Object.fromEntries(entries) as Record<string, unknown>,
    groups: groups.map((group) => ({
      id: text(group['value'] ?? group['id']),
      displayName: text(group['display'] ?? group['displayName']),
      externalId: typeof group['externalId'] === 'string' ? group['externalId'] : null,
    })),
  };
}

/**
 * Tries rules on a user without writing anything.
 *
 * @param directory - whose rules look at the user.
 * @param subject - a stored user's id, or a SCIM User resource (`groups` with `display` and `value`).
 * @param rules - checked ones; see `checkRules`.
 * @throws AppError `user.not_found`; `input.invalid` when the resource is larger than a directory may send.
 */
export async function dryRunRules(
  core: Core,
  { _id, tenantId }: Pick<DirectoryDocument, '_id' | 'tenantId'>,
  subject: { userId: string } | { user: Readonly<Record<string, unknown>> },
  rules: readonly RoleRule[],
): Promise<DryRunResult> {
  if ('user' in subject) requireAttributeLimits(subject.user);
  const view =
    'userId' in subject
      ? await viewOf(core, await getUser(core, tenantId, subject.userId), _id)
      : viewOfResource(core, subject.user);
  const compiled = compileRules(rules, aliasesFor(core));
  const grants = mapCompiledRules(view, compiled);
  // Each of the three may take a while: others come in between.
  await pause();
  const unmatched = unmatchedOf(view, compiled, aliasesFor(core));
  await pause();
  return { grants, unmatched, trace: traceRules(view, compiled, grants) };
}
