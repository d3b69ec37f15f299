import type { StoredDocument } from '../store.js';
import { defineCollection } from './definition.js';

export const mailStates = ['queued', 'sent', 'failed'] as const;
export type MailState = (typeof mailStates)[number];

/** What became of one mail; `_id` is that of the job that sends it. What it says is not kept. */
export interface MailDocument extends StoredDocument {
  /** Whom it is for; null: a person without an account. */
  userId: string | null;
  invitationId: string | null;
  to: string;
  template: string;
  state: MailState;
  /** Why it failed last; it may be tried again while `queued`. */
  reason: string | null;
  /** When it was sent or given up. */
  settledAt: Date | null;
  expiresAt: Date;
}

export const mailSchema = defineCollection<MailDocument>(
  'mails',
  {
    userId: String,
    invitationId: String,
    to: { type: String, required: true },
    template: { type: String, required: true },
    state: { type: String, required: true, enum: mailStates },
    reason: String,
    settledAt: Date,
    expiresAt: { type: Date, required: true },
  },
  [
    { name: 'mails_user', key: { tenantId: 1, userId: 1, _id: 1 }, where: { userId: { $gt: '' } } },
    {
      name: 'mails_invitation',
      key: { tenantId: 1, invitationId: 1, _id: 1 },
      where: { invitationId: { $gt: '' } },
    },
    { name: 'mails_expiry', key: { expiresAt: 1 }, expires: true },
  ],
);
