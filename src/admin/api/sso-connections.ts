import type { Core } from '../../identity/core.js';
import { userStatuses } from '../../identity/grants/user-status.js';
import { verifyDomain } from '../../identity/sso/domain-verification.js';
import {
  allowRelinking,
  createConnection,
  deleteConnection,
  getConnection,
  listConnections,
  rotateClientKey,
  updateConnection,
  type SsoConnectionDocument,
  type SsoConnectionInput,
} from '../../identity/sso/connections.js';
import { hasArmedBreakGlass } from '../../identity/sso/break-glass.js';
import { warningsOf } from '../../identity/sso/connection-warnings.js';
import { previewProvider } from '../../identity/sso/provider-preview.js';
import { testConnection } from '../../identity/sso/test-connection.js';
import { traceSignIn } from '../../identity/sso/trace.js';
import { listOf, namedListQuery, pageOfNamed } from '../list.js';
import { id } from '../present/fields.js';
import { modeSchema, presentSsoConnection, ssoConnectionSchema } from '../present/sso-connection.js';
import { connectionInput } from '../present/sso-connection-input.js';
import { presentPreview, previewInput, previewSchema } from '../present/sso-preview.js';
import { route, type Reply, type Route } from '../route.js';
import { z } from '../schema.js';
import { rulesOf } from './directories.js';
import { lookUpTxt } from '../../infrastructure/txt-records.js';

const tag = 'SSO connections';
const permission = 'sso.manage';

const targetConnection = (
  core: Core,
  tenantId: string,
  { id: connectionId }: { readonly id: string },
): Promise<SsoConnectionDocument> => getConnection(core, tenantId, connectionId);

async function present(core: Core, connection: SsoConnectionDocument) {
  const now = core.clock.now();
  const isRequired = connection.mode === 'required';
  const hasBreakGlass = isRequired && (await hasArmedBreakGlass(core, connection.tenantId));
  const warnings = warningsOf(connection, hasBreakGlass, now);
  return presentSsoConnection(connection, core.config.baseUrl, warnings, now);
}

async function reply(
  core: Core,
  connection: SsoConnectionDocument,
): Promise<Reply<z.input<typeof ssoConnectionSchema>>> {
  return { body: await present(core, connection), version: connection.version };
}

const listAll = route({
  method: 'get',
  path: '/sso-connections',
  id: 'listSsoConnections',
  summary: 'SSO connections',
  tag,
  permission,
  query: namedListQuery,
  output: listOf(ssoConnectionSchema),
  async handler(context) {
    const { core, actor } = context;
    const all = await listConnections(core, actor.tenantId);
    const page = await pageOfNamed(context, all, ({ name, issuer, domains }) => [
      name,
      issuer,
      ...domains.map(({ domain }) => domain),
    ]);
    return { body: { ...page, items: await Promise.all(page.items.map((item) => present(core, item))) } };
  },
});

const readOne = route({
  method: 'get',
  path: '/sso-connections/{id}',
  id: 'getSsoConnection',
  summary: 'Read a connection; its client secret is never returned',
  tag,
  permission,
  target: targetConnection,
  output: ssoConnectionSchema,
  handler: ({ core, target }) => reply(core, target),
});

/** Only what was said: an absent field must not be taken for undefined on purpose. */
async function given(
  core: Core,
  tenantId: string,
  { roleRules, ...body }: z.output<typeof connectionInput>,
): Promise<Partial<SsoConnectionInput>> {
  const said = Object.fromEntries(Object.entries(body).filter(([, value]) => value !== undefined));
  return { ...said, ...(roleRules && { roleRules: await rulesOf(core, tenantId, roleRules) }) };
}

const createOne = route({
  method: 'post',
  path: '/sso-connections',
  id: 'createSsoConnection',
  isPlanned: true,
  summary: 'Create a connection',
  tag,
  permission,
  stepUp: true,
  body: connectionInput.required({ name: true }).openapi('CreateSsoConnection'),
  status: 201,
  output: ssoConnectionSchema,
  async handler({ core, actor, body }) {
    const connection = await createConnection(core, actor, {
      ...(await given(core, actor.tenantId, body)),
      name: body.name,
    });
    return {
      ...(await reply(core, connection)),
      headers: { Location: `/api/v1/sso-connections/${connection._id}` },
    };
  },
});

