import type { StoredDocument } from '../store.js';
import type { AuditParty } from './events.js';
import { defineCollection, Mixed, partySchema, requiredText } from './definition.js';

export const bulkStatuses = ['waiting', 'running', 'done', 'cancelled', 'stopped'] as const;
export type BulkStatus = (typeof bulkStatuses)[number];

export const rowOutcomes = ['done', 'unchanged', 'refused'] as const;
export type RowOutcome = (typeof rowOutcomes)[number];

export type RowCounts = Record<RowOutcome, number>;

/** Many rows that are done one by one, beside requests: a bulk action, or an import. */
export interface BulkJobDocument extends StoredDocument {
  /** `users.disable`, `users.import`. */
  kind: string;
  /** Nothing is written: each row is tried, and undone. */
  isDryRun: boolean;
  status: BulkStatus;
  /** Who asked, and from where: each row is done as by them. */
  actor: AuditParty;
  origin: { requestId: string | null; ip: string | null };
  /** What they need for it, asked again while it runs. */
  permission: string;
  /** Of the kind. */
  options: Record<string, unknown>;
  total: number;
  parts: number;
  /** Parts that are done, with what became of their rows. */
  partsDone: number;
  counts: RowCounts;
  startedAt: Date | null;
  finishedAt: Date | null;
  /** Why it was stopped. */
  reason: string | null;
  expiresAt: Date;
}

/** One row, and what became of it. */
export interface BulkRow {
  /** The line or place in what was sent, from 1. */
  line: number;
  /** Whom or what it is about, in words. */
  label: string;
  userId?: string;
  /** What is to be done; gone once it is. */
  input?: Record<string, unknown>;
  outcome?: RowOutcome;
  code?: string;
  reason?: string;
}

/** Some rows of a {@link BulkJobDocument}: `_id` is the job's with the part's number behind it. */
export interface BulkPartDocument extends StoredDocument {
  jobId: string;
  part: number;
  rows: BulkRow[];
  expiresAt: Date;
}

export const bulkJobSchema = defineCollection<BulkJobDocument>(
  'bulk_jobs',
  {
    kind: requiredText,
    isDryRun: { type: Boolean, required: true },
    status: { type: String, required: true, enum: bulkStatuses },
    actor: { type: partySchema, required: true },
    origin: { type: Mixed, required: true },
    permission: requiredText,
    options: { type: Mixed, required: true },
    total: { type: Number, required: true },
    parts: { type: Number, required: true },
    partsDone: { type: Number, required: true },
    counts: { type: Mixed, required: true },
    startedAt: Date,
    finishedAt: Date,
    reason: String,
    expiresAt: { type: Date, required: true },
  },
  [
    { name: 'bulk_jobs_by_id', key: { tenantId: 1, _id: 1 } },
    { name: 'bulk_jobs_expiry', key: { expiresAt: 1 }, expires: true },
  ],
);

export const bulkPartSchema = defineCollection<BulkPartDocument>(
  'bulk_parts',
  {
    jobId: requiredText,
    part: { type: Number, required: true },
    rows: { type: [Mixed], required: true },
    expiresAt: { type: Date, required: true },
  },
  [
    { name: 'bulk_parts_order', key: { tenantId: 1, jobId: 1, part: 1 } },
    { name: 'bulk_parts_expiry', key: { expiresAt: 1 }, expires: true },
  ],
);
