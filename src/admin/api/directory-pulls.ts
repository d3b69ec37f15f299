import { requestPull } from '../../identity/directories/pulls.js';
import { jobStatus } from '../../identity/jobs/kept-jobs.js';
import { id } from '../present/fields.js';
import { route, type Route } from '../route.js';
import { z } from '../schema.js';
import { directoryTag, targetDirectory } from './directories.js';

const pullNow = route({
  method: 'post',
  path: '/directories/{id}/pull',
  id: 'pullDirectory',
  summary: 'Pull a directory of the kind google now; a job does it, one at a time',
  tag: directoryTag,
  permission: 'scim.manage',
  target: targetDirectory,
  body: z
    .strictObject({
      force: z.boolean().default(false).describe('many people may leave: confirms a pull that stopped'),
    })
    .prefault({})
    .openapi('PullDirectory'),
  status: 202,
  output: z
    .strictObject({ job: z.strictObject({ id, status: z.enum(['waiting', 'failed']) }) })
    .openapi('DirectoryPull'),
  async handler({ core, actor, body, params }) {
    const job = await requestPull(core, actor, params.id, body);
    return { body: { job: { id: job._id, status: jobStatus(job) } } };
  },
});

export const directoryPullRoutes: readonly Route[] = [pullNow];
