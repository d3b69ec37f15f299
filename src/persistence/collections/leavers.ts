import type { StoredDocument } from '../store.js';
import { defineCollection, nestedSchema, requiredText } from './definition.js';

/** A browser session that ended with its person's access. */
export interface EndedSession {
  sessionId: string;
  method: string;
  ip: string;
  signedInAt: Date;
}

/** The end of a person's access where something had to end: `_id` is `<userId>:<calledAt>`. */
export interface AccessEndDocument extends StoredDocument {
  userId: string;
  reason: string;
  /** When the call came: from this moment nothing of it counted any more. */
  calledAt: Date;
  /** The first 200 of them. */
  sessions: EndedSession[];
  sessionCount: number;
  /** Grants and tokens that were removed. */
  tokenCount: number;
  /** When all of it had been removed; null: not yet. */
  endedAt: Date | null;
}

export const accessEndSchema = defineCollection<AccessEndDocument>(
  'access_ends',
  {
    userId: requiredText,
    reason: requiredText,
    calledAt: { type: Date, required: true },
    sessions: {
      type: [
        nestedSchema({
          sessionId: requiredText,
          method: requiredText,
          ip: { type: String, required: true },
          signedInAt: { type: Date, required: true },
        }),
      ],
      required: true,
    },
    sessionCount: { type: Number, required: true },
    tokenCount: { type: Number, required: true },
    endedAt: Date,
  },
  [
    { name: 'access_ends_user', key: { tenantId: 1, userId: 1 } },
    { name: 'access_ends_called', key: { tenantId: 1, calledAt: 1 } },
  ],
);

export const logoutDeliveryStatuses = ['waiting', 'failed', 'confirmed', 'given_up'] as const;
export type LogoutDeliveryStatus = (typeof logoutDeliveryStatuses)[number];

/** One logout token for one application; `_id` is that of the job that sends it. Kept for 400 days. */
export interface LogoutDeliveryDocument extends StoredDocument {
  applicationId: string;
  clientId: string;
  userId: string;
  sessionId: string;
  /** `failed`: tried, and tried again later. */
  status: LogoutDeliveryStatus;
  attempts: number;
  /** What the application answered last, in words. */
  answer: string | null;
  /** When it was confirmed or given up. */
  settledAt: Date | null;
  expiresAt: Date;
}

export const logoutDeliverySchema = defineCollection<LogoutDeliveryDocument>(
  'logout_deliveries',
  {
    applicationId: requiredText,
    clientId: requiredText,
    userId: requiredText,
    sessionId: requiredText,
    status: { type: String, required: true, enum: logoutDeliveryStatuses },
    attempts: { type: Number, required: true },
    answer: String,
    settledAt: Date,
    expiresAt: { type: Date, required: true },
  },
  [
    { name: 'logout_deliveries_application', key: { tenantId: 1, applicationId: 1 } },
    { name: 'logout_deliveries_user', key: { tenantId: 1, userId: 1 } },
    { name: 'logout_deliveries_expiry', key: { expiresAt: 1 }, expires: true },
  ],
);
