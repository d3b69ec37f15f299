import type { StoredDocument } from '../store.js';
import { defineCollection, partySchema, requiredText } from './definition.js';
import type { AuditParty } from './events.js';

export const setupPurposes = ['oidc', 'saml', 'scim', 'domains', 'renewal'] as const;
export type SetupPurpose = (typeof setupPurposes)[number];

export const setupSteps = ['provider', 'dns', 'mail'] as const;
/** What one person at the company does: at the identity provider, in the DNS, at the mail filter. */
export type SetupStep = (typeof setupSteps)[number];

export const setupProviders = ['okta', 'entra', 'google', 'keycloak', 'other'] as const;
export type SetupProvider = (typeof setupProviders)[number];

/** A link by which a company's IT sets one connection or directory up, without an account. */
export interface SetupLinkDocument extends StoredDocument {
  /** For whom it is, as the administrator calls them. */
  name: string;
  purpose: SetupPurpose;
  /** Which provider's instructions are shown. */
  provider: SetupProvider;
  /** Of all purposes but `scim`. */
  connectionId: string | null;
  /** Of the purpose `scim`. */
  directoryId: string | null;
  /** The steps it opens. */
  steps: SetupStep[];
  /** Where it was mailed to; null: it was handed over otherwise. */
  email: string | null;
  /** The link whose holder made it for a colleague; null: an administrator made it. */
  parentId: string | null;
  tokenHash: string;
  /** Who made it, or the first of its parents: it ends with their right to. */
  maker: AuditParty;
  expiresAt: Date;
  revokedAt: Date | null;
  lastUsedAt: Date | null;
  /** The last step that was said to be complete here. */
  providerDoneAt: Date | null;
  /** The token of a directory that was made by the link. */
  tokenId: string | null;
  /** Proof that a mail arrived: hash of the token in the link of the test mail; null: none was sent. */
  mailHash: string | null;
  mailArrivedAt: Date | null;
  /** When it is forgotten. */
  purgeAt: Date;
}

export const setupLinkSchema = defineCollection<SetupLinkDocument>(
  'setup_links',
  {
    name: { type: String, required: true },
    purpose: { type: String, required: true, enum: setupPurposes },
    provider: { type: String, required: true, enum: setupProviders },
    connectionId: String,
    directoryId: String,
    steps: { type: [requiredText], required: true },
    email: String,
    parentId: String,
    tokenHash: { type: String, required: true },
    maker: { type: partySchema, required: true },
    expiresAt: { type: Date, required: true },
    revokedAt: Date,
    lastUsedAt: Date,
    providerDoneAt: Date,
    tokenId: String,
    mailHash: String,
    mailArrivedAt: Date,
    purgeAt: { type: Date, required: true },
  },
  [
    { name: 'setup_links_by_id', key: { tenantId: 1, _id: 1 } },
    { name: 'setup_links_maker', key: { tenantId: 1, 'maker.id': 1 } },
    { name: 'setup_links_token', key: { tokenHash: 1 }, unique: true },
    { name: 'setup_links_expiry', key: { purgeAt: 1 }, expires: true },
  ],
);
