import type { JobDocument } from '../../persistence/collections/events.js';
import type { Core } from '../core.js';
import { streamStates, type StreamState } from '../events/streams.js';
import { givenUpJobs } from '../jobs/kept-jobs.js';
import { handledKinds } from '../jobs/queue.js';
import { customerStatusOf } from './customers.js';

/** Most jobs that were given up that are told of one by one. */
const maxToldJobs = 50;

/** A job of any tenant that was given up. */
export interface GivenUpJob {
  readonly job: JobDocument;
  /** null: the tenant is gone. */
  readonly tenant: { readonly id: string; readonly slug: string } | null;
}

/** How the whole server does, over all tenants. */
export interface ServerHealth {
  readonly tenants: { readonly active: number; readonly suspended: number };
  readonly jobs: {
    readonly waiting: number;
    readonly failed: number;
    /** For how long the oldest job that is due and that this server does has waited, in seconds; 0: none is late. */
    readonly lateSeconds: number;
  };
  readonly givenUp: readonly GivenUpJob[];
  readonly streams: readonly StreamState[];
}

async function tenantsOf(core: Core, jobs: readonly JobDocument[]): Promise<GivenUpJob[]> {
  const ids = [...new Set(jobs.map(({ tenantId }) => tenantId))];
  const tenants = await core.store.server
    .collection('tenants')
    .find({ _id: { $in: ids } }, { fields: ['slug'] });
  const slugs = new Map(tenants.map(({ _id, slug }) => [_id, slug]));
  return jobs.map((job) => {
    const slug = slugs.get(job.tenantId);
    return { job, tenant: slug === undefined ? null : { id: job.tenantId, slug } };
  });
}

/** Reads how the server does: jobs over all tenants, those that were given up, streams of events. */
export async function serverHealth(core: Core): Promise<ServerHealth> {
  const now = core.clock.now();
  const jobs = core.store.server.collection('jobs');
  const [all, given, [due], tenants, streams] = await Promise.all([
    // By keys of an index.
    jobs.count({ kind: { $gt: '' } }),
    givenUpJobs(core, maxToldJobs),
    // By kind, as the index begins with it.
    jobs.find(
      { kind: { $in: [...handledKinds(core)] }, runAt: { $lte: now } },
      { sort: { runAt: 1 }, limit: 1 },
    ),
    core.store.server.collection('tenants').find({}, { fields: ['status'] }),
    streamStates(core),
  ]);
  const suspended = tenants.filter((tenant) => customerStatusOf(tenant) === 'suspended').length;
  return {
    tenants: { active: tenants.length - suspended, suspended },
    jobs: {
      waiting: Math.max(0, all - given.total),
      failed: given.total,
      lateSeconds: due ? Math.max(0, Math.round((now.getTime() - due.runAt.getTime()) / 1000)) : 0,
    },
    givenUp: await tenantsOf(core, given.items),
    streams,
  };
}
