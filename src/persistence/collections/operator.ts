import type { StoredDocument } from '../store.js';
import { defineCollection } from './definition.js';

/** A key of the server's operator; `tenantId` is the operator's own tenant. */
export interface OperatorKeyDocument extends StoredDocument {
  name: string;
  /** SHA-256 of the key. */
  keyHash: string;
  /** How the key begins, to recognise it by. */
  prefix: string;
  lastUsedAt: Date | null;
  /** null: never. */
  expiresAt: Date | null;
}

export const operatorKeySchema = defineCollection<OperatorKeyDocument>(
  'operator_keys',
  {
    name: { type: String, required: true },
    keyHash: { type: String, required: true },
    prefix: { type: String, required: true },
    lastUsedAt: Date,
    expiresAt: Date,
  },
  [
    { name: 'operator_keys_hash', key: { keyHash: 1 }, unique: true },
    { name: 'operator_keys_name', key: { name: 1 }, unique: true },
  ],
);
