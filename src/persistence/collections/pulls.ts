import type { StoredDocument } from '../store.js';
import { defineCollection, Mixed } from './definition.js';

export const pullOutcomes = ['done', 'stopped', 'failed'] as const;

/** What a pull did, by kind of resource. */
export interface PullCounts {
  created: number;
  changed: number;
  /** People whom Google suspends or archives; 0 for groups. */
  deactivated: number;
  removed: number;
  /** Changes that Gatehouse refused: the request log says why. */
  refused: number;
}

export interface PullResult {
  /** `stopped`: too many people would have left; `failed`: Google could not be read. */
  outcome: (typeof pullOutcomes)[number];
  users: PullCounts;
  groups: PullCounts;
}

/** Where a pulling directory is at; `_id` is the directory's. */
export interface DirectoryPullDocument extends StoredDocument {
  /** The one job that pulls, now or next. */
  jobId: string;
  nextPullAt: Date | null;
  lastPullAt: Date | null;
  lastResult: PullResult | null;
  /** Why the last pull did not get through, in words, with the remedy. */
  error: string | null;
  /** An administrator confirmed that many people leave: the next pull does not stop. */
  isForced: boolean;
  /** A pull was asked for while one was under way: another one follows at once. */
  isWanted: boolean;
}

export const directoryPullSchema = defineCollection<DirectoryPullDocument>(
  'directory_pulls',
  {
    jobId: { type: String, required: true },
    nextPullAt: Date,
    lastPullAt: Date,
    lastResult: Mixed,
    error: String,
    isForced: { type: Boolean, required: true },
    isWanted: { type: Boolean, required: true },
  },
  [],
);
