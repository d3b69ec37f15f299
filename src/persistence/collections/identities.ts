import type { StoredDocument } from '../store.js';
import { defineCollection, nestedSchema } from './definition.js';

/** A federated identity: the stable key of a person at their company's provider is (connection, iss, sub), never the address. */
export interface IdentityDocument extends StoredDocument {
  connectionId: string;
  issuer: string;
  subject: string;
  userId: string;
  /** The connection's `providerVersion` when it was last used; absent: 0. */
  providerVersion?: number;
  lastUsedAt: Date;
  /** What the provider said that was taken over: what it says anew is followed where the person still has that. Absent: not known. */
  said?: { email?: string; givenName?: string; familyName?: string; displayName?: string };
}

export const identitySchema = defineCollection<IdentityDocument>(
  'identities',
  {
    connectionId: { type: String, required: true },
    issuer: { type: String, required: true },
    subject: { type: String, required: true },
    userId: { type: String, required: true },
    providerVersion: Number,
    lastUsedAt: { type: Date, required: true },
    said: nestedSchema({ email: String, givenName: String, familyName: String, displayName: String }),
  },
  [
    {
      name: 'identities_subject',
      key: { tenantId: 1, connectionId: 1, issuer: 1, subject: 1 },
      unique: true,
    },
    { name: 'identities_user', key: { tenantId: 1, userId: 1, connectionId: 1 }, unique: true },
  ],
);
