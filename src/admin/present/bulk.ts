import { isOver, progressOf, type BulkJobDocument, type PlacedRow } from '../../identity/bulk/jobs.js';
import type { Core } from '../../identity/core.js';
import type { Reply } from '../route.js';
import { z } from '../schema.js';
import { id, instant, instantOrNull, iso, isoOrNull } from './fields.js';

export const bulkStatuses = ['waiting', 'running', 'done', 'cancelled', 'stopped'] as const;
export const rowOutcomes = ['done', 'unchanged', 'refused', 'open'] as const;

export const bulkSchema = z
  .strictObject({
    id,
    kind: z.string().describe('`users.disable`, `users.import`, ...'),
    dryRun: z.boolean().describe('each row is tried by itself, and undone: nothing is written'),
    status: z.enum(bulkStatuses).describe('`stopped`: who asked for it may no longer do it'),
    total: z.number().int().describe('rows'),
    processed: z.number().int().describe('rows that are done so far, however they ended'),
    counts: z.strictObject({
      done: z.number().int(),
      unchanged: z.number().int().describe('as asked already'),
      refused: z.number().int(),
    }),
    createdBy: z.strictObject({ type: z.string(), id: z.string(), label: z.string() }),
    createdAt: instant,
    startedAt: instantOrNull,
    finishedAt: instantOrNull,
    reason: z.string().nullable().describe('why it was stopped'),
    expiresAt: instant.describe('kept until then'),
  })
  .openapi('BulkJob');

export const bulkRowSchema = z
  .strictObject({
    line: z.number().int().describe('line of a CSV file, or place in the list; from 1'),
    label: z.string().describe('whom it is about'),
    userId: z.string().nullable(),
    outcome: z.enum(rowOutcomes).describe('`open`: not done yet'),
    code: z.string().nullable().describe('why it was refused: an error code'),
    reason: z.string().nullable().describe('the same in words'),
  })
  .openapi('BulkRow');

export async function presentBulk(core: Core, job: BulkJobDocument): Promise<z.input<typeof bulkSchema>> {
  const counts = isOver(job) && job.status === 'done' ? job.counts : await progressOf(core, job);
  return {
    id: job._id,
    kind: job.kind,
    dryRun: job.isDryRun,
    status: job.status,
    total: job.total,
    processed: counts.done + counts.unchanged + counts.refused,
    counts,
    createdBy: job.actor,
    createdAt: iso(job.createdAt),
    startedAt: isoOrNull(job.startedAt),
    finishedAt: isoOrNull(job.finishedAt),
    reason: job.reason,
    expiresAt: iso(job.expiresAt),
  };
}

/** The answer to what began it. */
export async function replyBulk(
  core: Core,
  job: BulkJobDocument,
): Promise<Reply<z.input<typeof bulkSchema>>> {
  return {
    body: await presentBulk(core, job),
    headers: { Location: `/api/v1/bulk/${job._id}` },
  };
}

export const presentRow = (row: PlacedRow): z.input<typeof bulkRowSchema> => ({
  line: row.line,
  label: row.label,
  userId: row.userId ?? null,
  outcome: row.outcome ?? 'open',
  code: row.code ?? null,
  reason: row.reason ?? null,
});
