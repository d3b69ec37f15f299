import type { StoredDocument } from '../store.js';
import { defineCollection, Mixed, nestedSchema, partySchema, requiredText } from './definition.js';

export const dialects = [
  'auto',
  'strict',
  'okta',
  'entra',
  'onelogin',
  'jumpcloud',
  'google',
  'ping',
] as const;
export type Dialect = (typeof dialects)[number];
/** An identity provider that `auto` can find out. */
export type LearnedDialect = Exclude<Dialect, 'auto' | 'strict'>;

/** `path` is an attribute path such as `groups.displayName`, `roles.value` or a URN-qualified one; exactly one of the tests is set. */
export interface RuleCondition {
  path: string;
  is?: string;
  in?: string[];
  /** A pattern where `*` stands for any run of characters. */
  matches?: string;
}

/** When an attribute of a user says so, these roles are granted. */
export interface RoleRule {
  id: string;
  when: RuleCondition;
  grant: string[];
}

/** Where one attribute of a directory's users comes from: the sources' values, a fixed value, or nothing of what is sent. */
export interface AttributeMapping {
  to: string;
  from?: string[];
  value?: string | number | boolean;
  default?: string | number | boolean;
  transform?: ('lower' | 'upper' | 'trim' | 'first' | 'join')[];
  separator?: string;
  ignore?: boolean;
}

/** `scim`: the identity provider pushes; `google`: Gatehouse pulls from Google Workspace. */
export const directoryKinds = ['scim', 'google'] as const;
export type DirectoryKind = (typeof directoryKinds)[number];

/** Where a directory of the kind `google` pulls from, and what. */
export interface GoogleSource {
  /** The address of the Workspace administrator in whose name Google is asked. */
  administrator: string;
  /** Sealed: the service account's address and key; null: none is given yet. */
  serviceAccount: string | null;
  /** To recognise the service account by. */
  serviceAccountEmail: string | null;
  /** Addresses or ids of the chosen groups. */
  groups: string[];
  /** Paths of the chosen organizational units. */
  organizationalUnits: string[];
  pullMinutes: number;
  /** A pull that disables or removes more people than this share stops. */
  maxLeavingPercent: number;
  /** Another address than Google's own, for tests and the simulator; null: Google's. */
  apiUrl: string | null;
}

/** One tenant's SCIM connection: its tokens, dialect and role rules. */
export interface DirectoryDocument extends StoredDocument {
  name: string;
  /** Absent: `scim`. */
  kind?: DirectoryKind;
  /** Of the kind `google` alone. */
  google?: GoogleSource | null;
  dialect: Dialect;
  /** What `auto` has learned from the requests so far; null: nothing yet. */
  learnedDialect: LearnedDialect | null;
  enabled: boolean;
  roleRules: RoleRule[];
  /** Absent: users are taken as they are sent. */
  attributeMapping?: AttributeMapping[];
  /** How long an access token lives, seconds; absent in a directory of an older version: the default. */
  tokenSeconds?: number;
  /** null or absent: none. */
  federation?: DirectoryFederation | null;
  /** Another one with each other federation: the access tokens of the one before are dead. */
  federationId?: string | null;
}

/** A workload of another issuer that speaks for a directory without a secret: assertions of this issuer, for this subject and audience. */
export interface DirectoryFederation {
  issuer: string;
  subject: string;
  audience: string;
}

const googleSchema = nestedSchema({
  administrator: requiredText,
  serviceAccount: String,
  serviceAccountEmail: String,
  groups: { type: [String], required: true },
  organizationalUnits: { type: [String], required: true },
  pullMinutes: { type: Number, required: true },
  maxLeavingPercent: { type: Number, required: true },
  apiUrl: String,
});

export const roleRuleSchema = nestedSchema({
  id: requiredText,
  when: {
    type: nestedSchema({
      path: requiredText,
      is: String,
      in: { type: [String], default: undefined },
      matches: String,
    }),
    required: true,
  },
  grant: { type: [String], required: true },
});

