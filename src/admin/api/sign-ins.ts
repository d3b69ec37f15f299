import { listAuditEvents, type AuditPage } from '../../identity/audit/audit.js';
import { signInActions, signInOutcomes } from '../../identity/audit/sign-ins.js';
import type { Core } from '../../identity/core.js';
import { liveOf } from '../authenticate.js';
import { listOf, pageAfter, pageParameters, searchParameter, sortParameter } from '../list.js';
import { presentSignIn, signInSchema } from '../present/sign-in.js';
import { endOf, instantOrDay } from '../present/user-filter.js';
import { route, type Route } from '../route.js';
import { z } from '../schema.js';
import { targetUser, userTag } from './users.js';

const filters = z.strictObject({
  q: searchParameter.describe('found anywhere in address, browser, method or reason'),
  outcome: z.enum(signInOutcomes).optional(),
  from: instantOrDay.optional().describe('not before'),
  to: instantOrDay.optional().describe('before; a day counts whole'),
  sort: sortParameter(['at'], '-at'),
  ...pageParameters,
});

/** The events about one person that the query asks for. */
const pageOf =
  (core: Core, user: { _id: string; tenantId: string }, query: z.output<typeof filters>) =>
  (afterId: string | undefined, limit: Omit<AuditPage, 'afterId' | 'order'>) =>
    listAuditEvents(
      core,
      user.tenantId,
      {
        targetId: user._id,
        actions: signInActions(query.outcome),
        ...(query.q !== undefined && { detail: query.q }),
        ...(query.from !== undefined && { from: new Date(query.from) }),
        ...(query.to !== undefined && { to: endOf(query.to) }),
      },
      { ...limit, order: query.sort === 'at' ? 'asc' : 'desc', ...(afterId !== undefined && { afterId }) },
    );

const ofUser = route({
  method: 'get',
  path: '/users/{id}/sign-ins',
  id: 'listUserSignIns',
  summary: 'The sign-ins of a user and what failed, newest first',
  tag: userTag,
  permission: 'users.read',
  target: targetUser,
  query: filters,
  output: listOf(signInSchema),
  async handler(context) {
    const { core, query, target } = context;
    const page = await pageAfter(context, pageOf(core, target, query), ({ _id }) => _id);
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
  query: filters,
  output: listOf(signInSchema),
  async handler(context) {
    const { user } = liveOf(context.caller);
    const page = await pageAfter(context, pageOf(context.core, user, context.query), ({ _id }) => _id);
    return { body: { ...page, items: page.items.map(presentSignIn) } };
  },
});

export const signInRoutes: readonly Route[] = [ofUser, ofMe];
