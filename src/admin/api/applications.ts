import {
  createApplication,
  deleteApplication,
  replaceApplicationSecret,
  applicationKinds,
  signingAlgorithms,
  updateApplication,
  type ApplicationChange,
  type ApplicationDocument,
} from '../../identity/applications/applications.js';
import { listApplications, listVisibleApplications } from '../../identity/applications/find.js';
import { setApplicationAccess } from '../../identity/applications/access.js';
import { hasSecret } from '../../identity/applications/kinds.js';
import type { Core } from '../../identity/core.js';
import { serverOwner } from '../../identity/tenants/server-applications.js';
import { AppError } from '../../shared/errors.js';
import { isServerOperator, type Caller } from '../authenticate.js';
import { arrange, listOf, pageOfAll, pageParameters, searchParameter, sortParameter } from '../list.js';
import {
  accessBy,
  applicationSchema,
  newApplicationSchema,
  presentApplication,
} from '../present/application.js';
import { line } from '../present/fields.js';
import {
  ownerOf,
  requireOwner,
  showApplication,
  targetApplication,
  type ShownApplication,
} from './application-target.js';
import { route, type Route } from '../route.js';
import { z } from '../schema.js';

const tag = 'Applications';
const permission = 'applications.manage';

const scope = 'either';

const present = ({ application, roles, view }: ShownApplication) =>
  presentApplication(application, roles, view);

async function reply(core: Core, caller: Caller, application: ApplicationDocument) {
  const shown = await showApplication(core, caller, application);
  return { body: present(shown), version: shown.version };
}

async function replyWithSecret(
  core: Core,
  caller: Caller,
  application: ApplicationDocument,
  clientSecret: string | null,
) {
  const { body, version } = await reply(core, caller, application);
  return { body: { ...body, clientSecret }, version };
}

const listAll = route({
  method: 'get',
  path: '/applications',
  id: 'listApplications',
  summary: 'Applications that sign their users in here',
  tag,
  permission,
  scope,
  query: z.strictObject({
    q: searchParameter,
    sort: sortParameter(['key', 'name', 'createdAt'], 'key'),
    ...pageParameters,
  }),
  output: listOf(applicationSchema),
  async handler(context) {
    const { core, actor, caller, query } = context;
    const all = isServerOperator(caller)
      ? await listApplications(core, serverOwner)
      : await listVisibleApplications(core, actor.tenantId);
    const sorts = {
      key: (application: ApplicationDocument) => application.key,
      name: (application: ApplicationDocument) => application.name.toLowerCase(),
      createdAt: (application: ApplicationDocument) => application._id,
    };
    const found = arrange(all, query, sorts, (application) => [
      application.key,
      application.name,
      application.clientId,
    ]);
    const page = await pageOfAll(context, found);
    const shown = await Promise.all(page.items.map((item) => showApplication(core, caller, item)));
    return { body: { ...page, items: shown.map(present) } };
  },
});

const readOne = route({
  method: 'get',
  path: '/applications/{id}',
  id: 'getApplication',
  summary: 'Read an application, by id or key',
  tag,
  permission,
  scope,
  target: targetApplication,
  output: applicationSchema,
  handler: ({ target }) => Promise.resolve({ body: present(target), version: target.version }),
});

const uris = z.array(z.string().min(1).max(2000)).max(100);

const role = z.strictObject({
  key: z.string().min(1).max(64),
  name: line(200),
  description: z.string().max(1000).optional(),
  permissions: z.array(z.string().min(1).max(255)).max(200),
});

const access = z
  .strictObject({
    by: accessBy,
    roles: z.array(z.string().min(1).max(200)).max(200).optional().describe('absent: as they are'),
    groups: z.array(z.string().min(1).max(100)).max(1000).optional().describe('absent: as they are'),
  })
  .openapi('SetApplicationAccess');

const fields = {
  name: line(200),
  clientId: z.string().min(1).max(255),
  redirectUris: uris.describe(
    'needed but for machines; compared exactly; native ones may use any port at http://127.0.0.1 and http://[::1]',
  ),
  postLogoutRedirectUris: uris,
  backchannelLogoutUri: z.string().min(1).max(2000).nullable(),
  idTokenSignedResponseAlg: z.enum(signingAlgorithms).describe('of ID and logout tokens; RS256 when absent'),
  allowScimMe: z
    .boolean()
    .describe('may ask for `scim:me`, the person’s own SCIM resource; false when absent'),
  requirePkce: z
    .boolean()
    .describe('false: no PKCE needed, for applications with a secret; true when absent'),
  claims: z
    .array(z.strictObject({ claim: z.string().min(1).max(200), from: z.string().min(1).max(500) }))
    .max(50)
    .describe('claims of the ID token and of userinfo, each made of a user attribute'),
  kind: z
    .enum(applicationKinds)
    .describe(
      '`web`: on a server, with a secret; `spa`: in the browser; `native`: on a device; `machine`: no people, `client_credentials` alone',
    ),
  resources: z
    .array(
      z.strictObject({
        resource: z.string().min(1).max(500),
        scopes: z.array(z.string().min(1).max(100)).max(100),
      }),
    )
    .max(20)
    .describe('APIs it may get signed access tokens for (RFC 8707), with the scopes of each'),
  requireDpop: z.boolean().describe('tokens only for a key of the application’s own (RFC 9449)'),
  requirePar: z.boolean().describe('authorization requests only pushed beforehand (RFC 9126)'),
  refreshOverlapSeconds: z
    .number()
    .int()
    .min(0)
    .max(60)
    .describe('how long a refresh token that was replaced is still taken, for applications with a secret'),
  isThirdParty: z.boolean().describe('each person is asked before it gets anything'),
  enabled: z.boolean(),
  roles: z.array(role).max(200).describe('all its roles; needs `roles.manage` and `roles.edit`'),
  tenants: z
    .union([z.literal('all'), z.array(z.string().min(1).max(100)).max(1000)])
    .describe('of a server application: `all`, or the slugs of the tenants it serves'),
};

