import { rewriteTrail } from '../audit/rewrite.js';
import type { Core } from '../core.js';
import { enqueueJob, type JobDocument, type JobHandlers } from '../jobs/queue.js';
import { marksOfJob, personEraseJob, personSweepJob, sealedJob } from './erase.js';
import { createMasker, type Masker } from './marks.js';
import { eraseOutbox } from './outbox.js';
import { erasedEvent, eraseTraces } from './traces.js';

/** Longer than any request takes, and than the request log waits. */
const sweepAfterMs = 60_000;

/** What an erasure changed. */
interface ErasureReport {
  /** Audit events that name the pseudonym now. */
  events: number;
  /** Other documents that were changed or removed. */
  documents: number;
  /** Mails removed from the outbox. */
  mails: number;
}

/** Sign-ins under way belong to no tenant yet. */
async function eraseFlows(core: Core, masker: Masker): Promise<number> {
  const flows = core.store.server.collection('sign_in_flows');
  let count = 0;
  for await (const { _id, state } of flows.iterate({}))
    if (masker.mentions(state) && (await flows.remove(_id))) count += 1;
  return count;
}

/** `person.erase`, and its second look: takes away whatever still names the person. Bears being run twice. */
async function erasePersonTraces(core: Core, job: JobDocument): Promise<ErasureReport> {
  const { tenantId } = job;
  const marks = marksOfJob(core, job);
  const masker = createMasker(marks);
  const documents = await eraseTraces(core, tenantId, marks.userId, masker);
  const events = await rewriteTrail(core, tenantId, (event) => erasedEvent(event, marks.userId, masker));
  const mails = await eraseOutbox(core, masker);
  const flows = await eraseFlows(core, masker);
  if (job.kind === personEraseJob) {
    const now = core.clock.now();
    const runAt = new Date(now.getTime() + sweepAfterMs);
    await core.store.transaction((tx) =>
      enqueueJob(tx, tenantId, { ...sealedJob(core, personSweepJob, marks), runAt }, now),
    );
  }
  return { events, documents: documents + flows, mails };
}

/** Does the job of an erasure here and now, for a command; a server that was quicker does no harm. */
export async function finishErasure(core: Core, job: JobDocument): Promise<ErasureReport> {
  const report = await erasePersonTraces(core, job);
  await core.store.tenant(job.tenantId).collection('jobs').remove(job._id);
  return report;
}

/** What erasures leave to do. */
export function personErasureJobs(core: Core): JobHandlers {
  const run = async (job: JobDocument): Promise<void> => {
    await erasePersonTraces(core, job);
  };
  return { [personEraseJob]: run, [personSweepJob]: run };
}
