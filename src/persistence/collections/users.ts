import type { StoredDocument } from '../store.js';
import { defineCollection, Mixed, nestedSchema, requiredText } from './definition.js';

export const loginTypes = ['local', 'sso'] as const;
export type LoginType = (typeof loginTypes)[number];
export const userSources = ['invite', 'created', 'self_registration', 'scim', 'sso_jit'] as const;
export type UserSource = (typeof userSources)[number];
export const grantSourceTypes = ['manual', 'invite', 'rule', 'sso'] as const;
export type GrantSourceType = (typeof grantSourceTypes)[number];

/** Characters of {@link UserDocument.searchKey}: as many as an index of the embedded store keeps whole. */
export const maxSearchKey = 180;

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

/** What a directory said that takes access away, and that waits for a decision. Roles it took are grants of the source `held`. */
export interface HeldChange {
  directoryId: string;
  /** Of the first request. */
  at: Date;
  requestId: string | null;
  /** The directory said `active: false`. */
  disables: boolean;
  /** The directory deleted the user. */
  deletes: boolean;
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
  /**
   * The address before a directory gave another one to a person with an account of their own; null: there was none. Absent: the present
   * one is the person's by their own, an administrator's or their company's word.
   */
  movedAddress?: { from: string | null; at: Date };
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
  /**
   * What a search looks through: the folded display name, userName, addresses and phone numbers, a line each. Null: they are longer than
   * {@link maxSearchKey}, and a search looks at the fields themselves; absent, in a user of an earlier version, as well.
   */
  searchKey?: string | null;
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
  /** Disabled by people until people enable: `active` is what the directory said in the meantime. Absent or null: no directory is held off. */
  hold?: { active: boolean } | null;
  /** What the change guard of a directory holds back. Absent or null: nothing. */
  heldChange?: HeldChange | null;
  /** The groups into which one of their administrators put the user: it gives them no right to read the user. Absent: none. */
  broughtInto?: string[];
  approved: boolean;
  activatedAt: Date | null;
  /** The terms of use the person accepted last: when, and which. Absent: none. */
  terms?: { acceptedAt: Date; version: string };
  /** What the person signs messages with. Absent or empty: nothing. */
  signature?: string;
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
    movedAddress: nestedSchema({ from: String, at: { type: Date, required: true } }),
    loginKeys: { type: [String], required: true },
    emailKeys: { type: [String], required: true },
    externalId: String,
    directoryId: String,
    displayNameKey: { type: String, required: true },
    familyNameKey: String,
    searchKey: { type: String, maxlength: maxSearchKey },
    employeeNumberKey: String,
    attributes: { type: Mixed, required: true },
    uniqueKeys: { type: [String], default: undefined },
    groupIds: { type: [String], required: true },
    grants: { type: [grantSchema], required: true },
    enabled: { type: Boolean, required: true },
    hold: nestedSchema({ active: { type: Boolean, required: true } }),
    heldChange: nestedSchema({
      directoryId: requiredText,
      at: { type: Date, required: true },
      requestId: String,
      disables: { type: Boolean, required: true },
      deletes: { type: Boolean, required: true },
    }),
    broughtInto: { type: [String], default: undefined },
    approved: { type: Boolean, required: true },
    activatedAt: Date,
    terms: nestedSchema({ acceptedAt: { type: Date, required: true }, version: requiredText }),
    signature: String,
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
    { name: 'users_search', key: { tenantId: 1, searchKey: 1 } },
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
    { name: 'users_created', key: { tenantId: 1, createdAt: 1 } },
    { name: 'users_email', key: { tenantId: 1, emailKey: 1 } },
    { name: 'users_standing', key: { tenantId: 1, enabled: 1, loginType: 1, source: 1 } },
    {
      name: 'users_access_ends',
      key: { tenantId: 1, accessExpiresAt: 1 },
      where: { accessExpiresAt: { $gt: new Date(0) } },
    },
    {
      name: 'users_held',
      key: { tenantId: 1, 'heldChange.directoryId': 1, _id: 1 },
      where: { 'heldChange.directoryId': { $gt: '' } },
    },
    { name: 'users_not_activated', key: { tenantId: 1, activatedAt: 1 }, where: { activatedAt: null } },
    {
      name: 'users_grant_ends',
      key: { tenantId: 1, 'grants.until': 1 },
      where: { 'grants.until': { $gt: new Date(0) } },
    },
    {
      name: 'users_roles',
      key: { tenantId: 1, 'grants.role': 1 },
      where: { 'grants.role': { $gt: '' } },
    },
  ],
);
