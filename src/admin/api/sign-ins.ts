import { listAuditEvents, type AuditPage } from '../../identity/audit/audit.js';
import { signInActions } from '../../identity/audit/sign-ins.js';
import type { Core } from '../../identity/core.js';
import { liveOf } from '../authenticate.js';
import { listOf, pageAfter, pageParameters } from '../list.js';
import { presentSignIn, signInSchema } from '../present/sign-in.js';
import { route, type Route } from '../route.js';
import { z } from '../schema.js';
import { targetUser, userTag } from './users.js';

const query = z.strictObject({ ...pageParameters });

const pageOf =
  (core: Core, tenantId: string, targetId: string) =>
  (afterId: string | undefined, limit: Omit<AuditPage, 'afterId' | 'order'>) =>
    listAuditEvents(
      core,
      tenantId,
      { targetId, actions: signInActions },
      { ...limit, ...(afterId !== undefined && { afterId }) },
    );

const ofUser = route({
  method: 'get',
  path: '/users/{id}/sign-ins',
  id: 'listUserSignIns',
  summary: 'The sign-ins of a user and what failed, newest first',
  tag: userTag,
  permission: 'users.read',
  target: targetUser,
  query,
  output: listOf(signInSchema),
  async handler(context) {
    const { core, target } = context;
    const page = await pageAfter(context, pageOf(core, target.tenantId, target._id), ({ _id }) => _id);
    return { body: { ...page, items: page.items.map(presentSignIn) } };
  },
});

const ofMe = route({
  method: 'get',
  path: '/me/sign-ins',
  id: 'listMySignIns',
  summary: 'One’s own sign-ins and what failed, newest first',
  tag: 'Me',
  permission: 'self',
  query,
  output: listOf(signInSchema),
  async handler(context) {
    const { user } = liveOf(context.caller);
    const page = await pageAfter(context, pageOf(context.core, user.tenantId, user._id), ({ _id }) => _id);
    return { body: { ...page, items: page.items.map(presentSignIn) } };
  },
});

export const signInRoutes: readonly Route[] = [ofUser, ofMe];
