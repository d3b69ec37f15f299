import type { StoredDocument } from '../store.js';
import { defineCollection, requiredText } from './definition.js';

export const savedLists = [
  'users',
  'invitations',
  'groups',
  'roles',
  'applications',
  'audit-events',
  'role-requests',
  'directories',
  'directory-requests',
  'sso-connections',
  'api-keys',
  'attributes',
  'webhooks',
  'bulk',
] as const;
export type SavedList = (typeof savedLists)[number];

/** A named question to a list: a person's own, or one that all of the tenant see. */
export interface SavedViewDocument extends StoredDocument {
  list: SavedList;
  name: string;
  nameKey: string;
  /** As in the address of the list: `status=locked&sort=-createdAt`. */
  query: string;
  /** Whose it is; null: it is shared. */
  userId: string | null;
  /** `userId`, or `shared`: names are unique within it. */
  owner: string;
}

export const savedViewSchema = defineCollection<SavedViewDocument>(
  'saved_views',
  {
    list: { type: String, required: true, enum: savedLists },
    name: requiredText,
    nameKey: requiredText,
    query: { type: String, required: true },
    userId: String,
    owner: requiredText,
  },
  [
    {
      name: 'saved_views_name',
      key: { tenantId: 1, owner: 1, list: 1, nameKey: 1 },
      unique: true,
    },
  ],
);
