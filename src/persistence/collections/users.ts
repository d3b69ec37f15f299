import type { StoredDocument } from '../store.js';
import { defineCollection, Mixed, nestedSchema, requiredText } from './definition.js';

export const loginTypes = ['local', 'sso'] as const;
export type LoginType = (typeof loginTypes)[number];
export const userSources = ['invite', 'created', 'self_registration', 'scim', 'sso_jit'] as const;
export type UserSource = (typeof userSources)[number];
export const grantSourceTypes = ['manual', 'invite', 'rule', 'sso'] as const;
export type GrantSourceType = (typeof grantSourceTypes)[number];
export const lockReasons = ['too_many_failures', 'too_fast'] as const;
export type LockReason = (typeof lockReasons)[number];

/** One reason why a user has a role. A sync replaces only the grants of its own source. */
export interface Grant {
  /** A tenant role's key, or `applicationKey:roleKey`. */
  role: string;
  type: GrantSourceType;
  /** For people: who gave it, or which rule matched what. */
  detail: string;
  /** Which giver: the directory's id for `rule`, the SSO connection's for `sso`; null for the others. */
  sourceId: string | null;
  since: Date;
  until: Date | null;
}

/**
 * A person of one tenant. `attributes` holds the SCIM attributes as the identity provider sent them; the fields beside it are what
 * Gatehouse decides and searches by. Credentials are in a collection of their own.
 */
export interface UserDocument extends StoredDocument {
  userName: string;
  /** Lower-cased {@link userName}: sorting and prefix search (userName is not case-exact, RFC 7643 section 4.1.1). */
  userNameKey: string;
  /** The primary address, as sent; null when a directory gave none. */
  email: string | null;
  emailKey: string | null;
  /**
   * The address somebody who may speak for it has said is the user's: it was reached by a mail, a company's provider vouched for it on a domain
   * of its own, or the operator named it. Null or another one than the user's: nobody has.
   */
  verifiedEmailKey?: string | null;
  /** `userNameKey` and `emailKey` without duplicates: unique together, so that no address can be taken by another's userName. */
  loginKeys: string[];
  /** Every `emails.value`, lower-cased. */
  emailKeys: string[];
  externalId: string | null;
  /** The directory that manages the user; null for users nobody provisions. */
  directoryId: string | null;
  /** Lower-cased display name, or given and family name: sorting and search. */
  displayNameKey: string;
  familyNameKey: string | null;
  employeeNumberKey: string | null;
  /**
   * SCIM attributes by their canonical names: core ones at the top, extensions under their alias (`enterprise`, `gatehouse`, custom
   * ones by config) because a URN holds dots. Without `id`, `meta`, `schemas`, `groups`, `password`, `userName`, `externalId`, `active`.
   */
  attributes: Record<string, unknown>;
  /** A digest of each value of an attribute that is unique in the tenant. Absent: there is none. */
  uniqueKeys?: string[];
  /** The groups the user is a direct member of: the one place a membership is stored. */
  groupIds: string[];
  grants: Grant[];
  enabled: boolean;
  /** Disabled by people until people enable: `active` is what the directory said meanwhile. Absent or null: no directory is held off. */
  hold?: { active: boolean } | null;
  /** The groups into which one of their administrators put the user: it gives them no right to read the user. Absent: none. */
  broughtInto?: string[];
  approved: boolean;
  activatedAt: Date | null;
  /** The terms of use the person accepted last: when, and which. Absent: none. */
  terms?: { acceptedAt: Date; version: string };
  accessExpiresAt: Date | null;
  loginType: LoginType;
  source: UserSource;
  /**
   * Sessions judged under another value of this one are dead, with their codes and tokens, whatever their own record says. Every revocation
   * moves it; null: never revoked.
   */
  accessRevokedAt: Date | null;
}

const grantSchema = nestedSchema({
  role: requiredText,
  type: { type: String, required: true, enum: grantSourceTypes },
  detail: requiredText,
  sourceId: String,
  since: { type: Date, required: true },
  until: Date,
});

