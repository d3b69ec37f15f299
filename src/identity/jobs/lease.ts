import type { JobDocument } from '../../persistence/collections/events.js';
import type { Core } from '../core.js';

const leaseMs = 60_000;

/** Takes the lease of a job; undefined when another worker has it. */
export async function claim(core: Core, job: JobDocument): Promise<JobDocument | undefined> {
  const now = core.clock.now();
  const until = new Date(now.getTime() + leaseMs);
  // The change may run several times: its last run tells.
  const outcome = { isMine: false };
  const claimed = await core.store
    .tenant(job.tenantId)
    .collection('jobs')
    .update(job._id, (stored) => {
      outcome.isMine = stored.runAt <= now;
      if (!outcome.isMine) return undefined;
      return { ...stored, attempts: stored.attempts + 1, leasedUntil: until, runAt: until };
    });
  return outcome.isMine ? claimed : undefined;
}

/** Moves the lease on while the handler works, so that a long job is not begun by a second worker. */
export function keepLease(core: Core, job: JobDocument): () => void {
  const timer = setInterval(() => {
    const until = new Date(core.clock.now().getTime() + leaseMs);
    const jobs = core.store.tenant(job.tenantId).collection('jobs');
    jobs
      .update(job._id, (stored) => ({ ...stored, leasedUntil: until, runAt: until }))
      .catch((error: unknown) =>
        core.log.warn({ err: error, job: job._id }, 'the lease of a job could not be kept'),
      );
  }, leaseMs / 3);
  timer.unref();
  return () => clearInterval(timer);
}
