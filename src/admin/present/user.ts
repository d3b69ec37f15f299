import { hasSecondFactor } from '../../identity/users/second-factor.js';
import { accessOf } from '../../identity/grants/services.js';
import { userStatuses } from '../../identity/grants/user-status.js';
import { isHeld } from '../../identity/users/hold.js';
import { displayNameOf } from '../../identity/user-keys.js';
import type { UserView } from '../../identity/users/view.js';
import { z } from '../schema.js';
import { id, instant, instantOrNull, iso, isoOrNull } from './fields.js';

export const loginTypes = ['local', 'sso'] as const;
export const userSources = ['invite', 'created', 'self_registration', 'scim', 'sso_jit'] as const;

const roleSource = z.strictObject({
  type: z.enum(['manual', 'invite', 'rule', 'sso']),
  detail: z.string().describe('for people: who gave it, or which rule matched what'),
  since: instant,
  until: instantOrNull,
});

const userRole = z.strictObject({
  role: z.string().describe('`administrator`, `crm:agent`'),
  sources: z.array(roleSource),
});

const named = z.strictObject({ id, name: z.string() });

export const userFields = {
  id,
  email: z.string().nullable(),
  userName: z.string(),
  givenName: z.string().nullable(),
  familyName: z.string().nullable(),
  displayName: z.string(),
  phone: z.string().nullable(),
  picture: z.string().nullable().describe('an address or a `data:` URI'),
  signature: z.string().nullable(),
  language: z.string().nullable().describe('of mails; null: the tenant’s'),
  status: z.enum(userStatuses).describe('the first that holds, in this order; `active` when none does'),
  enabled: z.boolean(),
  held: z.boolean().describe('disabled until people enable: what the directory says does not count'),
  approved: z.boolean(),
  loginType: z.enum(loginTypes),
  source: z.enum(userSources),
  roles: z.array(userRole).describe('effective roles, each with every reason for it'),
  groups: z.array(z.strictObject({ id, displayName: z.string() })),
  limitedProducts: z.array(z.string()).describe('the products the user is limited to; none: all'),
  userProfileAccess: z.boolean().describe('may see personal profiles in the applications'),
  services: z
    .array(z.string())
    .describe('keys of the applications the user is assigned to: a reader there without any role'),
  accessExpiresAt: instantOrNull,
  lockedUntil: instantOrNull,
  lastLoginAt: instantOrNull,
  createdAt: instant,
  updatedAt: instant,
  twoFactor: z.boolean().describe('an authenticator app or a passkey'),
  directory: named.nullable().describe('the directory that manages the user'),
  attributes: z
    .record(z.string(), z.unknown())
    .describe('the values of the tenant’s own attributes, by name'),
};

export const userSchema = z.strictObject(userFields).openapi('User');

type Attributes = Readonly<Record<string, unknown>>;

const objectOf = (value: unknown): Attributes =>
  typeof value === 'object' && value !== null ? (value as Attributes) : {};

const textOf = (value: unknown): string | null => (typeof value === 'string' && value !== '' ? value : null);

/** The value marked primary, else the first. */
function primaryOf(values: unknown): string | null {
  const list = Array.isArray(values) ? values.map(objectOf) : [];
  return textOf((list.find((entry) => entry['primary'] === true) ?? list[0])?.['value']);
}

function presentRoles(roles: UserView['roles']) {
  return roles.map(({ role, sources }) => ({
    role,
    sources: sources.map((grant) => ({
      type: grant.type,
      detail: grant.detail,
      since: iso(grant.since),
      until: isoOrNull(grant.until),
    })),
  }));
}

export function presentUser(view: UserView, now: Date) {
  const { user, status, roles, groups, credential, directory, attributes } = view;
  const name = objectOf(user.attributes['name']);
  const lockedUntil = credential?.lockedUntil ?? null;
  const { limitedProducts, userProfileAccess, services } = accessOf(user);
  return {
    id: user._id,
    email: user.email,
    userName: user.userName,
    givenName: textOf(name['givenName']),
    familyName: textOf(name['familyName']),
    displayName: displayNameOf(user.userName, user.attributes),
    phone: primaryOf(user.attributes['phoneNumbers']),
    picture: primaryOf(user.attributes['photos']),
    signature: textOf(user.signature),
    language: textOf(user.attributes['preferredLanguage']),
    status,
    enabled: user.enabled,
    held: isHeld(user),
    approved: user.approved,
    loginType: user.loginType,
    source: user.source,
    roles: presentRoles(roles),
    groups: groups.map((group) => ({ id: group._id, displayName: group.displayName })),
    limitedProducts: [...limitedProducts],
    userProfileAccess,
    services: services.map(({ application }) => application),
    accessExpiresAt: isoOrNull(user.accessExpiresAt),
    lockedUntil: lockedUntil !== null && lockedUntil > now ? iso(lockedUntil) : null,
    lastLoginAt: isoOrNull(credential?.lastLoginAt ?? null),
    createdAt: iso(user.createdAt),
    updatedAt: iso(user.updatedAt),
    twoFactor: hasSecondFactor(credential ?? undefined),
    directory,
    attributes: { ...attributes },
  };
}
