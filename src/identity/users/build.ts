import { isDeepStrictEqual } from 'node:util';
import type { Grant, UserDocument, UserSource } from '../../persistence/collections/users.js';
import type { Step } from '../../persistence/store.js';
import { AppError } from '../../shared/errors.js';
import { newId } from '../../shared/ids.js';
import { coversDomain } from '../domain-match.js';
import { parseEmail } from '../email.js';
import { isLive, replaceGrants } from '../grants/grants.js';
import { requireGrantable } from '../permissions.js';
import { compileRules, mapRoles } from '../grants/role-mapping.js';
import type { TenantConfig } from '../tenants/config.js';
import { requireKnownServices, servicesOf } from '../grants/services.js';
import { standingAfter } from './hold.js';
import type { UserInput } from './input.js';
import { addressKeyOf, deriveUserKeys } from '../user-keys.js';
import { retired, retiredKeys } from '../visibility.js';
import { judgeOwnValues, requireOwnValues, uniqueKeysField, uniqueKeysOf } from './own-attributes.js';
import { mappingView, regrantStep, type WriteContext } from './save.js';
import { aliasesFor } from '../grants/rule-paths.js';

export interface CreateOptions {
  /** `scim` for directories, else `created`. */
  source?: UserSource;
  /** The person needs no activation: named in the bootstrap file, or just signed in through SSO. */
  activated?: boolean;
  /** A hash of the password the person has, which another system made (import): a user with one needs no activation. */
  passwordHash?: string;
  /** What else belongs to it, in the same transaction. */
  also?: (context: WriteContext, user: UserDocument) => Step<void>;
  /** The person may lack what the tenant requires: at the command line an administrator is made by an address alone. */
  lacksRequired?: boolean;
  /** The invitation that brings the user, whose roles are then the invitation's and not given by hand. */
  invitationId?: string;
}

/** @throws AppError `input.invalid` naming each role that does not exist. */
function requireRoles(config: TenantConfig, roles: readonly string[], wanted: readonly string[]): void {
  const unknown = roles.filter((role) => !config.roles.has(role));
  if (unknown.length === 0) return;
  const places = new Map(wanted.map((role, index) => [role, index] as const).reverse());
  throw new AppError('input.invalid', `there is no role ${unknown.join(', ')}`, {
    errors: unknown.map((role) => ({
      pointer: `/roles/${places.get(role) ?? 0}`,
      detail: `there is no role ${role}`,
    })),
  });
}

/** One role of the tenant and one of each application, where `roles.multiple` is off. Who has more already may keep them. */
function requireRoleCount(config: TenantConfig, wanted: readonly string[], before: readonly string[]): void {
  if (config.settings['roles.multiple'] || wanted.every((role) => before.includes(role))) return;
  const places = wanted.map((role) => config.roles.get(role)?.applicationKey ?? '');
  if (new Set(places).size === places.length) return;
  throw new AppError('input.invalid', 'a user has one role in this tenant', {
    errors: [{ pointer: '/roles', detail: 'only one role of the tenant and one of each application' }],
  });
}

/** Whether a connection of the tenant that is not off answers for the user's address domain. */
function signsInThroughSso(config: TenantConfig, keys: Pick<UserDocument, 'email' | 'userName'>): boolean {
  const domain = parseEmail(keys.email ?? keys.userName)?.domain;
  return domain !== undefined && coversDomain(config.ssoDomains, domain);
}

function isApproved(context: WriteContext, input: UserInput, source: UserSource): boolean {
  const { settings } = context.config;
  if (input.approved !== undefined) return input.approved;
  if (!settings['approval.required']) return true;
  if (source === 'scim') return settings['approval.autoApproveScim'];
  return source === 'invite' && settings['approval.autoApproveInvited'];
}

/** @throws AppError `user.adding_off` where people cannot add users: government tenants, or all users come from a directory. */
export function requireAddingAllowed({ actor, config }: Pick<WriteContext, 'actor' | 'config'>): void {
  const { type } = actor.party;
  if (config.settings['users.adding'] === 'by_permission') return;
  if (type === 'user' || type === 'api_key') {
    throw new AppError('user.adding_off', 'users are not added here in this tenant');
  }
}

/**
 * Judges roles to be given in place of others: they exist, the giver holds what they hold, and they are not too many.
 *
 * @param before - what the user holds of the same source; only what is added or taken needs the giver's own permissions.
 * @throws AppError `input.invalid`, `role.not_grantable`.
 */
