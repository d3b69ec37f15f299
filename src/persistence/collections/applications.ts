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

/** An API that an application may get access tokens for (RFC 8707): its identifier, and the scopes there are. */
export interface ApplicationResource {
  resource: string;
  scopes: string[];
}

/** What an application runs as; it decides how it proves itself and which redirects it may have. */
export const applicationKinds = ['web', 'spa', 'native', 'machine'] as const;
export type ApplicationKind = (typeof applicationKinds)[number];

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
  /** What it was registered as; absent: by its secret and its addresses. */
  kind?: ApplicationKind;
  /** APIs it may get access tokens for; absent: none. */
  resources?: ApplicationResource[];
  /** true: its tokens are bound to a key of its own (RFC 9449); absent: they need not be. */
  requireDpop?: boolean;
  /** true: it pushes its authorization requests (RFC 9126); absent: it need not. */
  requirePar?: boolean;
  /** For how long, in seconds, a refresh token that was replaced is still taken from it; absent: 0. */
  refreshOverlapSeconds?: number;
  /** true: each person is asked before it gets anything; absent: the registration is the consent. */
  isThirdParty?: boolean;
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
    kind: { type: String, enum: applicationKinds },
    resources: {
      type: [nestedSchema({ resource: requiredText, scopes: { type: [String], required: true } })],
      default: undefined,
    },
    requireDpop: Boolean,
    requirePar: Boolean,
    refreshOverlapSeconds: Number,
    isThirdParty: Boolean,
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
export interface ApplicationKeyDocument extends StoredDocument {
  /** Of the identifier of an API: who last registered an application for it. */
  owner?: string;
}

export const applicationKeySchema = defineCollection<ApplicationKeyDocument>(
  'application_keys',
  { owner: String },
  [],
);
