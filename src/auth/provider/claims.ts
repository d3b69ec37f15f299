import type { ApplicationAccess } from '../../identity/grants/effective-roles.js';
import type { UserAccess } from '../../identity/grants/services.js';
import type { UserDocument } from '../../persistence/collections/users.js';
import { textOf } from '../../shared/unknown-value.js';

/** What the claims of one user for one application are made of, read from the store at every issue. */
export interface ClaimSource {
  user: UserDocument;
  tenant: { id: string; slug: string; name: string };
  /** The roles the user holds in this application, by their keys within it; the permissions they add up to. */
  roles: readonly string[];
  permissions: readonly string[];
  /** What limits some of the permissions. */
  constraints?: ApplicationAccess['constraints'];
  /** False while the approval that the tenant requires is missing. */
  approved: boolean;
  /** Whether the address is proven to be the user's. */
  isEmailVerified: boolean;
  /** The user's limits that applications see to. */
  access: Pick<UserAccess, 'limitedProducts' | 'userProfileAccess'>;
  session: { id: string; amr: readonly string[] };
  /** The names of the user's groups; absent: the application did not ask for them. */
  groups?: readonly string[] | undefined;
}

/** More names than a token should carry. */
const maxGroups = 200;

/** Too many names are none at all: an application must not take a part of them for all. */
function groupClaims(groups: ClaimSource['groups']): Record<string, unknown> {
  if (!groups) return {};
  return groups.length > maxGroups ? { groups_overage: true } : { groups: [...groups] };
}

/** `name`: as the directory displays it, else as it formats it, else given and family name, else the userName. */
function namesOf(user: UserDocument): { name: string; given_name?: string; family_name?: string } {
  const name = (user.attributes['name'] ?? {}) as Record<string, unknown>;
  const [given, family] = [textOf(name['givenName']), textOf(name['familyName'])];
  const joined = [given, family].filter((part) => part !== undefined).join(' ');
  return {
    name:
      textOf(user.attributes['displayName']) ?? textOf(name['formatted']) ?? textOf(joined) ?? user.userName,
    ...(given !== undefined && { given_name: given }),
    ...(family !== undefined && { family_name: family }),
  };
}

/** `products` absent: all of them (requirements B6 and E). */
function limitsOf({ limitedProducts, userProfileAccess }: ClaimSource['access']): Record<string, unknown> {
  return {
    ...(limitedProducts.length > 0 && { products: [...limitedProducts] }),
    profile_access: userProfileAccess,
  };
}

/**
 * The claims an application gets in the ID token and from userinfo; the provider leaves out those whose scope was not asked for. No
 * permission of the tenant's own management is ever among them (requirement M1-18).
 */
export function buildClaims(source: ClaimSource): { sub: string; [claim: string]: unknown } {
  const { user, tenant, roles, permissions, constraints = {}, approved, isEmailVerified } = source;
  const { access, session, groups } = source;
  const address = user.email ?? (user.userName.includes('@') ? user.userName : null);
  return {
    sub: user._id,
    ...(address !== null && { email: address, email_verified: isEmailVerified }),
    ...namesOf(user),
    tenant,
    roles: [...roles],
    permissions: [...permissions],
    ...(Object.keys(constraints).length > 0 && { constraints }),
    limits: limitsOf(access),
    approved,
    amr: [...session.amr],
    sid: session.id,
    ...groupClaims(groups),
  };
}

/** Which scope brings which claims; the top-level ones may only be asked for by name. */
export const claimsByScope = {
  openid: ['sub', 'tenant', 'approved', 'amr', 'sid'],
  email: ['email', 'email_verified'],
  profile: ['name', 'given_name', 'family_name'],
  roles: ['roles', 'permissions', 'constraints', 'limits'],
  groups: ['groups', 'groups_overage'],
  acr: null,
  auth_time: null,
  iss: null,
  sid: null,
} as const;

/** OpenID scopes; `scim:me` opens the SCIM `/Me` resource to the token's own user, for the applications that may have it. */
export const supportedScopes = [
  'openid',
  'email',
  'profile',
  'roles',
  'groups',
  'offline_access',
  'scim:me',
] as const;

/** Whether groups were asked for: the scope, or one of its claims by name. */
export function asksForGroups(scope: string, claims: object = {}): boolean {
  return scope.split(' ').includes('groups') || claimsByScope.groups.some((name) => name in claims);
}
