import type { StoredDocument } from '../store.js';
import { defineCollection } from './definition.js';

export const attributeTypes = ['string', 'boolean', 'integer', 'decimal', 'dateTime', 'reference'] as const;
export type AttributeType = (typeof attributeTypes)[number];

/** An attribute that a tenant defines for its users, beside those of the SCIM schemas. */
export interface UserAttributeDocument extends StoredDocument {
  name: string;
  /** Lower-cased {@link name}: names are compared without regard to case (RFC 7643 section 2.1). */
  nameKey: string;
  type: AttributeType;
  multiValued: boolean;
  required: boolean;
  /** Whether no two users of the tenant may have the same value. */
  unique: boolean;
  description: string;
  /** Deleted then; the document stays, and with it the name, until a job has removed the values. Absent: in use. */
  deletedAt?: Date;
}

export const userAttributeSchema = defineCollection<UserAttributeDocument>(
  'user_attributes',
  {
    name: { type: String, required: true },
    nameKey: { type: String, required: true },
    type: { type: String, required: true, enum: attributeTypes },
    multiValued: { type: Boolean, required: true },
    required: { type: Boolean, required: true },
    unique: { type: Boolean, required: true },
    description: { type: String, required: true },
    deletedAt: Date,
  },
  [{ name: 'user_attributes_name', key: { tenantId: 1, nameKey: 1 }, unique: true }],
);
