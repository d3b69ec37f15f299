import type { StoredDocument } from '../store.js';
import { defineCollection, Mixed } from './definition.js';

export const ssoSignInKinds = ['sign_in', 'test'] as const;
export const ssoSignInStates = ['new', 'waiting', 'admitted', 'refused', 'failed', 'passed'] as const;
export type SsoSignInState = (typeof ssoSignInStates)[number];

/** One sign-in that was sent to a company's provider, or one that only tries it. */
export interface SsoSignInDocument extends StoredDocument {
  connectionId: string;
  kind: (typeof ssoSignInKinds)[number];
  /** `new`: a test nobody has begun; `waiting`: the browser is at the provider; `passed`: a test that would have let the person in. */
  state: SsoSignInState;
  startedAt: Date;
  finishedAt: Date | null;
  /** Where and why it ended; null: it has not, or nothing was wrong. */
  stage: string | null;
  reason: string | null;
  hint: string | null;
  /** The request whose page the person saw last: its beginning is the reference there. */
  reference: string | null;
  userId: string | null;
  /** The address or name of the person, as far as it is known. */
  person: string | null;
  ip: string | null;
  /** Hash of the `state` at the provider; null: it is not there. */
  trip: string | null;
  /** Hash of the link that begins a test; null: it was followed, or this is no test. */
  linkHash: string | null;
  /** Digest of what the provider was reached by; absent: the browser never went there. */
  provider?: string;
  /** What a test found. */
  report: Record<string, unknown> | null;
  expiresAt: Date;
}

export const ssoSignInSchema = defineCollection<SsoSignInDocument>(
  'sso_sign_ins',
  {
    connectionId: { type: String, required: true },
    kind: { type: String, required: true, enum: ssoSignInKinds },
    state: { type: String, required: true, enum: ssoSignInStates },
    startedAt: { type: Date, required: true },
    finishedAt: Date,
    stage: String,
    reason: String,
    hint: String,
    reference: String,
    userId: String,
    person: String,
    ip: String,
    trip: String,
    linkHash: String,
    provider: String,
    report: Mixed,
    expiresAt: { type: Date, required: true },
  },
  [
    { name: 'sso_sign_ins_connection', key: { tenantId: 1, connectionId: 1, kind: 1, _id: 1 } },
    { name: 'sso_sign_ins_trip', key: { tenantId: 1, trip: 1 }, where: { trip: { $gt: '' } } },
    { name: 'sso_sign_ins_user', key: { tenantId: 1, userId: 1 }, where: { userId: { $gt: '' } } },
    { name: 'sso_sign_ins_expiry', key: { expiresAt: 1 }, expires: true },
  ],
);
