import type { StoredDocument } from '../store.js';
import { defineCollection, nestedSchema, requiredText } from './definition.js';

/**
 * What was last applied of one entry of the bootstrap file. `_id` is a keyed digest of the entry's kind, tenant and key; `tenantId` is the
 * tenant's, `server` for the tenant's own entry, which outlives it.
 */
export interface BootstrapEntryDocument extends StoredDocument {
  kind: string;
  /** What the entry made or was put on; null for records about the file as such. */
  documentId: string | null;
  /** Keyed digest of each field's value in the file when it was last applied. */
  fields: { field: string; digest: string }[];
  /** When the password of the file was set: another time now says that it was changed since. */
  passwordSetAt: Date | null;
  /** Of the one record that is the lease of whoever applies a file: until when it holds. */
  leasedUntil: Date | null;
}

export const bootstrapEntrySchema = defineCollection<BootstrapEntryDocument>(
  'bootstrap_entries',
  {
    kind: { type: String, required: true },
    documentId: String,
    fields: { type: [nestedSchema({ field: requiredText, digest: requiredText })], required: true },
    passwordSetAt: Date,
    leasedUntil: Date,
  },
  [{ name: 'bootstrap_entries_tenant', key: { tenantId: 1 } }],
);