export const userSchema = defineCollection<UserDocument>(
  'users',
  {
    userName: { type: String, required: true },
    userNameKey: { type: String, required: true },
    email: String,
    emailKey: String,
    verifiedEmailKey: String,
    loginKeys: { type: [String], required: true },
    emailKeys: { type: [String], required: true },
    externalId: String,
    directoryId: String,
    displayNameKey: { type: String, required: true },
    familyNameKey: String,
    employeeNumberKey: String,
    attributes: { type: Mixed, required: true },
    uniqueKeys: { type: [String], default: undefined },
    groupIds: { type: [String], required: true },
    grants: { type: [grantSchema], required: true },
    enabled: { type: Boolean, required: true },
    hold: nestedSchema({ active: { type: Boolean, required: true } }),
    broughtInto: { type: [String], default: undefined },
    approved: { type: Boolean, required: true },
    activatedAt: Date,
    terms: nestedSchema({ acceptedAt: { type: Date, required: true }, version: requiredText }),
    accessExpiresAt: Date,
    loginType: { type: String, required: true, enum: loginTypes },
    source: { type: String, required: true, enum: userSources },
    accessRevokedAt: Date,
  },
  [
    { name: 'users_by_id', key: { tenantId: 1, _id: 1 } },
    { name: 'users_login_keys', key: { tenantId: 1, loginKeys: 1 }, unique: true },
    {
      name: 'users_unique_values',
      key: { tenantId: 1, uniqueKeys: 1 },
      unique: true,
      where: { uniqueKeys: { $gt: '' } },
    },
    { name: 'users_user_name', key: { tenantId: 1, userNameKey: 1 } },
    { name: 'users_emails', key: { tenantId: 1, emailKeys: 1 } },
    {
      name: 'users_external_id',
      key: { tenantId: 1, directoryId: 1, externalId: 1 },
      where: { externalId: { $gt: '' } },
    },
    { name: 'users_directory', key: { tenantId: 1, directoryId: 1, _id: 1 } },
    { name: 'users_groups', key: { tenantId: 1, groupIds: 1, _id: 1 }, where: { groupIds: { $gt: '' } } },
    { name: 'users_display_name', key: { tenantId: 1, displayNameKey: 1 } },
    { name: 'users_family_name', key: { tenantId: 1, familyNameKey: 1 } },
    {
      name: 'users_employee_number',
      key: { tenantId: 1, employeeNumberKey: 1 },
      where: { employeeNumberKey: { $gt: '' } },
    },
    {
      name: 'users_unapproved',
      key: { tenantId: 1, approved: 1 },
      where: { approved: false },
    },
    { name: 'users_updated', key: { tenantId: 1, updatedAt: 1 } },
    {
      name: 'users_roles',
      key: { tenantId: 1, 'grants.role': 1 },
      where: { 'grants.role': { $gt: '' } },
    },
  ],
);

/** A second factor: TOTP (RFC 6238), and codes for the day it is lost. */
export interface TwoFactor {
  /** `pending`: made, and not yet shown to work. */
  state: 'pending' | 'on';
  /** Base32, encrypted by the secret box. */
  secret: string;
  /** SHA-256 of those not used yet. */
  backupCodes: string[];
  /** The time step of the last code accepted: none is good twice. */
  lastStep: number;
  enrolledAt: Date | null;
  /** The secret of another app that shall take this one's place, encrypted too; it counts once a code of it has come. */
  next?: string | null;
}

/** A WebAuthn credential (Web Authentication Level 3 section 4). */
export interface Passkey {
  /** The credential's id, base64url. */
  id: string;
  /** COSE, base64url. */
  publicKey: string;
  /** The authenticator's count of signatures when last used; 0: it does not count. */
  counter: number;
  transports: string[];
  /** As the person calls it. */
  name: string;
  /** Whether it is kept by a provider of passkeys, and so on several devices. */
  isBackedUp: boolean;
  addedAt: Date;
  lastUsedAt: Date | null;
}

/** What failed at an account from one device that had signed in to it before. */
export interface DeviceFailures {
  id: string;
  failureCount: number;
  failureTimes: Date[];
  lockedUntil: Date | null;
  lockReason: LockReason | null;
}

