import type { StoredDocument } from '../store.js';
import { defineCollection, nestedSchema, requiredText } from './definition.js';

/** What the change guard of a directory counts; `_id` is the directory's. */
export interface DirectoryGuardDocument extends StoredDocument {
  /** Who lost access by the directory, and when first: those of the window alone. */
  losses: { userId: string; at: Date }[];
  /** How many people the directory managed, and when they were counted. */
  people: number;
  countedAt: Date | null;
  /** Since when anything is held back; null: nothing is. */
  heldSince: Date | null;
}

export const directoryGuardSchema = defineCollection<DirectoryGuardDocument>(
  'directory_guards',
  {
    losses: {
      type: [nestedSchema({ userId: requiredText, at: { type: Date, required: true } })],
      required: true,
    },
    people: { type: Number, required: true },
    countedAt: Date,
    heldSince: Date,
  },
  [],
);