const attributeMappingSchema = nestedSchema({
  to: requiredText,
  from: { type: [String], default: undefined },
  value: Mixed,
  default: Mixed,
  transform: { type: [String], default: undefined },
  separator: String,
  ignore: Boolean,
});

export const directorySchema = defineCollection<DirectoryDocument>(
  'directories',
  {
    name: { type: String, required: true },
    kind: { type: String, enum: directoryKinds },
    google: googleSchema,
    dialect: { type: String, required: true, enum: dialects },
    learnedDialect: { type: String, enum: dialects.filter((name) => name !== 'auto' && name !== 'strict') },
    enabled: { type: Boolean, required: true },
    roleRules: { type: [roleRuleSchema], required: true },
    attributeMapping: { type: [attributeMappingSchema], default: undefined },
    tokenSeconds: Number,
    federation: nestedSchema({ issuer: requiredText, subject: requiredText, audience: requiredText }),
    federationId: String,
  },
  [
    { name: 'directories_name', key: { tenantId: 1, name: 1 }, unique: true },
    {
      name: 'directories_federation',
      key: { 'federation.issuer': 1 },
      where: { 'federation.issuer': { $gt: '' } },
    },
  ],
);

/** A directory's bearer token. Two may live at once, so that a rotation has no gap. */
export interface ScimTokenDocument extends StoredDocument {
  directoryId: string;
  name: string;
  tokenHash: string;
  /** The first characters, to recognise it by. */
  prefix: string;
  lastUsedAt: Date | null;
  expiresAt: Date | null;
}

export const scimTokenSchema = defineCollection<ScimTokenDocument>(
  'scim_tokens',
  {
    directoryId: { type: String, required: true },
    name: { type: String, required: true },
    tokenHash: { type: String, required: true },
    prefix: { type: String, required: true },
    lastUsedAt: Date,
    expiresAt: Date,
  },
  [
    { name: 'scim_tokens_hash', key: { tokenHash: 1 }, unique: true },
    { name: 'scim_tokens_directory', key: { tenantId: 1, directoryId: 1 } },
  ],
);

/** One of a client's secrets: two may live at once, so that a rotation has no gap. */
export interface ScimClientSecret {
  id: string;
  hash: string;
  /** The first characters, to recognise it by. */
  prefix: string;
  createdAt: Date;
  lastUsedAt: Date | null;
}

/** An OAuth client of a directory (RFC 6749 section 4.4); `_id` is its client id, unique over the server. */
export interface ScimClientDocument extends StoredDocument {
  directoryId: string;
  name: string;
  secrets: ScimClientSecret[];
  /** Public keys that its assertions are signed with; not together with `jwksUri`. */
  jwks: { keys: Record<string, unknown>[] } | null;
  jwksUri: string | null;
  expiresAt: Date | null;
  /** When it last got an access token. */
  lastUsedAt: Date | null;
}

const clientSecretSchema = nestedSchema({
  id: requiredText,
  hash: requiredText,
  prefix: requiredText,
  createdAt: { type: Date, required: true },
  lastUsedAt: Date,
});

export const scimClientSchema = defineCollection<ScimClientDocument>(
  'scim_clients',
  {
    directoryId: { type: String, required: true },
    name: { type: String, required: true },
    secrets: { type: [clientSecretSchema], required: true },
    jwks: Mixed,
    jwksUri: String,
    expiresAt: Date,
    lastUsedAt: Date,
  },
  [{ name: 'scim_clients_directory', key: { tenantId: 1, directoryId: 1 } }],
);

/** What became of one operation of a bulk request. */
export interface ScimOperationRecord extends Pick<
  ScimRequestDocument,
  'method' | 'path' | 'status' | 'target' | 'roleChanges' | 'error'
> {
  diff: { path: string; before: unknown; after: unknown }[];
}