const changeInput = z
  .strictObject({ ...fields, access: access.describe('who of the tenant may use it') })
  .partial();

/** Only what was said: an absent field must not be taken for undefined on purpose. */
function given(body: z.output<typeof changeInput>): ApplicationChange {
  return Object.fromEntries(Object.entries(body).filter(([, value]) => value !== undefined));
}

const missingRedirects = (): AppError =>
  new AppError('input.invalid', 'the application is not valid', {
    errors: [{ pointer: '/redirectUris', detail: 'is missing' }],
  });

const createOne = route({
  method: 'post',
  path: '/applications',
  id: 'createApplication',
  summary: 'Register an application; its client secret is in this answer and nowhere else',
  tag,
  permission,
  scope,
  body: z
    .strictObject({
      ...fields,
      key: z.string().min(1).max(64),
      isPublic: z.boolean().describe('single-page and native applications: no secret, PKCE alone'),
    })
    .partial()
    .required({ key: true, name: true })
    .openapi('CreateApplication'),
  status: 201,
  output: newApplicationSchema,
  async handler({ core, actor, caller, body }) {
    const { isPublic, key, name, redirectUris, ...rest } = body;
    const isOpen = isPublic ?? (rest.kind !== undefined && !hasSecret(rest.kind));
    if (!redirectUris && rest.kind !== 'machine') throw missingRedirects();
    const input = {
      ...given(rest),
      ...{ key, name, redirectUris: redirectUris ?? [] },
      ...(isOpen && { clientSecret: null }),
    };
    const { application, clientSecret } = await createApplication(core, actor, input, ownerOf(caller));
    const headers = { Location: `/api/v1/applications/${application._id}` };
    return { ...(await replyWithSecret(core, caller, application, clientSecret)), headers };
  },
});

const changeOne = route({
  method: 'patch',
  path: '/applications/{id}',
  id: 'changeApplication',
  summary: 'Change an application; its key stays',
  tag,
  permission,
  scope,
  target: targetApplication,
  body: changeInput.openapi('ChangeApplication'),
  output: applicationSchema,
  async handler({ core, actor, caller, body, target, ifVersion }) {
    const { application } = target;
    const { access: rule, ...rest } = given(body);
    if (application.tenantId === ownerOf(caller)) {
      const options = { ...ifVersion, owner: application.tenantId };
      const changed = await updateApplication(core, actor, application._id, given(body), options);
      return reply(core, caller, changed);
    }
    if (Object.keys(rest).length > 0) requireOwner(caller, target);
    if (rule) await setApplicationAccess(core, actor, application._id, rule, ifVersion);
    return reply(core, caller, application);
  },
});

const replaceSecret = route({
  method: 'post',
  path: '/applications/{id}/secret',
  id: 'replaceApplicationSecret',
  summary:
    'Make a new client secret; the old one is good until the overlap is over, without one dead at once',
  tag,
  permission,
  stepUp: true,
  scope,
  target: targetApplication,
  body: z
    .strictObject({ overlapSeconds: z.number().int().min(0).max(2_592_000).default(0) })
    .prefault({})
    .openapi('ReplaceApplicationSecret'),
  status: 201,
  output: newApplicationSchema,
  async handler({ core, actor, caller, body, target, ifVersion }) {
    requireOwner(caller, target);
    const { _id, tenantId: owner } = target.application;
    const options = { ...ifVersion, overlapSeconds: body.overlapSeconds, owner };
    const { application, clientSecret } = await replaceApplicationSecret(core, actor, _id, options);
    return replyWithSecret(core, caller, application, clientSecret);
  },
});

const deleteOne = route({
  method: 'delete',
  path: '/applications/{id}',
  id: 'deleteApplication',
  summary: 'Delete an application with its roles',
  tag,
  permission,
  stepUp: true,
  scope,
  target: targetApplication,
  async handler({ core, actor, caller, target, ifVersion }) {
    requireOwner(caller, target);
    const { _id, tenantId: owner } = target.application;
    await deleteApplication(core, actor, _id, { ...ifVersion, owner });
    return {};
  },
});

export const applicationRoutes: readonly Route[] = [
  listAll,
  readOne,
  createOne,
  changeOne,
  replaceSecret,
  deleteOne,
];