/** What a user proves who they are with, and what failed: one document per user, with the user's id. */
export interface CredentialDocument extends StoredDocument {
  /** argon2id, PHC string, or another system's until the first sign-in; null: no password, local sign-in impossible. */
  passwordHash: string | null;
  /** A digest of the other system's hash that {@link passwordHash} took the place of, of the same password. */
  replacedHash?: string;
  passwordIsTemporary: boolean;
  passwordChangedAt: Date | null;
  /** Failures since the last success (requirement M0-31), those of known devices apart. */
  failureCount: number;
  /** The instants of the latest failures, newest last, as many as the threshold. */
  failureTimes: Date[];
  /** The latest of all locks, those of known devices too: what is shown and searched. */
  lockedUntil: Date | null;
  /** The lock for everybody but known devices that have failures of their own. */
  sharedLockedUntil?: Date | null;
  lockReason: LockReason | null;
  /** Devices that signed in before and failed since. */
  devices?: DeviceFailures[];
  lastLoginAt: Date | null;
  /** When a mail last reported a new device. */
  newDeviceToldAt?: Date | null;
  /** Absent or null: none. */
  twoFactor?: TwoFactor | null;
  /** Absent: none. */
  passkeys?: Passkey[];
}

const deviceFailuresSchema = nestedSchema({
  id: requiredText,
  failureCount: { type: Number, required: true },
  failureTimes: { type: [Date], required: true },
  lockedUntil: Date,
  lockReason: { type: String, enum: lockReasons },
});

const twoFactorSchema = nestedSchema({
  state: { type: String, required: true, enum: ['pending', 'on'] },
  secret: requiredText,
  backupCodes: { type: [String], required: true },
  lastStep: { type: Number, required: true },
  enrolledAt: Date,
  next: String,
});

const passkeySchema = nestedSchema({
  id: requiredText,
  publicKey: requiredText,
  counter: { type: Number, required: true },
  transports: { type: [String], required: true },
  name: requiredText,
  isBackedUp: { type: Boolean, required: true },
  addedAt: { type: Date, required: true },
  lastUsedAt: Date,
});

export const credentialSchema = defineCollection<CredentialDocument>(
  'credentials',
  {
    passwordHash: String,
    replacedHash: String,
    passwordIsTemporary: { type: Boolean, required: true },
    passwordChangedAt: Date,
    failureCount: { type: Number, required: true },
    failureTimes: { type: [Date], required: true },
    lockedUntil: Date,
    sharedLockedUntil: Date,
    lockReason: { type: String, enum: lockReasons },
    devices: { type: [deviceFailuresSchema], default: undefined },
    lastLoginAt: Date,
    newDeviceToldAt: Date,
    twoFactor: twoFactorSchema,
    passkeys: { type: [passkeySchema], default: undefined },
  },
  [
    {
      name: 'credentials_locked',
      key: { tenantId: 1, lockedUntil: 1 },
      where: { lockedUntil: { $gt: new Date(0) } },
    },
  ],
);

/** A federated identity: the stable key of a person at their company's provider is (connection, iss, sub), never the address. */
export interface IdentityDocument extends StoredDocument {
  connectionId: string;
  issuer: string;
  subject: string;
  userId: string;
  /** The connection's `providerVersion` when it was last used; absent: 0. */
  providerVersion?: number;
  lastUsedAt: Date;
}

export const identitySchema = defineCollection<IdentityDocument>(
  'identities',
  {
    connectionId: { type: String, required: true },
    issuer: { type: String, required: true },
    subject: { type: String, required: true },
    userId: { type: String, required: true },
    providerVersion: Number,
    lastUsedAt: { type: Date, required: true },
  },
  [
    {
      name: 'identities_subject',
      key: { tenantId: 1, connectionId: 1, issuer: 1, subject: 1 },
      unique: true,
    },
    { name: 'identities_user', key: { tenantId: 1, userId: 1, connectionId: 1 }, unique: true },
  ],
);
