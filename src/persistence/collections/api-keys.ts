import type { StoredDocument } from '../store.js';
import { defineCollection } from './definition.js';

/** A key for the admin API. */
export interface ApiKeyDocument extends StoredDocument {
  name: string;
  keyHash: string;
  prefix: string;
  /** The full key of a role of the tenant: what the key may do. */
  role: string;
  /** The user who made it, or the maker of the key that did; absent or null: no user. */
  makerId?: string | null;
  lastUsedAt: Date | null;
  expiresAt: Date | null;
  /** The permissions of the role it is cut down to; absent or null: all of them. */
  scopes?: string[] | null;
  /** From where it may be used: addresses and ranges; absent or empty: from everywhere. */
  addresses?: string[];
  /** Its owner: it ends with them, and may do no more than they may. Absent or null: the tenant's. */
  userId?: string | null;
  /** The hash of the value before the last rotation, which is good for a while longer. */
  previousHash?: string | null;
  previousUntil?: Date | null;
  /** Who made that value. */
  previousMakerId?: string | null;
}

export const apiKeySchema = defineCollection<ApiKeyDocument>(
  'api_keys',
  {
    name: { type: String, required: true },
    keyHash: { type: String, required: true },
    prefix: { type: String, required: true },
    role: { type: String, required: true },
    makerId: String,
    lastUsedAt: Date,
    expiresAt: Date,
    scopes: { type: [String], default: undefined },
    addresses: { type: [String], default: undefined },
    userId: String,
    previousHash: String,
    previousUntil: Date,
    previousMakerId: String,
  },
  [
    { name: 'api_keys_hash', key: { keyHash: 1 }, unique: true },
    {
      name: 'api_keys_previous_hash',
      key: { previousHash: 1 },
      unique: true,
      where: { previousHash: { $gt: '' } },
    },
    { name: 'api_keys_name', key: { tenantId: 1, name: 1 }, unique: true },
  ],
);
