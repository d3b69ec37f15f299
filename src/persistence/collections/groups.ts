import type { StoredDocument } from '../store.js';
import { defineCollection, Mixed } from './definition.js';

/** A group. Its members are the users and groups whose `groupIds` name it: no array grows with its size. */
export interface GroupDocument extends StoredDocument {
  displayName: string;
  displayNameKey: string;
  externalId: string | null;
  /** The directory that pushes it; null for groups made here. */
  directoryId: string | null;
  /** `directoryId`, or `local`: group names are unique within their owner. */
  owner: string;
  /** Further SCIM attributes, extensions under their alias. */
  attributes: Record<string, unknown>;
  /** The groups this group is a direct member of. */
  groupIds: string[];
  /** Full keys of the roles it gives its members at any depth; absent: none. */
  roleIds?: string[];
  /** The users who look after its members; absent: none. */
  administratorIds?: string[];
  /** When its name, or a group it is in, last changed: what its members show without a change of their own; absent: never. */
  shownAt?: Date;
  /** The jobs that hold what is not written yet of a large change of its members, in their order; absent: none. */
  pendingParts?: string[];
}

export const groupSchema = defineCollection<GroupDocument>(
  'groups',
  {
    displayName: { type: String, required: true },
    displayNameKey: { type: String, required: true },
    externalId: String,
    directoryId: String,
    owner: { type: String, required: true },
    attributes: { type: Mixed, required: true },
    groupIds: { type: [String], required: true },
    roleIds: { type: [String], default: undefined },
    administratorIds: { type: [String], default: undefined },
    shownAt: Date,
    pendingParts: { type: [String], default: undefined },
  },
  [
    { name: 'groups_by_id', key: { tenantId: 1, _id: 1 } },
    { name: 'groups_name', key: { tenantId: 1, owner: 1, displayNameKey: 1 }, unique: true },
    { name: 'groups_display_name', key: { tenantId: 1, displayNameKey: 1 } },
    {
      name: 'groups_external_id',
      key: { tenantId: 1, directoryId: 1, externalId: 1 },
      where: { externalId: { $gt: '' } },
    },
    { name: 'groups_directory', key: { tenantId: 1, directoryId: 1, _id: 1 } },
    { name: 'groups_groups', key: { tenantId: 1, groupIds: 1, _id: 1 }, where: { groupIds: { $gt: '' } } },
    { name: 'groups_roles', key: { tenantId: 1, roleIds: 1 }, where: { roleIds: { $gt: '' } } },
    {
      name: 'groups_administrators',
      key: { tenantId: 1, administratorIds: 1 },
      where: { administratorIds: { $gt: '' } },
    },
  ],
);
