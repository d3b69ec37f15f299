import type { StoredDocument } from '../store.js';
import { defineCollection } from './definition.js';

/** A key that stays the same when `SECRET_KEY` changes; `_id` says what for, `tenantId` is `server`. */
export interface KeptKeyDocument extends StoredDocument {
  /** The key, sealed by the secret box. */
  sealedKey: string;
}

export const keptKeySchema = defineCollection<KeptKeyDocument>(
  'kept_keys',
  { sealedKey: { type: String, required: true } },
  [],
);