const changeOne = route({
  method: 'patch',
  path: '/sso-connections/{id}',
  id: 'changeSsoConnection',
  isPlanned: true,
  summary: 'Change a connection; what is absent stays',
  tag,
  permission,
  stepUp: true,
  target: targetConnection,
  body: connectionInput.openapi('ChangeSsoConnection'),
  output: ssoConnectionSchema,
  handler: async ({ core, actor, body, params, ifVersion }) =>
    reply(
      core,
      await updateConnection(core, actor, params.id, await given(core, actor.tenantId, body), ifVersion),
    ),
});

const relinkOne = route({
  method: 'post',
  path: '/sso-connections/{id}/relink',
  id: 'relinkSsoConnection',
  summary: 'After a change of provider: allow that its people are connected to the new one by their address',
  tag,
  permission,
  stepUp: true,
  target: targetConnection,
  output: ssoConnectionSchema,
  handler: async ({ core, actor, params, ifVersion }) =>
    reply(core, await allowRelinking(core, actor, params.id, ifVersion)),
});

const rotateOne = route({
  method: 'post',
  path: '/sso-connections/{id}/rotate-client-key',
  id: 'rotateSsoClientKey',
  summary:
    'Sign client assertions by the next key, which the provider can read already; another one is published',
  tag,
  permission,
  stepUp: true,
  target: targetConnection,
  output: ssoConnectionSchema,
  handler: async ({ core, actor, params, ifVersion }) =>
    reply(core, await rotateClientKey(core, actor, params.id, ifVersion)),
});

const deleteOne = route({
  method: 'delete',
  path: '/sso-connections/{id}',
  id: 'deleteSsoConnection',
  isPlanned: true,
  summary: 'Delete a connection; its users sign in with a password from then on',
  tag,
  permission,
  stepUp: true,
  target: targetConnection,
  async handler({ core, actor, params, ifVersion }) {
    await deleteConnection(core, actor, params.id, ifVersion);
    return {};
  },
});

const verifyOne = route({
  method: 'post',
  path: '/sso-connections/{id}/domains/{domain}/verify',
  id: 'verifySsoDomain',
  summary:
    'Look for the domain’s TXT record; found, its addresses are forwarded. A domain of another connection is taken over by a new record',
  tag,
  permission,
  target: targetConnection,
  output: ssoConnectionSchema,
  handler: async ({ core, actor, params }) =>
    reply(
      core,
      await verifyDomain(core, actor, params.id, params.domain, (name) =>
        lookUpTxt(name, core.config.dnsServers),
      ),
    ),
});

const testOne = route({
  method: 'post',
  path: '/sso-connections/{id}/test',
  id: 'testSsoConnection',
  summary: 'Try a sign-in up to the person: metadata, keys, client id and secret',
  tag,
  permission,
  target: targetConnection,
  output: z
    .strictObject({
      ok: z.boolean(),
      checks: z.array(z.strictObject({ name: z.string(), ok: z.boolean(), detail: z.string() })),
    })
    .openapi('SsoConnectionTest'),
  async handler({ core, target }) {
    const checks = await testConnection(core, target);
    return { body: { ok: checks.every((check) => check.ok), checks } };
  },
});

const preview = route({
  method: 'post',
  path: '/sso-connections/preview',
  id: 'previewSsoProvider',
  summary: 'Read what an OpenID provider says of itself, and what is missing, before a connection is made',
  tag,
  permission,
  body: previewInput,
  output: previewSchema,
  handler: async ({ core, actor, body }) => ({
    body: presentPreview(await previewProvider(core, actor.tenantId, body)),
  }),
});

const trace = route({
  method: 'get',
  path: '/sso-connections/trace',
  id: 'traceSignIn',
  summary: 'Where an address would sign in, and why',
  tag,
  permission,
  query: z.strictObject({ email: z.string().max(254) }),
  output: z
    .strictObject({
      email: z.string(),
      domain: z.string(),
      outcome: z.enum(['forwarded', 'choice', 'local']),
      connection: z.strictObject({ id, name: z.string(), mode: modeSchema }).nullable(),
      user: z.strictObject({ id, status: z.enum(userStatuses) }).nullable(),
      steps: z.array(z.string()),
    })
    .openapi('SignInTrace'),
  handler: async ({ core, actor, query }) => ({ body: await traceSignIn(core, actor.tenantId, query.email) }),
});

export const ssoConnectionRoutes: readonly Route[] = [
  listAll,
  readOne,
  createOne,
  changeOne,
  relinkOne,
  rotateOne,
  deleteOne,
  verifyOne,
  testOne,
  preview,
  trace,
];
