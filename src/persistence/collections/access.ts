import type { StoredDocument } from '../store.js';
import { defineCollection, nestedSchema, requiredText } from './definition.js';
import { lockReasons, type LockReason } from './credentials.js';

export const signInMethods = ['password', 'passkey', 'sso'] as const;
export type SignInMethod = (typeof signInMethods)[number];

/** How a SAML provider names a person in its session (`NameID`). */
export interface ProviderName {
  value: string;
  format: string | null;
}

/** A browser session. The cookie holds the token; only its hash is stored. */
export interface SessionDocument extends StoredDocument {
  tokenHash: string;
  userId: string;
  method: SignInMethod;
  /** RFC 8176 values: `pwd`, `otp`, `pop`, `user`, `mfa`, `fed`. */
  amr: string[];
  connectionId: string | null;
  /** The `sid` the company's provider gave its session; its back-channel logout may name nothing else. */
  providerSid: string | null;
  /** For the single logout of a SAML provider; absent: there is none. */
  providerName?: ProviderName;
  signedInAt: Date;
  /**
   * The user's revocation as the sign-in was judged under it (`accessStampOf`): another one since, and the session is over. Absent in a
   * session of an older version.
   */
  accessStamp?: string;
  /** When the person proved who they are: at the company's provider it may be earlier. Absent in a session of an older version. */
  authenticatedAt?: Date;
  /** The authentication context the company's provider claims. */
  acr?: string | null;
  lastSeenAt: Date;
  absoluteExpiresAt: Date | null;
  /** When the company's provider says its session ends; it caps both ends. Absent in a session of an older version. */
  providerEndsAt?: Date | null;
  /** The earlier of the idle and the absolute end; moved with use. */
  expiresAt: Date;
  ip: string;
  userAgent: string;
}

export const sessionSchema = defineCollection<SessionDocument>(
  'sessions',
  {
    tokenHash: { type: String, required: true },
    userId: { type: String, required: true },
    method: { type: String, required: true, enum: signInMethods },
    amr: { type: [String], required: true },
    connectionId: String,
    providerSid: String,
    providerName: nestedSchema({ value: requiredText, format: String }),
    signedInAt: { type: Date, required: true },
    accessStamp: String,
    authenticatedAt: Date,
    acr: String,
    lastSeenAt: { type: Date, required: true },
    absoluteExpiresAt: Date,
    providerEndsAt: Date,
    expiresAt: { type: Date, required: true },
    ip: { type: String, required: true },
    userAgent: { type: String, required: true },
  },
  [
    { name: 'sessions_token', key: { tokenHash: 1 }, unique: true },
    { name: 'sessions_user', key: { tenantId: 1, userId: 1 } },
    {
      name: 'sessions_provider_sid',
      key: { tenantId: 1, providerSid: 1 },
      where: { providerSid: { $gt: '' } },
    },
    { name: 'sessions_expiry', key: { expiresAt: 1 }, expires: true },
  ],
);

/** What a link in a mail proves: good once, until its end; a newer one of the same kind for the same user replaces it. */
export interface OneTimeTokenDocument extends StoredDocument {
  kind: 'activation' | 'password_reset' | 'address_confirmation';
  userId: string;
  tokenHash: string;
  /** Hash of the password and address it was made for: another one of either, and the link is dead. */
  binding: string;
  /** Whether it went to the user's address by mail: whoever opens it has the mailbox. */
  isMailed?: boolean;
  /** The address that is confirmed by it, where it is not yet the user's. */
  address?: string;
  expiresAt: Date;
}

export const oneTimeTokenSchema = defineCollection<OneTimeTokenDocument>(
  'one_time_tokens',
  {
    kind: { type: String, required: true, enum: ['activation', 'password_reset', 'address_confirmation'] },
    userId: { type: String, required: true },
    tokenHash: { type: String, required: true },
    binding: { type: String, required: true },
    isMailed: Boolean,
    address: String,
    expiresAt: { type: Date, required: true },
  },
  [
    { name: 'one_time_tokens_token', key: { tokenHash: 1 }, unique: true },
    { name: 'one_time_tokens_user', key: { tenantId: 1, userId: 1 } },
    { name: 'one_time_tokens_expiry', key: { expiresAt: 1 }, expires: true },
  ],
);

/**
 * What failed at an address nobody has, so that unknown addresses lock like known ones. `_id` is the tenant (or `server`) and a keyed hash
 * of the address.
 */
export interface AddressLockoutDocument extends StoredDocument {
  failureCount: number;
  failureTimes: Date[];
  lockedUntil: Date | null;
  lockReason: LockReason | null;
  expiresAt: Date;
}

export const addressLockoutSchema = defineCollection<AddressLockoutDocument>(
  'address_lockouts',
  {
    failureCount: { type: Number, required: true },
    failureTimes: { type: [Date], required: true },
    lockedUntil: Date,
    lockReason: { type: String, enum: lockReasons },
    expiresAt: { type: Date, required: true },
  },
  [{ name: 'address_lockouts_expiry', key: { expiresAt: 1 }, expires: true }],
);

/** A tenant that has, or had, people with addresses on a domain. `_id` is `<tenantId>:<domain>`. */
export interface AddressDomainDocument extends StoredDocument {
  domain: string;
}

export const addressDomainSchema = defineCollection<AddressDomainDocument>(
  'address_domains',
  { domain: { type: String, required: true } },
  [{ name: 'address_domains_domain', key: { domain: 1 } }],
);

/** What the OpenID provider keeps: `_id` is `<Model>:<SHA-256 of the id>`, `tenantId` is `server`. */
export interface OidcPayloadDocument extends StoredDocument {
  /** JSON text: its keys hold dots and dollars. The id itself, a bearer value, is not in it. */
  payload: string;
  grantId: string | null;
  uid: string | null;
  accountId: string | null;
  clientId: string | null;
  /** The browser session ({@link SessionDocument}) it hangs on. */
  sessionId: string | null;
  consumedAt: Date | null;
  expiresAt: Date | null;
}

export const oidcPayloadSchema = defineCollection<OidcPayloadDocument>(
  'oidc_payloads',
  {
    payload: { type: String, required: true },
    grantId: String,
    uid: String,
    accountId: String,
    clientId: String,
    sessionId: String,
    consumedAt: Date,
    expiresAt: Date,
  },
  [
    { name: 'oidc_payloads_grant', key: { grantId: 1 }, where: { grantId: { $gt: '' } } },
    { name: 'oidc_payloads_uid', key: { uid: 1 }, where: { uid: { $gt: '' } } },
    { name: 'oidc_payloads_account', key: { accountId: 1 }, where: { accountId: { $gt: '' } } },
    { name: 'oidc_payloads_session', key: { sessionId: 1 }, where: { sessionId: { $gt: '' } } },
    { name: 'oidc_payloads_expiry', key: { expiresAt: 1 }, expires: true },
  ],
);

/**
 * A signing key of the OpenID provider; `tenantId` is `server`. `_id` is `<algorithm>-<number>`, so that two processes cannot both make
 * the first one; its `kid` is the thumbprint inside the JWK.
 */
export interface SigningKeyDocument extends StoredDocument {
  state: 'next' | 'current' | 'old';
  /** The private JWK, encrypted by the secret box. */
  privateJwk: string;
  /** When an old key leaves the published set. */
  retiresAt: Date | null;
}

export const signingKeySchema = defineCollection<SigningKeyDocument>(
  'signing_keys',
  {
    state: { type: String, required: true, enum: ['next', 'current', 'old'] },
    privateJwk: { type: String, required: true },
    retiresAt: Date,
  },
  [],
);
