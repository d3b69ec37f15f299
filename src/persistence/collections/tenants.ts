import type { StoredDocument } from '../store.js';
import { defineCollection, Mixed, nestedSchema, requiredText } from './definition.js';
import { roleRuleSchema, type RoleRule } from './directories.js';

/** A customer organization. Its `_id` is its `tenantId`. */
export interface TenantDocument extends StoredDocument {
  slug: string;
  name: string;
  preset: string;
  /** What differs from the preset, `lockout.lockSeconds` as `{ lockout: { lockSeconds: 1800 } }`. */
  settings: Record<string, Record<string, unknown>>;
  /** How the operator's own system names it; unique over the server. Absent or null: not at all. */
  externalId?: string | null;
  /** `suspended`: closed until it is resumed; `erasing`: closed for good, a job removes everything of it. Absent: open. */
  status?: 'suspended' | 'erasing';
  /** When it was last suspended or resumed: every session that began before is over. */
  accessRevokedAt?: Date | null;
  /** Slug, name and externalId, folded, for the search. Absent in a tenant of an earlier version: its slug is searched. */
  searchKey?: string;
  /** Who may use an application, by the application's id; absent: everyone. */
  applicationAccess?: Record<string, StoredAccess>;
  /** Switches that the operator has; absent: off. */
  features?: Record<string, boolean>;
}

/** Who of a tenant may use an application. */
export interface AccessRule {
  by: 'everyone' | 'role' | 'group';
  /** Full keys of roles. */
  roles: string[];
  /** Ids of groups. */
  groups: string[];
}

/** An access rule as it is stored; `revision` counts its changes. */
export interface StoredAccess extends AccessRule {
  revision: number;
}

export const tenantSchema = defineCollection<TenantDocument>(
  'tenants',
  {
    slug: { type: String, required: true },
    name: { type: String, required: true },
    preset: { type: String, required: true },
    settings: { type: Mixed, required: true },
    externalId: String,
    status: String,
    accessRevokedAt: Date,
    searchKey: String,
    applicationAccess: Mixed,
    features: Mixed,
  },
  [
    { name: 'tenants_slug', key: { slug: 1 }, unique: true },
    {
      name: 'tenants_external_id',
      key: { externalId: 1 },
      unique: true,
      where: { externalId: { $gt: '' } },
    },
  ],
);

/** A role of the tenant (`applicationKey` null) or of one application. Built-in roles of presets are not stored. */
export interface RoleDocument extends StoredDocument {
  /** `roleKey`, or `applicationKey:roleKey`: how grants name it. */
  fullKey: string;
  key: string;
  applicationKey: string | null;
  name: string;
  description: string;
  permissions: string[];
  /** What limits some of the permissions; absent: nothing. */
  constraints?: { permission: string; constraint: Record<string, unknown> }[];
}

export const roleSchema = defineCollection<RoleDocument>(
  'roles',
  {
    fullKey: { type: String, required: true },
    key: { type: String, required: true },
    applicationKey: String,
    name: { type: String, required: true },
    description: { type: String, required: true },
    permissions: { type: [String], required: true },
    constraints: {
      type: [nestedSchema({ permission: requiredText, constraint: Mixed })],
      default: undefined,
    },
  },
  [{ name: 'roles_key', key: { tenantId: 1, fullKey: 1 }, unique: true }],
);

/** What tokens can be signed with; the first one is the default, which every OpenID library knows. */
export const signingAlgorithms = ['RS256', 'ES256'] as const;
export type SigningAlgorithm = (typeof signingAlgorithms)[number];

/** A claim of an application: its name, and the path of the user attribute it tells. */
export interface ApplicationClaim {
  claim: string;
  from: string;
}

/** Which tenants an application serves: all, or these ids. */
export type Reach = 'all' | readonly string[];

/**
 * An application that signs its users in here: a relying party of our OpenID provider. `tenantId` is the tenant that owns it; `server` for
 * one of the operator's, which serves several tenants.
 */