/** One SCIM request as the directory's log keeps it; secrets and passwords never. */
export interface ScimRequestDocument extends StoredDocument {
  directoryId: string;
  at: Date;
  method: string;
  /** Below `/scim/v2`, with its query. */
  path: string;
  status: number;
  latencyMs: number;
  requestId: string;
  userAgent: string;
  ip: string;
  /** What the request was let in by; absent in an entry of an older version. */
  credential?: { type: 'token' | 'client' | 'federation' | 'pull'; id: string; name: string };
  /** The body as sent, without secrets: what a replay sends again; null when there was none. */
  body: unknown;
  /** Names of the tolerated deviations, e.g. `entra.string_boolean`. */
  deviations: string[];
  target: { type: string; id: string; label: string } | null;
  /** Attribute by attribute; with `sent` in place of `after`, the new value is what the body's member of that name says. */
  diff: { path: string; before: unknown; after?: unknown; sent?: true }[];
  roleChanges: { userId: string; granted: string[]; withdrawn: string[] }[];
  error: {
    status: number;
    scimType: string | null;
    detail: string;
    hint: string;
    /** The user or group that has the value already; null or absent: none. */
    conflictsWith?: {
      type: 'user' | 'group';
      id: string;
      label: string;
      directory: { id: string; name: string } | null;
    } | null;
  } | null;
  /** Of a bulk request, operation by operation, what `diff` and `roleChanges` tell of all others; empty for those. */
  operations: ScimOperationRecord[];
  expiresAt: Date;
}

const roleChangeSchema = nestedSchema({
  userId: requiredText,
  granted: { type: [String], required: true },
  withdrawn: { type: [String], required: true },
});

export const scimRequestSchema = defineCollection<ScimRequestDocument>(
  'scim_requests',
  {
    directoryId: { type: String, required: true },
    at: { type: Date, required: true },
    method: { type: String, required: true },
    path: { type: String, required: true },
    status: { type: Number, required: true },
    latencyMs: { type: Number, required: true },
    requestId: { type: String, required: true },
    userAgent: { type: String, required: true },
    ip: { type: String, required: true },
    credential: nestedSchema({ type: { ...requiredText }, id: requiredText, name: requiredText }),
    body: Mixed,
    deviations: { type: [String], required: true },
    target: partySchema,
    diff: { type: [Mixed], required: true },
    roleChanges: { type: [roleChangeSchema], required: true },
    error: Mixed,
    operations: { type: [Mixed], required: true },
    expiresAt: { type: Date, required: true },
  },
  [
    { name: 'scim_requests_directory', key: { tenantId: 1, directoryId: 1, _id: 1 } },
    { name: 'scim_requests_expiry', key: { expiresAt: 1 }, expires: true },
  ],
);

/** How often a directory's requests deviated from the RFC, by the deviation's name; `_id` is the directory's. */
export interface DeviationCountDocument extends StoredDocument {
  counts: Record<string, number>;
}

export const deviationCountSchema = defineCollection<DeviationCountDocument>(
  'deviation_counts',
  { counts: { type: Mixed, required: true } },
  [],
);

/** A key for the admin API. */
export interface ApiKeyDocument extends StoredDocument {
  name: string;
  keyHash: string;
  prefix: string;
  /** The full key of a role of the tenant: what the key may do. */
  role: string;
  lastUsedAt: Date | null;
  expiresAt: Date | null;
}

export const apiKeySchema = defineCollection<ApiKeyDocument>(
  'api_keys',
  {
    name: { type: String, required: true },
    keyHash: { type: String, required: true },
    prefix: { type: String, required: true },
    role: { type: String, required: true },
    lastUsedAt: Date,
    expiresAt: Date,
  },
  [
    { name: 'api_keys_hash', key: { keyHash: 1 }, unique: true },
    { name: 'api_keys_name', key: { tenantId: 1, name: 1 }, unique: true },
  ],
);