export function requireGivable(
  { actor, config }: Pick<WriteContext, 'actor' | 'config'>,
  wanted: readonly string[],
  before: readonly string[],
): void {
  const added = wanted.filter((role) => !before.includes(role));
  const taken = before.filter((role) => !wanted.includes(role));
  requireRoles(config, added, wanted);
  requireGrantable(
    actor,
    [...added, ...taken].flatMap((role) => config.roles.get(role) ?? []),
  );
  requireRoleCount(config, wanted, before);
}

/**
 * A user's grants without those of an invitation that roles given by hand take the place of: where `roles.multiple` is off, there is one
 * role in each place.
 */
function withoutReplaced(
  { actor, config }: Pick<WriteContext, 'actor' | 'config'>,
  user: UserDocument,
  wanted: readonly string[],
): Grant[] {
  if (config.settings['roles.multiple']) return user.grants;
  const placeOf = (role: string): string => config.roles.get(role)?.applicationKey ?? '';
  const places = new Set(wanted.map(placeOf));
  const isReplaced = ({ type, role }: Grant): boolean =>
    type === 'invite' && places.has(placeOf(role)) && !wanted.includes(role);
  const replaced = user.grants.filter(isReplaced).flatMap(({ role }) => config.roles.get(role) ?? []);
  requireGrantable(actor, replaced);
  return user.grants.filter((grant) => !isReplaced(grant));
}

/** A user whom people remove from an application loses what an invitation gave there (M1-28). */
function withoutLeftServices(
  { actor }: WriteContext,
  before: UserDocument,
  user: UserDocument,
): UserDocument {
  if (actor.directoryId !== null || before.attributes === user.attributes) return user;
  const left = new Set(servicesOf(user).map(({ application }) => application));
  const gone = servicesOf(before).filter(({ application }) => !left.has(application));
  if (gone.length === 0) return user;
  const isGone = ({ type, role }: Grant): boolean =>
    type === 'invite' && gone.some(({ application }) => role.startsWith(`${application}:`));
  return { ...user, grants: user.grants.filter((grant) => !isGone(grant)) };
}

/** Puts exactly these roles as given by one source: by hand, or by the invitation that brought the user. */
function withGivenRoles(
  context: WriteContext,
  user: UserDocument,
  roles: readonly string[],
  invitationId: string | null = null,
): UserDocument {
  const source = { type: invitationId === null ? 'manual' : 'invite', sourceId: invitationId } as const;
  const held = user.grants.filter(
    (grant) => grant.type === source.type && grant.sourceId === source.sourceId && isLive(grant, context.now),
  );
  const kept = new Map(held.map((grant) => [grant.role, grant]));
  const wanted = [...new Set(roles)];
  requireGivable(context, wanted, [...kept.keys()]);
  const stored = invitationId === null ? withoutReplaced(context, user, wanted) : user.grants;
  const { label } = context.actor.party;
  const detail = invitationId === null ? `given by ${label}` : `invited by ${label}`;
  const grants = wanted.map((role) => ({
    role,
    detail: kept.get(role)?.detail ?? detail,
    until: kept.get(role)?.until ?? null,
  }));
  return { ...user, grants: replaceGrants(stored, source, grants, context.now) };
}

const hasOwnPassword = ({ password, passwordIsTemporary }: UserInput): boolean =>
  password !== undefined && passwordIsTemporary !== true;

/** Ways to add a user that state all attributes. Invitations and first sign-ins know an address and a name alone. */
const statesAttributes: ReadonlySet<UserSource> = new Set(['created', 'scim']);

function requireStatedValues(config: TenantConfig, user: UserDocument, options: CreateOptions): void {
  if (statesAttributes.has(user.source) && options.lacksRequired !== true) requireOwnValues(config, user);
}

/** Whether the user is activated from the beginning, and whether their address is known to be theirs. */
function activationOf(
  user: Pick<UserDocument, 'email' | 'userName'>,
  isReady: boolean,
  isActivated: boolean,
  now: Date,
) {
  return {
    activatedAt: isReady ? now : null,
    verifiedEmailKey: isActivated ? addressKeyOf(user) : null,
  };
}