export interface ApplicationDocument extends StoredDocument {
  /** Of a server application alone: the tenants it serves. */
  servedTenants?: Reach;
  key: string;
  name: string;
  clientId: string;
  /** SHA-256 of the client secret; null: a public client (PKCE alone). */
  clientSecretHash: string | null;
  redirectUris: string[];
  postLogoutRedirectUris: string[];
  backchannelLogoutUri: string | null;
  /** What its ID and logout tokens are signed with; absent: RS256. */
  idTokenSignedResponseAlg?: SigningAlgorithm;
  /** Whether it may ask for `scim:me`; absent: no. */
  allowScimMe?: boolean;
  /** false: a code may be asked for without PKCE; absent: it may not. */
  requirePkce?: boolean;
  /** The secret before the present one, good until {@link previousSecretUntil}. */
  previousSecretHash?: string | null;
  previousSecretUntil?: Date | null;
  /** Claims of the ID token and of userinfo that are made of user attributes. Absent: none. */
  claims?: ApplicationClaim[];
  enabled: boolean;
}

export const applicationSchema = defineCollection<ApplicationDocument>(
  'applications',
  {
    servedTenants: Mixed,
    key: { type: String, required: true },
    name: { type: String, required: true },
    clientId: { type: String, required: true },
    clientSecretHash: String,
    redirectUris: { type: [String], required: true },
    postLogoutRedirectUris: { type: [String], required: true },
    backchannelLogoutUri: String,
    idTokenSignedResponseAlg: { type: String, enum: signingAlgorithms },
    allowScimMe: Boolean,
    requirePkce: Boolean,
    previousSecretHash: String,
    previousSecretUntil: Date,
    claims: { type: [nestedSchema({ claim: requiredText, from: requiredText })], default: undefined },
    enabled: { type: Boolean, required: true },
  },
  [
    { name: 'applications_key', key: { tenantId: 1, key: 1 }, unique: true },
    { name: 'applications_key_everywhere', key: { key: 1 } },
    { name: 'applications_client_id', key: { clientId: 1 }, unique: true },
  ],
);

/**
 * A key that some application has, or had. `_id` is a hash of the key, `tenantId` is `server`. Each transaction that takes a key writes it: two that
 * take the same key at the same time meet here, whoever owns the applications.
 */
export type ApplicationKeyDocument = StoredDocument;

export const applicationKeySchema = defineCollection<ApplicationKeyDocument>('application_keys', {}, []);

export const clientAuthMethods = ['client_secret_basic', 'client_secret_post'] as const;
export type ClientAuthMethod = (typeof clientAuthMethods)[number];

export const ssoModes = ['off', 'optional', 'required'] as const;
export type SsoMode = (typeof ssoModes)[number];

export interface ConnectionDomain {
  /** Lower case, IDNA ASCII form. */
  domain: string;
  verified: boolean;
  /** What the TXT record at `_gatehouse-challenge.<domain>` must hold. */
  challenge: string;
  verifiedAt: Date | null;
}

/** One tenant's OpenID provider and the address domains it answers for. */
export const ssoProtocols = ['oidc', 'saml'] as const;
export type SsoProtocol = (typeof ssoProtocols)[number];

/** A key of ours at one SAML connection. */
export interface SamlKeyPair {
  /** PEM. */
  certificate: string;
  /** PEM, sealed. */
  privateKey: string;
}

/** Names of SAML attributes; null: the usual ones of providers. */
export interface SamlAttributeMapping {
  email: string | null;
  givenName: string | null;
  familyName: string | null;
  groups: string | null;
}

/** What a SAML connection has beside the rest. The provider's entity id is the connection's `issuer`; empty: not known yet. */
export interface SamlSettings {
  idpSsoUrl: string | null;
  idpSloUrl: string | null;
  /** PEM; every one of them may sign. */
  idpCertificates: string[];
  /** Read again each day; null: the three above were given. */
  idpMetadataUrl: string | null;
  metadataReadAt: Date | null;
  /** Why the last reading failed, in words; null: it did not. */
  metadataFault: string | null;
  /** Another one, and the job that reads them is not this connection's any more. */
  refreshId: string | null;
  attributeMapping: SamlAttributeMapping;
  /** `nameId`, or the name of the attribute that tells people apart. */
  subjectFrom: string;
  signing: SamlKeyPair;
  encryption: SamlKeyPair;
}

