import { expect } from 'chai';
import type { ApiTenant } from './api.js';
import { eventually } from './eventually.js';

export interface BulkJob {
  id: string;
  kind: string;
  status: string;
  dryRun: boolean;
  total: number;
  processed: number;
  counts: { done: number; unchanged: number; refused: number };
}

export interface BulkRow {
  line: number;
  label: string;
  userId: string | null;
  outcome: string;
  code: string | null;
  reason: string | null;
}

/** Begins a bulk action or an import, and waits for its end. */
export async function runBulk(
  acme: ApiTenant,
  path: string,
  body: object,
  key?: string,
): Promise<{ job: BulkJob; rows: BulkRow[] }> {
  const begun = await acme.call('post', path, key).send(body);
  expect(begun.status, begun.text).to.equal(202);
  return endOfBulk(acme, (begun.body as BulkJob).id);
}

/** Waits until a bulk job is over. */
async function endOfBulk(acme: ApiTenant, id: string): Promise<{ job: BulkJob; rows: BulkRow[] }> {
  const job = await eventually(async () => {
    const found = (await acme.call('get', `/bulk/${id}`)).body as BulkJob;
    return ['done', 'cancelled', 'stopped'].includes(found.status) && found;
  }, 'the end of the bulk job');
  const rows = (await acme.call('get', `/bulk/${id}/rows?limit=1000`)).body as { items: BulkRow[] };
  return { job, rows: rows.items };
}
