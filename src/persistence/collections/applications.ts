import type { StoredDocument } from '../store.js';
import { defineCollection, Mixed, nestedSchema, requiredText } from './definition.js';

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
