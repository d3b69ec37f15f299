import type { Core } from '../../identity/core.js';
import { userStatuses } from '../../identity/grants/user-status.js';
import { verifyDomain } from '../../identity/sso/domain-verification.js';
import {
  allowRelinking,
  createConnection,
  deleteConnection,
  getConnection,
  listConnections,
  updateConnection,
  type SsoConnectionDocument,
  type SsoConnectionInput,
} from '../../identity/sso/connections.js';
import { hasArmedBreakGlass } from '../../identity/sso/break-glass.js';
import { warningsOf } from '../../identity/sso/connection-warnings.js';
import { testConnection } from '../../identity/sso/test-connection.js';
import { traceSignIn } from '../../identity/sso/trace.js';
import { listOf, namedListQuery, pageOfNamed } from '../list.js';
import { ruleInput } from '../present/directory.js';
import { id, line } from '../present/fields.js';
import {
  attributeMappingSchema,
  clientAuthMethodSchema,
  directoryIdSchema,
  jitSchema,
  modeSchema,
  presentSsoConnection,
  protocolSchema,
  ssoConnectionSchema,
  tenantClaimSchema,
} from '../present/sso-connection.js';
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
  const isRequired = connection.mode === 'required';
  const warnings = warningsOf(
    connection,
    isRequired && (await hasArmedBreakGlass(core, connection.tenantId)),
  );
  return presentSsoConnection(connection, core.config.baseUrl, warnings);
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

const domainInput = z
  .union([
    z.string().max(253),
    z.strictObject({
      domain: z.string().max(253),
      subdomains: z
        .boolean()
        .optional()
        .describe('whether the domains below it are meant too; absent: as before'),
    }),
  ])
  .transform((entry) => (typeof entry === 'string' ? { domain: entry } : entry));

const fields = {
  issuer: z.string().min(1).max(1000).describe('https://..., as the provider’s metadata names itself'),
  clientId: z.string().min(1).max(500),
  key: z.string().max(200).nullable().describe('3 to 64 of `a-z0-9-`, unique over the server; null: the id'),
  clientSecret: z
    .string()
    .min(1)
    .max(2000)
    .nullable()
    .describe('null: a public client; given again with another issuer or client id'),
  clientAuthMethod: clientAuthMethodSchema.nullable(),
  tenantClaim: tenantClaimSchema.nullable(),
  scopes: z
    .array(z.string().regex(/^[\x21\x23-\x5b\x5d-\x7e]+$/, 'must be a scope'))
    .min(1)
    .max(50),
  mode: modeSchema,
  jitProvisioning: z.boolean().describe('the older form of `jit`: true is `create`, false is `off`'),
  jit: jitSchema,
  directoryId: directoryIdSchema,
  roleRules: z
    .array(ruleInput)
    .max(500)
    .describe(
      'read at each sign-in: `groups.displayName`, `emails.value`, `name.familyName`; not for people of a directory',
    ),
  domains: z.array(domainInput).max(200).describe('all of them; one that stays keeps its proof'),
  protocol: protocolSchema.describe('`oidc` where it is absent; it never changes'),
  idpMetadata: z.string().min(1).max(200_000).describe('SAML: the provider’s metadata, XML'),
  idpMetadataUrl: z
    .string()
    .min(1)
    .max(1000)
    .nullable()
    .describe('SAML: where its metadata are; read now and each day; null: not any more'),
  idpEntityId: z.string().min(1).max(1024).describe('SAML: in place of metadata, with the two below'),
  idpSsoUrl: z.string().min(1).max(1000).describe('SAML: where it takes requests by HTTP-Redirect'),
  idpSloUrl: z
    .string()
    .min(1)
    .max(1000)
    .nullable()
    .describe('SAML: where it takes logout requests by HTTP-Redirect; null: it takes none'),
  singleLogout: z
    .boolean()
    .describe('SAML: people who sign out here are signed out at the provider too, where it offers that'),
  idpCertificates: z
    .array(z.string().min(1).max(20_000))
    .max(10)
    .describe('SAML: PEM; each may sign, so that a new one can be added before the old one goes'),
  attributeMapping: attributeMappingSchema.partial().describe('SAML: where names and groups stand'),
  subjectFrom: z
    .string()
    .min(1)
    .max(256)
    .describe('SAML: `nameId`, or the attribute that identifies a person'),
};

const changeInput = z.strictObject({ name: line(200), ...fields }).partial();

/** Only what was said: an absent field must not be taken for undefined on purpose. */
async function given(
  core: Core,
  tenantId: string,
  { roleRules, ...body }: z.output<typeof changeInput>,
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
  body: changeInput.required({ name: true }).openapi('CreateSsoConnection'),
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
  body: changeInput.openapi('ChangeSsoConnection'),
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
  deleteOne,
  verifyOne,
  testOne,
  trace,
];
