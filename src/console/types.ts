import type { Jit, SsoDomain } from './sso-types.js';
import type { Guard, MappedAttribute } from './directory-types.js';

/** The shapes of `/openapi.json` that the console shows; the API's own tests hold them. */

export type * from './log-types.js';

export interface Named {
  id: string;
  displayName: string;
}

export const userStatuses = [
  'active',
  'pending_approval',
  'pending_activation',
  'locked',
  'expired',
  'disabled',
] as const;
export type UserStatus = (typeof userStatuses)[number] | 'deleted';

export interface RoleSource {
  type: 'manual' | 'invite' | 'rule' | 'sso';
  detail: string | null;
  since: string | null;
  until: string | null;
}

export interface User {
  id: string;
  email: string | null;
  userName: string;
  givenName: string | null;
  familyName: string | null;
  displayName: string;
  phone: string | null;
  status: UserStatus;
  enabled: boolean;
  held: boolean;
  approved: boolean;
  loginType: 'local' | 'sso';
  source: string;
  roles: { role: string; sources: RoleSource[] }[];
  groups: Named[];
  limitedProducts: string[];
  userProfileAccess: boolean;
  services: string[];
  accessExpiresAt: string | null;
  lockedUntil: string | null;
  lastLoginAt: string | null;
  createdAt: string;
  updatedAt: string;
  twoFactor: boolean;
  directory: { id: string; name: string } | null;
}

export interface Me extends User {
  tenant: { id: string; slug: string; name: string };
  permissions: string[];
  language: string | null;
}

export interface Invitation {
  id: string;
  email: string;
  status: 'waiting' | 'completed' | 'expired' | 'revoked';
  roles: string[];
  loginType: 'local' | 'sso';
  accessExpiresAt: string | null;
  sender: { id: string; name: string } | null;
  createdAt: string;
  respondedAt: string | null;
  expiresAt: string;
}

export interface InviteResult {
  email: string;
  outcome: 'invited' | 'already_user' | 'pending' | 'invalid';
  reason: string | null;
}

export interface Role {
  id: string;
  role: string;
  key: string;
  application: string | null;
  name: string;
  description: string;
  permissions: string[];
  builtIn: boolean;
}

export interface Permission {
  key: string;
  label: string;
  staffOnly: boolean;
}

export interface Group {
  id: string;
  displayName: string;
  externalId: string | null;
  directory: { id: string; name: string } | null;
  memberCount: number;
  roles: string[];
  administrators: Named[];
  createdAt: string;
  updatedAt: string;
}

export interface GroupMember extends Named {
  type: 'user' | 'group';
}

export interface Application {
  id: string;
  key: string;
  name: string;
  owner: 'tenant' | 'server';
  tenants?: 'all' | string[];
  clientId: string;
  isPublic: boolean;
  kind: 'web' | 'spa' | 'native' | 'machine';
  resources: { resource: string; scopes: string[] }[];
  requireDpop: boolean;
  requirePar: boolean;
  refreshOverlapSeconds: number;
  isThirdParty: boolean;
  redirectUris: string[];
  postLogoutRedirectUris: string[];
  backchannelLogoutUri: string | null;
  enabled: boolean;
  roles: { key: string; role: string; name: string; permissions: string[] }[];
  access?: { by: 'everyone' | 'role' | 'group'; roles: string[]; groups: string[] };
  clientSecret?: string | null;
}

export type SsoExpiring =
  'client_secret' | 'idp_certificate' | 'signing_certificate' | 'encryption_certificate';

