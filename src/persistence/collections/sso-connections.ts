import type { StoredDocument } from '../store.js';
import { defineCollection, nestedSchema, requiredText } from './definition.js';
import { roleRuleSchema, type RoleRule } from './directories.js';

export const clientAuthMethods = ['client_secret_basic', 'client_secret_post', 'private_key_jwt'] as const;
export type ClientAuthMethod = (typeof clientAuthMethods)[number];

export const ssoModes = ['off', 'optional', 'required'] as const;
export type SsoMode = (typeof ssoModes)[number];

/** Which unknown people a first sign-in lets in. */
export const jitModes = ['off', 'invited', 'create'] as const;
export type JitMode = (typeof jitModes)[number];

export interface ConnectionDomain {
  /** Lower case, IDNA ASCII form. */
  domain: string;
  verified: boolean;
  /** What the TXT record at `_gatehouse-challenge.<domain>` must hold. */
  challenge: string;
  verifiedAt: Date | null;
  /** The domains below it are the connection's too; absent: they are not. */
  subdomains?: boolean;
  /** `dns`: the record was found, and is looked for each day; absent: somebody said so who may. */
  proof?: 'dns';
  /** When the challenge was made; absent: by an older version. */
  challengedAt?: Date;
  /** Another one, and the job that looks for the record is not this proof's any more. */
  checkId?: string;
  checkedAt?: Date;
  /** Since when the record is not there; null or absent: it is. */
  missingSince?: Date | null;
  /** When the administrators were told so. */
  warnedAt?: Date | null;
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

/** A key that we show a provider who we are by. */
export interface ClientKey {
  kid: string;
  /** JWK, JSON. */
  publicJwk: string;
  /** JWK, JSON, sealed. */
  privateJwk: string;
}

/** All of them but `previous` are published. */
export interface ClientKeys {
  current: ClientKey;
  next: ClientKey;
  /** What signed before; it is tried where the provider does not take the current one. */
  previous: ClientKey | null;
  rotatedAt: Date;
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
  /** Whether people who sign out here are signed out there; absent: they are not. */
  singleLogout?: boolean;
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
  /** When the provider stops taking it, as far as it was said; absent or null: not known. */
  clientSecretExpiresAt?: Date | null;
  /** The secret before it: tried until then where the provider does not take the present one. */
  previousSecret?: { secret: string; until: Date } | null;
  /** Of connections that use `private_key_jwt`. */
  clientKeys?: ClientKeys | null;
  /** Reminders given of what expires; `id`: of those to come; `soonestAt`: when the first thing expires. */
  reminders?: { id: string; told: string[]; soonestAt: Date | null };
  /** How long after it became required it is optional again if nobody who tried came in; absent or null: never. */
  fallbackMinutes?: number | null;
  /** Since when it is required; absent or null: that is not watched. */
  enforcement?: { id: string; since: Date } | null;
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
  /** Whether `jit` is `create`. */
  jitProvisioning: boolean;
  /** Absent: as `jitProvisioning` says. */
  jit?: JitMode;
  /** The directory that adds people in place of sign-ins; null or absent: none. */
  directoryId?: string | null;
  domains: ConnectionDomain[];
  /** The verified domains, and `*.domain` for all below one: unique over the server. */
  verifiedDomains: string[];
}

const connectionDomainSchema = nestedSchema({
  domain: requiredText,
  verified: { type: Boolean, required: true },
  challenge: requiredText,
  verifiedAt: Date,
  subdomains: Boolean,
  proof: { type: String, enum: ['dns'] },
  challengedAt: Date,
  checkId: String,
  checkedAt: Date,
  missingSince: Date,
  warnedAt: Date,
});

const samlKeySchema = nestedSchema({ certificate: requiredText, privateKey: requiredText });

const clientKeySchema = nestedSchema({
  kid: requiredText,
  publicJwk: requiredText,
  privateJwk: requiredText,
});

const samlSchema = nestedSchema({
  idpSsoUrl: String,
  idpSloUrl: String,
  singleLogout: Boolean,
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
    clientSecretExpiresAt: Date,
    previousSecret: nestedSchema({ secret: requiredText, until: { type: Date, required: true } }),
    clientKeys: nestedSchema({
      current: { type: clientKeySchema, required: true },
      next: { type: clientKeySchema, required: true },
      previous: clientKeySchema,
      rotatedAt: { type: Date, required: true },
    }),
    reminders: nestedSchema({ id: requiredText, told: { type: [String], required: true }, soonestAt: Date }),
    fallbackMinutes: Number,
    enforcement: nestedSchema({ id: requiredText, since: { type: Date, required: true } }),
    clientAuthMethod: { type: String, enum: clientAuthMethods },
    tenantClaim: nestedSchema({ claim: requiredText, value: requiredText }),
    roleRules: { type: [roleRuleSchema], default: undefined },
    providerVersion: Number,
    relinkVersion: Number,
    scopes: { type: [String], required: true },
    mode: { type: String, required: true, enum: ssoModes },
    jitProvisioning: { type: Boolean, required: true },
    jit: { type: String, enum: jitModes },
    directoryId: String,
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
