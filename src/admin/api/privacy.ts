import type { Response } from 'express';
import { pipeline } from 'node:stream/promises';
import { Readable } from 'node:stream';
import { writeEvent } from '../../identity/audit/audit.js';
import type { Actor, Core } from '../../identity/core.js';
import { jobStatus, jobStatuses } from '../../identity/jobs/kept-jobs.js';
import { erasePerson } from '../../identity/privacy/erase.js';
import { jsonOf, personData } from '../../identity/privacy/person-data.js';
import { requireAuthorityOver } from '../../identity/users/authority.js';
import { partyOf } from '../../identity/users/change-events.js';
import type { UserDocument } from '../../identity/users/users.js';
import { AppError } from '../../shared/errors.js';
import { id } from '../present/fields.js';
import { route, type Route } from '../route.js';
import { z } from '../schema.js';
import { targetUser, userTag } from './users.js';

const eraseUser = route({
  method: 'post',
  path: '/users/{id}/erase',
  id: 'eraseUser',
  summary: 'Erase a person for good, for a privacy request; what must stay names a pseudonym; a job does it',
  tag: userTag,
  permission: 'users.delete',
  stepUp: true,
  target: targetUser,
  body: z
    .strictObject({ confirm: z.string().max(300).describe('the id of the user once more') })
    .openapi('EraseUser'),
  status: 202,
  output: z
    .strictObject({ job: z.strictObject({ id, status: z.enum(jobStatuses) }) })
    .openapi('ErasureStarted'),
  async handler({ core, actor, params, body, ifVersion }) {
    if (body.confirm !== params.id) {
      const errors = [{ pointer: '/confirm', detail: 'must be the id of the user' }];
      throw new AppError('input.invalid', 'the erasure is not confirmed', { errors });
    }
    const job = await erasePerson(core, actor, params.id, ifVersion);
    return { body: { job: { id: job._id, status: jobStatus(job) } } };
  },
});

/** Writes all of a person as a download, as fast as it is read. */
async function sendPerson(core: Core, actor: Actor, res: Response, user: UserDocument): Promise<undefined> {
  await writeEvent(core, actor, { action: 'user.exported', target: partyOf(user) });
  const sections = await personData(core, user.tenantId, { userId: user._id, user });
  res.setHeader('Content-Type', 'application/json; charset=utf-8');
  res.setHeader('Content-Disposition', `attachment; filename="person-${user._id}.json"`);
  await pipeline(Readable.from(jsonOf(sections)), res).catch((error: unknown) => {
    if ((error as { code?: unknown }).code !== 'ERR_STREAM_PREMATURE_CLOSE') throw error;
  });
  return undefined;
}

const personSchema = z.record(z.string(), z.unknown()).openapi('PersonExport');

const exportUser = route({
  method: 'get',
  path: '/users/{id}/export',
  id: 'exportUser',
  summary: 'All there is of one person, without secrets',
  tag: userTag,
  permission: 'users.export',
  target: targetUser,
  output: personSchema,
  async handler({ core, actor, target, res }) {
    await requireAuthorityOver(core, actor, target);
    return sendPerson(core, actor, res, target);
  },
});

const exportMe = route({
  method: 'get',
  path: '/me/export',
  id: 'exportMe',
  summary: 'All there is of oneself, without secrets',
  tag: 'Me',
  permission: 'self',
  output: personSchema,
  handler({ core, actor, caller, res }) {
    if (caller.kind !== 'session') throw new AppError('auth.forbidden', 'this endpoint requires a session');
    return sendPerson(core, actor, res, caller.live.user);
  },
});

export const privacyRoutes: readonly Route[] = [eraseUser, exportUser, exportMe];