export interface SsoConnection {
  id: string;
  key: string | null;
  name: string;
  protocol: 'oidc' | 'saml';
  /** Of OpenID connections; null: SAML. */
  issuer: string | null;
  clientId: string | null;
  hasClientSecret: boolean;
  clientSecretExpiresAt: string | null;
  previousClientSecretUntil: string | null;
  clientAuthMethod: 'client_secret_basic' | 'client_secret_post' | 'private_key_jwt' | null;
  clientKeysUri: string | null;
  clientKeys: { kid: string; state: 'current' | 'next' | 'previous' }[];
  expiries: { what: SsoExpiring; expiresAt: string; daysLeft: number }[];
  /** Of SAML connections; null: OpenID. */
  entityId: string | null;
  acsUrl: string | null;
  sloUrl: string | null;
  idpSloUrl: string | null;
  singleLogout: boolean;
  idpEntityId: string | null;
  idpSsoUrl: string | null;
  idpMetadataUrl: string | null;
  idpMetadataFault: string | null;
  idpCertificates: { fingerprint: string; subject: string; expiresAt: string }[];
  attributeMapping: Record<'email' | 'givenName' | 'familyName' | 'groups', string | null> | null;
  subjectFrom: string | null;
  mode: 'off' | 'optional' | 'required';
  fallbackMinutes: number | null;
  jit: Jit;
  directoryId: string | null;
  domains: SsoDomain[];
  redirectUri: string;
  revocationUri: string;
  warnings: {
    code: 'no_break_glass' | 'no_verified_domain' | 'domain_record_missing' | 'expires_soon' | 'expired';
    detail: string;
  }[];
  createdAt: string;
  updatedAt: string;
}

export interface Directory {
  id: string;
  name: string;
  kind: 'scim' | 'google';
  dialect: string;
  learnedDialect: string | null;
  enabled: boolean;
  baseUrl: string;
  roleRules: RoleRule[];
  attributeMapping: MappedAttribute[];
  changeGuard: Guard | null;
  tokenSeconds: number;
  federation: { issuer: string; subject: string; audience: string } | null;
  createdAt: string;
}

export interface RoleRule {
  id?: string;
  when: { path: string; is?: string; in?: string[]; matches?: string };
  grant: string[];
}

export interface DirectoryToken {
  id: string;
  name: string;
  prefix: string;
  createdAt: string;
  lastUsedAt: string | null;
  expiresAt: string | null;
  token?: string;
}

export interface RoleRequest {
  id: string;
  user: { id: string; label: string };
  role: string;
  status: 'pending' | 'approved' | 'denied' | 'cancelled' | 'expired';
  requester: { id: string; label: string };
  reason: string;
  until: string | null;
  seconds: number | null;
  createdAt: string;
  decision: { by: { label: string }; until: string | null } | null;
}

export interface ApiKey {
  id: string;
  name: string;
  prefix: string;
  role: string;
  createdAt: string;
  lastUsedAt: string | null;
  expiresAt: string | null;
  key?: string;
}

export interface Tenant {
  id: string;
  slug: string;
  name: string;
  externalId: string | null;
  status: 'active' | 'suspended';
  users: number;
  createdAt: string;
}

export interface Session {
  id: string;
  current: boolean;
  method: string;
  createdAt: string;
  lastSeenAt: string;
  expiresAt: string;
  ip: string | null;
  userAgent: string | null;
}

export interface RoleExplanation {
  status: UserStatus;
  heldBack: string | null;
  roles: {
    role: string;
    name: string;
    permissions: string[];
    inForce: boolean;
    sources: {
      type: string;
      detail: string;
      rule: string | null;
      directory: { id: string; name: string } | null;
      since: string | null;
    }[];
  }[];
  /** In the order of the directory's list. */
  rules: { rule: string }[];
  unmatched: { path: string; value: string }[];
}

export interface BulkJob {
  id: string;
  status: 'waiting' | 'running' | 'done' | 'cancelled' | 'stopped';
  total: number;
  processed: number;
  counts: { done: number; unchanged: number; refused: number };
}

export interface BulkRow {
  line: number;
  label: string;
  outcome: 'done' | 'unchanged' | 'refused' | 'open';
  reason: string | null;
}

/** What a change would do to people, before it is made. */
export type PlanKind =
  | 'user.added'
  | 'role.gained'
  | 'role.lost'
  | 'permission.gained'
  | 'permission.lost'
  | 'status'
  | 'forwarded'
  | 'not_forwarded'
  | 'administrator.locked_out';

export interface Plan {
  plan: string;
  users: number;
  affected: number;
  changes: { kind: PlanKind; what: string; users: number; examples: { id: string; label: string }[] }[];
  /** Roles of people who are not activated or approved yet. */
  later: { kind: 'role.gained' | 'role.lost'; what: string; users: number }[];
}