export interface SsoConnectionDocument extends StoredDocument {
  name: string;
  /** Stands in its addresses in place of the id; absent or null: the id does. */
  key?: string | null;
  /** Every key it ever had: none of them becomes another connection's, whose provider would get its answers. */
  keys?: string[];
  /** Absent: `oidc`. It never changes. */
  protocol?: SsoProtocol;
  /** Of SAML connections alone. */
  saml?: SamlSettings;
  issuer: string;
  clientId: string;
  /** Encrypted by the secret box; null: a public client. */
  clientSecret: string | null;
  /** How the client secret is sent; absent or null: as the provider's metadata say. */
  clientAuthMethod?: ClientAuthMethod | null;
  /** What tells the company's own people at a provider it shares with others. */
  tenantClaim?: { claim: string; value: string } | null;
  /** What groups and attributes of a sign-in grant; absent: nothing. */
  roleRules?: RoleRule[];
  /** How often issuer or client became another one; absent: never. */
  providerVersion?: number;
  /** Up to which of these changes people of an earlier provider may be connected to the present one; absent: none. */
  relinkVersion?: number;
  scopes: string[];
  mode: SsoMode;
  jitProvisioning: boolean;
  domains: ConnectionDomain[];
  /** The verified domains: unique over the server. */
  verifiedDomains: string[];
}

const connectionDomainSchema = nestedSchema({
  domain: requiredText,
  verified: { type: Boolean, required: true },
  challenge: requiredText,
  verifiedAt: Date,
});

const samlKeySchema = nestedSchema({ certificate: requiredText, privateKey: requiredText });

const samlSchema = nestedSchema({
  idpSsoUrl: String,
  idpSloUrl: String,
  idpCertificates: { type: [String], required: true },
  idpMetadataUrl: String,
  metadataReadAt: Date,
  metadataFault: String,
  refreshId: String,
  attributeMapping: nestedSchema({ email: String, givenName: String, familyName: String, groups: String }),
  subjectFrom: requiredText,
  signing: { type: samlKeySchema, required: true },
  encryption: { type: samlKeySchema, required: true },
});

export const ssoConnectionSchema = defineCollection<SsoConnectionDocument>(
  'sso_connections',
  {
    name: { type: String, required: true },
    key: String,
    keys: { type: [String], default: undefined },
    protocol: { type: String, enum: ssoProtocols },
    saml: samlSchema,
    issuer: { type: String, required: true },
    clientId: { type: String, required: true },
    clientSecret: String,
    clientAuthMethod: { type: String, enum: clientAuthMethods },
    tenantClaim: nestedSchema({ claim: requiredText, value: requiredText }),
    roleRules: { type: [roleRuleSchema], default: undefined },
    providerVersion: Number,
    relinkVersion: Number,
    scopes: { type: [String], required: true },
    mode: { type: String, required: true, enum: ssoModes },
    jitProvisioning: { type: Boolean, required: true },
    domains: { type: [connectionDomainSchema], required: true },
    verifiedDomains: { type: [String], required: true },
  },
  [
    { name: 'sso_connections_name', key: { tenantId: 1, name: 1 }, unique: true },
    { name: 'sso_connections_client', key: { clientId: 1, issuer: 1 } },
    { name: 'sso_connections_key', key: { key: 1 }, unique: true, where: { key: { $gt: '' } } },
    { name: 'sso_connections_keys', key: { keys: 1 }, unique: true, where: { keys: { $gt: '' } } },
    {
      name: 'sso_connections_domain',
      key: { verifiedDomains: 1 },
      unique: true,
      where: { verifiedDomains: { $gt: '' } },
    },
  ],
);
