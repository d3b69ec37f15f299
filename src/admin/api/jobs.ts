import {
  getJob,
  jobPosition,
  jobStatus,
  jobStatuses,
  listJobs,
  removeJob,
  retryJob,
  type JobDocument,
  type JobPosition,
} from '../../identity/jobs/kept-jobs.js';
import type { Core } from '../../identity/core.js';
import { listOf, pageAfter, pageParameters, searchParameter, sortParameter } from '../list.js';
import { id, instant, instantOrNull, iso, isoOrNull } from '../present/fields.js';
import { route, type Route } from '../route.js';
import { z } from '../schema.js';

const tag = 'Jobs';
const permission = 'account.settings';

const jobSchema = z
  .strictObject({
    id,
    kind: z.string().describe('what is to be done, e.g. `mail.send`'),
    status: z.enum(jobStatuses).describe('`failed`: given up, kept until it is run again or removed'),
    about: z.string().nullable().describe('whom a mail is for'),
    attempts: z.number().int(),
    runAt: instantOrNull.describe('when it is tried next; null: not by itself'),
    failedAt: instantOrNull,
    error: z.string().nullable().describe('why it failed last'),
    createdAt: instant,
  })
  .openapi('Job');

function present(job: JobDocument): z.input<typeof jobSchema> {
  const { to } = job.payload as { to?: string };
  return {
    id: job._id,
    kind: job.kind,
    status: jobStatus(job),
    about: to ?? null,
    attempts: job.attempts,
    runAt: job.failedAt ? null : iso(job.runAt),
    failedAt: isoOrNull(job.failedAt ?? null),
    error: job.error ?? null,
    createdAt: iso(job.createdAt),
  };
}

const targetJob = (core: Core, tenantId: string, params: { readonly id: string }): Promise<JobDocument> =>
  getJob(core, tenantId, params.id);

const listAll = route({
  method: 'get',
  path: '/jobs',
  id: 'listJobs',
  summary:
    'Work that is left to do: mails, notices of sign-outs, roles to compute; what was given up with `status=failed`',
  tag,
  permission,
  query: z.strictObject({
    status: z.enum(jobStatuses).optional(),
    kind: z.string().max(100).optional(),
    q: searchParameter.describe('found anywhere in the kind, in whom a mail is for, or in why it failed'),
    sort: sortParameter(['createdAt', 'runAt'], 'createdAt'),
    ...pageParameters,
  }),
  output: listOf(jobSchema),
  async handler(context) {
    const { core, actor, query } = context;
    const order = {
      sort: query.sort.endsWith('runAt') ? ('runAt' as const) : ('createdAt' as const),
      descending: query.sort.startsWith('-'),
    };
    const page = await pageAfter(
      context,
      (after: JobPosition | undefined, limit) =>
        listJobs(core, actor.tenantId, query, { ...order, ...limit, after }),
      jobPosition,
    );
    return { body: { ...page, items: page.items.map(present) } };
  },
});

const retryOne = route({
  method: 'post',
  path: '/jobs/{id}/retry',
  id: 'retryJob',
  summary: 'Run a job again that was given up',
  tag,
  permission,
  target: targetJob,
  output: jobSchema,
  handler: async ({ core, actor, params }) => ({ body: present(await retryJob(core, actor, params.id)) }),
});

const removeOne = route({
  method: 'delete',
  path: '/jobs/{id}',
  id: 'deleteJob',
  summary: 'Remove a job that was given up',
  tag,
  permission,
  target: targetJob,
  async handler({ core, actor, params }) {
    await removeJob(core, actor, params.id);
    return {};
  },
});

export const jobRoutes: readonly Route[] = [listAll, retryOne, removeOne];
