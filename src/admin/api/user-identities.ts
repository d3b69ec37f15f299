import { listIdentities, unlinkIdentity, type IdentityDocument } from '../../identity/users/identities.js';
import { listOf } from '../list.js';
import { id, instant, iso } from '../present/fields.js';
import { route, type Route } from '../route.js';
import { z } from '../schema.js';
import { targetUser, userTag } from './users.js';

const identitySchema = z
  .strictObject({
    id,
    connectionId: id,
    issuer: z.string(),
    subject: z.string().describe('who the user is at the provider'),
    lastUsedAt: instant,
  })
  .openapi('Identity');

function presentIdentity({ _id, connectionId, issuer, subject, lastUsedAt }: IdentityDocument) {
  return { id: _id, connectionId, issuer, subject, lastUsedAt: iso(lastUsedAt) };
}

const listAll = route({
  method: 'get',
  path: '/users/{id}/identities',
  id: 'listUserIdentities',
  summary: 'Who a user is at companies’ providers',
  tag: userTag,
  permission: 'users.read',
  target: targetUser,
  output: listOf(identitySchema),
  async handler({ core, target }) {
    const items = (await listIdentities(core, target)).map(presentIdentity);
    return { body: { items, total: items.length, next: null } };
  },
});

const unlinkOne = route({
  method: 'delete',
  path: '/users/{id}/identities/{identityId}',
  id: 'unlinkUserIdentity',
  summary: 'Remove an identity; the next sign-in with the user’s address links a new one',
  tag: userTag,
  permission: 'users.update',
  target: targetUser,
  async handler({ core, actor, target, params }) {
    await unlinkIdentity(core, actor, target, params.identityId);
    return {};
  },
});

export const userIdentityRoutes: readonly Route[] = [listAll, unlinkOne];
