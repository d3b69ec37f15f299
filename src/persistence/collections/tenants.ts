import type { StoredDocument } from '../store.js';
import { defineCollection, Mixed, nestedSchema, requiredText } from './definition.js';

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
  /** Administrators who may come in past a required company sign-in; absent: none. */
  breakGlass?: BreakGlass[];
}

/** One of a tenant's administrators for emergencies. */
export interface BreakGlass {
  userId: string;
  namedAt: Date;
  /** Who named them, for people. */
  namedBy: string;
  /** Until when it counts; null: named, and not to be used now. */
  armedUntil: Date | null;
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
    breakGlass: {
      type: [
        nestedSchema({
          userId: requiredText,
          namedAt: { type: Date, required: true },
          namedBy: requiredText,
          armedUntil: Date,
        }),
      ],
      default: undefined,
    },
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
