import {
  createApplication,
  deleteApplication,
  getApplication,
  listApplications,
  replaceApplicationSecret,
  signingAlgorithms,
  updateApplication,
  type ApplicationChange,
  type ApplicationDocument,
} from '../../identity/applications/applications.js';
import type { Core } from '../../identity/core.js';
import { roleCatalogue } from '../../identity/roles/roles.js';
import { arrange, listOf, pageOfAll, pageParameters, searchParameter, sortParameter } from '../list.js';
import { applicationSchema, newApplicationSchema, presentApplication } from '../present/application.js';
import { line } from '../present/fields.js';
import { route, type Reply, type Route } from '../route.js';
import { z } from '../schema.js';

const tag = 'Applications';
const permission = 'applications.manage';

const targetApplication = (
  core: Core,
  tenantId: string,
  { id }: { readonly id: string },
): Promise<ApplicationDocument> => getApplication(core, tenantId, id);

async function reply(
  core: Core,
  application: ApplicationDocument,
): Promise<Reply<z.input<typeof applicationSchema>>> {
  const roles = await roleCatalogue(core, application.tenantId);
  return { body: presentApplication(application, roles.values()), version: application.version };
}

async function replyWithSecret(core: Core, application: ApplicationDocument, clientSecret: string | null) {
  const roles = await roleCatalogue(core, application.tenantId);
  const body = { ...presentApplication(application, roles.values()), clientSecret };
  return { body, version: application.version };
}

const listAll = route({
  method: 'get',
  path: '/applications',
  id: 'listApplications',
  summary: 'Applications that sign their users in here',
  tag,
  permission,
  query: z.strictObject({
    q: searchParameter,
    sort: sortParameter(['key', 'name', 'createdAt'], 'key'),
    ...pageParameters,
  }),
  output: listOf(applicationSchema),
  async handler(context) {
    const { core, actor, query } = context;
    const roles = await roleCatalogue(core, actor.tenantId);
    const sorts = {
      key: (application: ApplicationDocument) => application.key,
      name: (application: ApplicationDocument) => application.name.toLowerCase(),
      createdAt: (application: ApplicationDocument) => application._id,
    };
    const found = arrange(await listApplications(core, actor.tenantId), query, sorts, (application) => [
      application.key,
      application.name,
      application.clientId,
    ]);
    const page = await pageOfAll(context, found);
    return { body: { ...page, items: page.items.map((item) => presentApplication(item, roles.values())) } };
  },
});

const readOne = route({
  method: 'get',
  path: '/applications/{id}',
  id: 'getApplication',
  summary: 'Read an application, by id or key',
  tag,
  permission,
  target: targetApplication,
  output: applicationSchema,
  handler: ({ core, target }) => reply(core, target),
});

const uris = z.array(z.string().min(1).max(2000)).max(100);

const fields = {
  name: line(200),
  clientId: z.string().min(1).max(255),
  redirectUris: uris.describe(
    'compared exactly; without a secret any port at http://127.0.0.1 and http://[::1]',
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
  enabled: z.boolean(),
};

const changeInput = z.strictObject(fields).partial();

/** Only what was said: an absent field must not be taken for undefined on purpose. */
function given(body: z.output<typeof changeInput>): ApplicationChange {
  return Object.fromEntries(Object.entries(body).filter(([, value]) => value !== undefined));
}

const createOne = route({
  method: 'post',
  path: '/applications',
  id: 'createApplication',
  summary: 'Register an application; its client secret is in this answer and nowhere else',
  tag,
  permission,
  body: z
    .strictObject({
      ...fields,
      key: z.string().min(1).max(64),
      isPublic: z.boolean().describe('single-page and native applications: no secret, PKCE alone'),
    })
    .partial()
    .required({ key: true, name: true, redirectUris: true })
    .openapi('CreateApplication'),
  status: 201,
  output: newApplicationSchema,
  async handler({ core, actor, body }) {
    const { isPublic, key, name, redirectUris, ...rest } = body;
    const input = { ...given(rest), key, name, redirectUris, ...(isPublic && { clientSecret: null }) };
    const { application, clientSecret } = await createApplication(core, actor, input);
    const headers = { Location: `/api/v1/applications/${application._id}` };
    return { ...(await replyWithSecret(core, application, clientSecret)), headers };
  },
});

const changeOne = route({
  method: 'patch',
  path: '/applications/{id}',
  id: 'changeApplication',
  summary: 'Change an application; its key stays',
  tag,
  permission,
  target: targetApplication,
  body: changeInput.openapi('ChangeApplication'),
  output: applicationSchema,
  handler: async ({ core, actor, body, params, ifVersion }) =>
    reply(core, await updateApplication(core, actor, params.id, given(body), ifVersion)),
});

const replaceSecret = route({
  method: 'post',
  path: '/applications/{id}/secret',
  id: 'replaceApplicationSecret',
  summary:
    'Make a new client secret; the old one is good until the overlap is over, without one dead at once',
  tag,
  permission,
  target: targetApplication,
  body: z
    .strictObject({ overlapSeconds: z.number().int().min(0).max(2_592_000).default(0) })
    .prefault({})
    .openapi('ReplaceApplicationSecret'),
  status: 201,
  output: newApplicationSchema,
  async handler({ core, actor, body, params, ifVersion }) {
    const options = { ...ifVersion, overlapSeconds: body.overlapSeconds };
    const { application, clientSecret } = await replaceApplicationSecret(core, actor, params.id, options);
    return replyWithSecret(core, application, clientSecret);
  },
});

const deleteOne = route({
  method: 'delete',
  path: '/applications/{id}',
  id: 'deleteApplication',
  summary: 'Delete an application with its roles',
  tag,
  permission,
  target: targetApplication,
  async handler({ core, actor, params, ifVersion }) {
    await deleteApplication(core, actor, params.id, ifVersion);
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
