import type { UserDocument } from '../../persistence/collections/users.js';
import { AppError, type InputFault } from '../../shared/errors.js';
import type { MappedGrant } from './role-mapping.js';
import type { TenantConfig } from '../tenants/config.js';
import { objectOf } from '../../shared/unknown-value.js';

/** An application a user is let into. */
export interface ServiceAssignment {
  /** The application's key. */
  application: string;
  /** Keys of roles within it, as a directory sent them. */
  roles: readonly string[];
}

/** What a user may reach in applications beside their roles (requirements B1, B6). */
export interface UserAccess {
  /** Empty: all. */
  limitedProducts: readonly string[];
  /** Whether the user may see personal profiles; the applications see to it. */
  userProfileAccess: boolean;
  services: readonly ServiceAssignment[];
}

/** What is absent stays. */
export interface UserAccessChange {
  limitedProducts?: readonly string[] | undefined;
  userProfileAccess?: boolean | undefined;
  /** The keys of all applications the user is assigned to; one that stays keeps its roles. */
  services?: readonly string[] | undefined;
}

type Attributes = Readonly<Record<string, unknown>>;
type Holder = Pick<UserDocument, 'attributes'>;

const textsOf = (value: unknown): string[] =>
  Array.isArray(value) ? value.filter((entry) => typeof entry === 'string') : [];

const extensionOf = ({ attributes }: Holder): Attributes => objectOf(attributes['gatehouse']);

/** The applications a user is assigned to; of several entries for one the roles add up. */
export function servicesOf(user: Holder): ServiceAssignment[] {
  const { serviceAssignments } = extensionOf(user);
  if (!Array.isArray(serviceAssignments)) return [];
  const services = new Map<string, Set<string>>();
  for (const { value, roles } of serviceAssignments.map(objectOf)) {
    if (typeof value !== 'string') continue;
    const known = services.get(value) ?? new Set();
    textsOf(roles).forEach((role) => known.add(role));
    services.set(value, known);
  }
  return [...services].map(([application, roles]) => ({ application, roles: [...roles] }));
}

/** Reads {@link UserAccess} where it is kept: in Gatehouse's extension of the attributes. */
export function accessOf(user: Holder): UserAccess {
  const { limitedProducts, userProfileAccess } = extensionOf(user);
  return {
    limitedProducts: textsOf(limitedProducts),
    userProfileAccess: userProfileAccess === true,
    services: servicesOf(user),
  };
}

/** The attributes with these decisions in their SCIM places; what says nothing is left out. */
export function withAccess(
  attributes: Record<string, unknown>,
  { limitedProducts, userProfileAccess, services }: UserAccessChange,
): Record<string, unknown> {
  if (!limitedProducts && userProfileAccess === undefined && !services) return attributes;
  const stored = objectOf(attributes['gatehouse']);
  const before = servicesOf({ attributes });
  const rolesIn = (key: string): readonly string[] =>
    before.find(({ application }) => application === key)?.roles ?? [];
  const next: Record<string, unknown> = {
    ...stored,
    ...(limitedProducts && { limitedProducts: [...new Set(limitedProducts)] }),
    ...(userProfileAccess !== undefined && { userProfileAccess }),
    ...(services && {
      serviceAssignments: [...new Set(services)].map((value) => {
        const roles = rolesIn(value);
        return { value, ...(roles.length > 0 && { roles: [...roles] }) };
      }),
    }),
  };
  const isEmpty = (value: unknown): boolean => Array.isArray(value) && value.length === 0;
  const gatehouse = Object.fromEntries(Object.entries(next).filter(([, value]) => !isEmpty(value)));
  const { gatehouse: _, ...rest } = attributes;
  return Object.keys(gatehouse).length === 0 ? rest : { ...rest, gatehouse };
}

/** The roles that a user's assignments name, of those that exist. */
export function assignedRoles(user: Holder, config: TenantConfig): MappedGrant[] {
  return servicesOf(user).flatMap(({ application, roles }) =>
    roles
      .map((role) => `${application}:${role}`)
      .filter((role) => config.roles.has(role))
      .map((role) => ({ role, rule: 'serviceAssignments', because: `serviceAssignments "${application}"` })),
  );
}

/**
 * Every application and role that an assignment names has to exist.
 *
 * @throws AppError `input.invalid`.
 */
export function requireKnownServices(user: Holder, config: TenantConfig): void {
  const faults = servicesOf(user).flatMap(({ application, roles }, index): InputFault[] => {
    if (!config.applications.has(application)) {
      return [{ pointer: `/services/${index}`, detail: `there is no application ${application}` }];
    }
    return roles
      .filter((role) => !config.roles.has(`${application}:${role}`))
      .map((role) => ({
        pointer: `/services/${index}`,
        detail: `the application ${application} has no role ${role}`,
      }));
  });
  if (faults.length > 0)
    throw new AppError('input.invalid', 'an assignment is not valid', { errors: faults });
}