/** A new user as it will be stored, roles included. */
export function* buildUser(
  context: WriteContext,
  input: UserInput,
  options: CreateOptions,
): Step<UserDocument> {
  const { actor, config, core, now, tenantId } = context;
  const attributes = judgeOwnValues(core, config, input.attributes);
  const source = options.source ?? (actor.directoryId === null ? 'created' : 'scim');
  const keys = deriveUserKeys(input.userName, input.attributes);
  const isActivated = options.activated === true;
  const isSso = signsInThroughSso(context.config, { email: keys.email, userName: input.userName });
  const hasPassword = hasOwnPassword(input) || options.passwordHash !== undefined;
  const isReady = isActivated || hasPassword || (isSso && source !== 'invite');
  const user: UserDocument = {
    _id: newId(),
    tenantId,
    version: 1,
    createdAt: now,
    updatedAt: now,
    userName: input.userName,
    ...keys,
    externalId: input.externalId,
    directoryId: actor.directoryId,
    attributes,
    ...uniqueKeysField(uniqueKeysOf(config, attributes)),
    groupIds: [],
    grants: [],
    enabled: input.active,
    approved: isApproved(context, input, source),
    ...activationOf({ email: keys.email, userName: input.userName }, isReady, isActivated, now),
    accessExpiresAt: input.accessExpiresAt ?? null,
    loginType: input.loginType ?? (isSso ? 'sso' : 'local'),
    source,
    accessRevokedAt: null,
  };
  requireStatedValues(config, user, options);
  const given =
    input.roles === undefined ? user : withGivenRoles(context, user, input.roles, options.invitationId);
  requireServices(context, given);
  refuseUnknownValues(context, given);
  return { ...given, grants: yield* regrantStep(context, given) };
}

/**
 * Where `scim.unknownRole` says so, a directory may send only role values that some rule knows.
 *
 * @throws AppError `input.invalid`.
 */
function refuseUnknownValues(context: WriteContext, user: UserDocument): void {
  const { actor, config, core } = context;
  if (actor.directoryId === null || config.settings['scim.unknownRole'] === 'ignore') return;
  const directory = config.directories.get(actor.directoryId);
  const rules = compileRules(directory?.roleRules ?? [], aliasesFor(core));
  const { unmatched } = mapRoles(mappingView(user, []), rules, aliasesFor(core));
  const unknown = unmatched.filter(({ path }) => path === 'roles.value' || path === 'entitlements.value');
  if (unknown.length === 0) return;
  throw new AppError('input.invalid', 'no rule knows these roles', {
    errors: unknown.map(({ path, value }) => ({
      pointer: `/${path.split('.')[0] ?? ''}`,
      detail: `no rule knows ${value}`,
    })),
  });
}

/** People assign to what exists; what a directory assigns to may come later, where `scim.unknownRole` does not say otherwise. */
function requireServices(context: WriteContext, user: UserDocument, before?: UserDocument): void {
  const { actor, config } = context;
  if (before && isDeepStrictEqual(servicesOf(before), servicesOf(user))) return;
  const isTolerant = actor.directoryId !== null && config.settings['scim.unknownRole'] === 'ignore';
  if (!isTolerant) requireKnownServices(user, config);
}

/** What an input says beside names and attributes; the rest stays as stored. */
function statedFields(stored: UserDocument, input: UserInput) {
  return {
    approved: input.approved ?? stored.approved,
    accessExpiresAt: input.accessExpiresAt === undefined ? stored.accessExpiresAt : input.accessExpiresAt,
    loginType: input.loginType ?? stored.loginType,
    ...(input.signature !== undefined && { signature: input.signature ?? '' }),
  };
}

/** A stored user with a new input put on it, roles included; a directory that writes to an unmanaged user takes it over. */
export function* changedUser(
  context: WriteContext,
  stored: UserDocument,
  input: UserInput,
): Step<UserDocument> {
  const { actor, config, core } = context;
  const attributes = judgeOwnValues(core, config, input.attributes, stored.attributes);
  const isBack = stored.directoryId === retired && input.active;
  const isHidden = stored.directoryId === retired && !isBack;
  const keys = deriveUserKeys(input.userName, input.attributes);
  const directoryId = isBack ? null : (stored.directoryId ?? actor.directoryId);
  const changed: UserDocument = {
    ...stored,
    ...keys,
    ...(isHidden && { loginKeys: retiredKeys(stored._id) }),
    userName: input.userName,
    externalId: input.externalId,
    attributes,
    ...uniqueKeysField(isHidden ? [] : uniqueKeysOf(config, attributes), stored),
    ...standingAfter(actor, stored, input, directoryId),
    directoryId,
    ...statedFields(stored, input),
  };
  requireOwnValues(config, changed, stored);
  const left = withoutLeftServices(context, stored, changed);
  const given = input.roles === undefined ? left : withGivenRoles(context, left, input.roles);
  if (given.attributes !== stored.attributes) {
    requireServices(context, given, stored);
    refuseUnknownValues(context, given);
  }
  return { ...given, grants: yield* regrantStep(context, given) };
}
