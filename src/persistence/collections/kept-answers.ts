import type { StoredDocument } from '../store.js';
import { defineCollection, requiredText } from './definition.js';

/** The answer to a request with an `Idempotency-Key`; `_id` is a digest of the caller and the key. */
export interface KeptAnswerDocument extends StoredDocument {
  /** A digest of what was asked. */
  question: string;
  /** Under way until then, where there is no answer. */
  leasedUntil: Date;
  /** Sealed: an answer may hold a secret that is shown once. Absent: under way. */
  answer?: string;
  /** The person who asked; absent: a key. */
  userId?: string;
  expiresAt: Date;
}

export const keptAnswerSchema = defineCollection<KeptAnswerDocument>(
  'kept_answers',
  {
    question: requiredText,
    leasedUntil: { type: Date, required: true },
    answer: String,
    userId: String,
    expiresAt: { type: Date, required: true },
  },
  [{ name: 'kept_answers_expiry', key: { expiresAt: 1 }, expires: true }],
);
