import { decideAllHeld } from '../../identity/bulk/held-changes.js';
import { heldRoles, heldSince, listHeld, type HeldDecision } from '../../identity/users/held-changes.js';
import type { UserDocument } from '../../persistence/collections/users.js';
import { listOf, pageAfter, pageParameters } from '../list.js';
import { bulkSchema, replyBulk } from '../present/bulk.js';
import { id, instant, instantOrNull, iso, isoOrNull } from '../present/fields.js';
import { route, type Route } from '../route.js';
import { z } from '../schema.js';
import { directoryTag, targetDirectory } from './directories.js';

const heldSchema = z
  .strictObject({
    userId: id,
    label: z.string(),
    disables: z.boolean().describe('the directory said `active: false`'),
    deletes: z.boolean().describe('the directory deleted the user'),
    roles: z.array(z.string()).describe('roles that the directory gives no more'),
    heldAt: instant,
    requestId: z.string().nullable().describe('of the first request that is held back'),
  })
  .openapi('HeldChange');

function present(user: UserDocument): z.input<typeof heldSchema>[] {
  const { heldChange } = user;
  if (!heldChange) return [];
  const { disables, deletes, at, requestId } = heldChange;
  const label = user.email ?? user.userName;
  return [{ userId: user._id, label, disables, deletes, roles: heldRoles(user), heldAt: iso(at), requestId }];
}

const listAll = route({
  method: 'get',
  path: '/directories/{id}/held-changes',
  id: 'listHeldChanges',
  summary: 'What the change guard of a directory holds back, person by person',
  tag: directoryTag,
  permission: 'scim.manage',
  target: targetDirectory,
  query: z.strictObject(pageParameters),
  output: z.strictObject({
    ...listOf(heldSchema).shape,
    since: instantOrNull.describe('null: nothing is held back'),
  }),
  async handler(context) {
    const { core, target } = context;
    const page = await pageAfter(
      context,
      (afterId: string | undefined, { limit }) =>
        listHeld(core, target.tenantId, target._id, { afterId, limit }),
      (user) => user._id,
    );
    const since = isoOrNull(await heldSince(core, target.tenantId, target._id));
    return { body: { ...page, items: page.items.flatMap(present), since } };
  },
});

const decide = (decision: HeldDecision, words: { id: string; summary: string; body: string }) =>
  route({
    method: 'post',
    path: `/directories/{id}/held-changes/${decision}`,
    id: words.id,
    summary: words.summary,
    tag: directoryTag,
    permission: 'scim.manage',
    stepUp: true,
    target: targetDirectory,
    body: z
      .strictObject({
        userIds: z.array(id).min(1).max(10_000).optional().describe('of these people; absent: of all'),
      })
      .prefault({})
      .openapi(words.body),
    status: 202,
    output: bulkSchema,
    handler: async ({ core, actor, body, target }) =>
      replyBulk(core, await decideAllHeld(core, actor, target, { decision, userIds: body.userIds })),
  });

export const heldChangeRoutes: readonly Route[] = [
  listAll,
  decide('release', {
    id: 'releaseHeldChanges',
    summary: 'Do what is held back, as if the directory said it now: access ends, people are deleted',
    body: 'ReleaseHeldChanges',
  }),
  decide('drop', {
    id: 'dropHeldChanges',
    summary:
      'Drop what is held back: people keep their access, and by hand the roles that they would have lost',
    body: 'DropHeldChanges',
  }),
];
