import type { Core } from '../../identity/core.js';
import { getConnection, type SsoConnectionDocument } from '../../identity/sso/connections.js';
import {
  getSignIn,
  listSignIns,
  openTest,
  ssoSignInKinds,
  ssoSignInStates,
} from '../../identity/sso/sign-in-log.js';

import { listOf, pageAfter, pageParameters, searchParameter, sortParameter } from '../list.js';
import { id, instant, iso } from '../present/fields.js';
import { presentSsoSignIn, ssoSignInSchema } from '../present/sso-sign-in.js';
import { route, type Route } from '../route.js';
import { z } from '../schema.js';

const tag = 'SSO connections';
const permission = 'sso.manage';

const targetConnection = (
  core: Core,
  tenantId: string,
  { id: connectionId }: { readonly id: string },
): Promise<SsoConnectionDocument> => getConnection(core, tenantId, connectionId);

const listAll = route({
  method: 'get',
  path: '/sso-connections/{id}/sign-ins',
  id: 'listSsoSignIns',
  summary: 'The sign-ins at a connection and its tests of the last 30 days',
  tag,
  permission,
  target: targetConnection,
  query: z.strictObject({
    kind: z.enum(ssoSignInKinds).optional(),
    state: z.enum(ssoSignInStates).optional(),
    q: searchParameter.describe('found anywhere in person, address it came from, reason or reference'),
    sort: sortParameter(['startedAt'], '-startedAt'),
    ...pageParameters,
  }),
  output: listOf(ssoSignInSchema),
  async handler(context) {
    const { core, query, target } = context;
    const filter = {
      ...(query.kind !== undefined && { kind: query.kind }),
      ...(query.state !== undefined && { state: query.state }),
      ...(query.q !== undefined && { q: query.q }),
    };
    const page = await pageAfter(
      context,
      (afterId: string | undefined, limit) =>
        listSignIns(core, target, filter, {
          ...limit,
          descending: query.sort.startsWith('-'),
          afterId,
        }),
      ({ _id }) => _id,
    );
    return { body: { ...page, items: page.items.map(presentSsoSignIn) } };
  },
});

const readOne = route({
  method: 'get',
  path: '/sso-connections/{id}/sign-ins/{signInId}',
  id: 'getSsoSignIn',
  summary: 'One sign-in at a connection; of a test, what it found',
  tag,
  permission,
  target: targetConnection,
  output: ssoSignInSchema,
  handler: async ({ core, params, target }) => ({
    body: presentSsoSignIn(await getSignIn(core, target, params.signInId)),
  }),
});

const openOne = route({
  method: 'post',
  path: '/sso-connections/{id}/test-sign-in',
  id: 'openTestSignIn',
  summary: 'A link to try a whole sign-in with, which changes nothing; also while the connection is off',
  tag,
  permission,
  target: targetConnection,
  status: 201,
  output: z
    .strictObject({
      id: id.describe('of the sign-in whose report has the result'),
      url: z.string().describe('to be opened in a browser, once'),
      expiresAt: instant,
    })
    .openapi('TestSignIn'),
  async handler({ core, actor, target }) {
    const { expiresAt, signIn, url } = await openTest(core, actor, target);
    return { body: { id: signIn._id, url, expiresAt: iso(expiresAt) } };
  },
});

export const ssoSignInRoutes: readonly Route[] = [listAll, readOne, openOne];
