import { AppError } from '../../shared/errors.js';
import type { ApplicationDocument } from '../../persistence/collections/applications.js';
import type { UserDocument } from '../../persistence/collections/users.js';
import type { Core } from '../core.js';
import { applicationAccess, readerRole } from '../grants/effective-roles.js';
import { accessOf, servicesOf } from '../grants/services.js';
import type { UserStatus } from '../grants/user-status.js';
import { isOfferedPermission, tenantConfig, type Role, type TenantConfig } from '../tenants/config.js';
import { explainRoles, type RoleExplanation } from '../users/role-explanation.js';
import { getUser } from '../users/users.js';
import { accessRuleOf, mayUseApplication, type AccessRule } from './access.js';

export interface AccessQuestion {
  /** An application's key; null: Gatehouse itself. */
  application: string | null;
  /** As the application names it; for Gatehouse a management permission. */
  permission: string;
}

/** One way by which the permission comes to the user. */
export interface AccessPath {
  /** Full key. */
  role: string;
  name: string;
  /** `assignment`: the user is assigned to the application, which gives what its Reader may, without the role. */
  by: 'role' | 'assignment';
  /** Whether it works now. */
  inForce: boolean;
  sources: RoleExplanation['roles'][number]['sources'];
}

export interface AccessAnswer extends AccessQuestion {
  allowed: boolean;
  status: UserStatus;
  /** What is in the way, in words; empty when allowed. */
  refusals: string[];
  paths: AccessPath[];
  /** Who may use the application at all, and whether the user is among them; null for Gatehouse itself. */
  access: (Pick<AccessRule, 'by' | 'roles' | 'groups'> & { allowed: boolean }) | null;
  /** What the application learns of the user's limits; null for Gatehouse itself. */
  limits: { products: readonly string[]; profileAccess: boolean } | null;
  /** The roles that would give it. */
  givenBy: string[];
}

function gives(role: Role, { application, permission }: AccessQuestion, config: TenantConfig): boolean {
  if (application === null) return role.management.includes(permission);
  if (role.applicationKey !== null)
    return role.applicationKey === application && role.permissions.includes(permission);
  const full = `${application}:${permission}`;
  return role.permissions.includes(full) && isOfferedPermission(config, full);
}

function pathsOf(
  user: UserDocument,
  question: AccessQuestion,
  config: TenantConfig,
  { roles, heldBack }: RoleExplanation,
): AccessPath[] {
  const byRole = roles.flatMap((reason): AccessPath[] => {
    const role = config.roles.get(reason.role);
    if (!role || !gives(role, question, config)) return [];
    const { name, inForce, sources } = reason;
    return [{ role: role.fullKey, name, by: 'role', inForce, sources }];
  });
  const { application, permission } = question;
  const isAssigned = servicesOf(user).some((service) => service.application === application);
  const reader = isAssigned && application !== null ? readerRole(application, config) : undefined;
  if (!reader?.permissions.includes(permission)) return byRole;
  const { fullKey, name } = reader;
  return [...byRole, { role: fullKey, name, by: 'assignment', inForce: heldBack === null, sources: [] }];
}

async function findApplication(
  core: Core,
  { tenant, serverApplications }: TenantConfig,
  key: string,
): Promise<ApplicationDocument> {
  const applications = core.store.tenant(tenant._id).collection('applications');
  const found = serverApplications.get(key) ?? (await applications.findOne({ key }));
  if (found) return found;
  throw new AppError('input.invalid', 'there is no such application', {
    errors: [{ pointer: '?application', detail: `there is no application ${key}` }],
  });
}

async function accessTo(core: Core, user: UserDocument, config: TenantConfig, key: string) {
  const application = await findApplication(core, config, key);
  const { by, roles, groups } = accessRuleOf(config.tenant, application._id);
  return { by, roles, groups, allowed: await mayUseApplication(core, application, user, config) };
}

function refusalsOf(
  { heldBack }: RoleExplanation,
  access: AccessAnswer['access'],
  paths: readonly AccessPath[],
  isKept: boolean,
): string[] {
  const [has, works] = [paths.length > 0, paths.some(({ inForce }) => inForce)];
  return [
    ...(heldBack === null ? [] : [heldBack]),
    ...(access?.allowed === false ? [`the application is open by ${access.by} only`] : []),
    ...(has ? [] : ['none of the user’s roles gives this permission']),
    ...(has && !works && heldBack === null ? ['the role that gave it has ended'] : []),
    ...(works && isKept ? ['a switch of the user or of the tenant keeps it back'] : []),
  ];
}

/**
 * Whether a user may do something, and by which path: which role, given by whom or by which rule or group, and what is in the way.
 *
 * @throws AppError `user.not_found`, `input.invalid` for an application that does not exist.
 */
export async function checkAccess(
  core: Core,
  tenantId: string,
  userId: string,
  question: AccessQuestion,
): Promise<AccessAnswer> {
  const [user, config, explanation] = await Promise.all([
    getUser(core, tenantId, userId),
    tenantConfig(core, tenantId),
    explainRoles(core, tenantId, userId),
  ]);
  const { application } = question;
  const access = application === null ? null : await accessTo(core, user, config, application);
  const paths = pathsOf(user, question, config, explanation);
  const now = core.clock.now();
  const told = application === null ? undefined : applicationAccess(user, application, config, now);
  const isKept = told !== undefined && !told.permissions.includes(question.permission);
  const refusals = refusalsOf(explanation, access, paths, isKept);
  const { limitedProducts, userProfileAccess } = accessOf(user);
  return {
    ...question,
    allowed: refusals.length === 0,
    status: explanation.status,
    refusals,
    paths,
    access,
    limits: application === null ? null : { products: limitedProducts, profileAccess: userProfileAccess },
    givenBy: [...config.roles.values()]
      .filter((role) => gives(role, question, config))
      .map(({ fullKey }) => fullKey)
      .sort(),
  };
}
