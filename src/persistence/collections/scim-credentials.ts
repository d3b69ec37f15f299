import type { StoredDocument } from '../store.js';
import { defineCollection, Mixed, nestedSchema, requiredText } from './definition.js';

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
