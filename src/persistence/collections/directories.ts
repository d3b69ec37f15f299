import type { StoredDocument } from '../store.js';
import { dialects, type Dialect, type LearnedDialect } from '../../shared/dialects.js';
import { defineCollection, Mixed, nestedSchema, requiredText } from './definition.js';

export { dialects, type Dialect, type LearnedDialect } from '../../shared/dialects.js';

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

/** How many people may lose access by a directory before the rest waits for a person's word; one of the limits is set. */
export interface ChangeGuard {
  /** Of the directory's people; null: no limit by share. */
  percent: number | null;
  /** null: no limit by number. */
  people: number | null;
  /** What is counted together. */
  windowMinutes: number;
  /** Whether the last holder of a role keeps it, and their access. */
  lastHolders: boolean;
  /** After so many hours without a word it is done; null: it waits. */
  releaseAfterHours: number | null;
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
  /** Absent or null: off. */
  changeGuard?: ChangeGuard | null;
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
    changeGuard: nestedSchema({
      percent: Number,
      people: Number,
      windowMinutes: { type: Number, required: true },
      lastHolders: { type: Boolean, required: true },
      releaseAfterHours: Number,
    }),
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
