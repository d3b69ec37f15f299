import type { StoredDocument } from '../store.js';
import { defineCollection } from './definition.js';

export const clashSources = ['sso', 'scim'] as const;
export const clashStates = ['open', 'decided'] as const;
export const clashDecisions = ['link', 'apart', 'merge', 'rename'] as const;
export type ClashDecision = (typeof clashDecisions)[number];

/** An identity at a provider, or a person of a directory, that met an account here and was not let in or made. */
export interface AccountClashDocument extends StoredDocument {
  /** Digest of what came: one document for each. */
  incomingKey: string;
  source: (typeof clashSources)[number];
  /** The connection or directory. */
  sourceId: string;
  sourceName: string;
  /** Who it is at the provider; null: of a directory. */
  issuer: string | null;
  subject: string | null;
  /** The address or userName it came with. */
  incoming: string;
  /** The account it met. */
  userId: string;
  /** A code. */
  reason: string;
  times: number;
  lastSeenAt: Date;
  state: (typeof clashStates)[number];
  decision: ClashDecision | null;
  decidedAt: Date | null;
  /** How the person who decided is called. */
  decidedBy: string | null;
  expiresAt: Date;
}

export const accountClashSchema = defineCollection<AccountClashDocument>(
  'account_clashes',
  {
    incomingKey: { type: String, required: true },
    source: { type: String, required: true, enum: clashSources },
    sourceId: { type: String, required: true },
    sourceName: { type: String, required: true },
    issuer: String,
    subject: String,
    incoming: { type: String, required: true },
    userId: { type: String, required: true },
    reason: { type: String, required: true },
    times: { type: Number, required: true },
    lastSeenAt: { type: Date, required: true },
    state: { type: String, required: true, enum: clashStates },
    decision: { type: String, enum: [...clashDecisions, null] },
    decidedAt: Date,
    decidedBy: String,
    expiresAt: { type: Date, required: true },
  },
  [
    { name: 'account_clashes_incoming', key: { tenantId: 1, incomingKey: 1 }, unique: true },
    { name: 'account_clashes_state', key: { tenantId: 1, state: 1, _id: 1 } },
    { name: 'account_clashes_user', key: { tenantId: 1, userId: 1 } },
    { name: 'account_clashes_expiry', key: { expiresAt: 1 }, expires: true },
  ],
);
