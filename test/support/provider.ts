import { expect } from 'chai';
import { requestLogOf } from '../../src/scim/log/request-log.js';
import { sendScim } from '../../src/sim/scim-client.js';
import { startApp, type TestApp, type TestAppOptions } from './app.js';

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- answers are looked into freely, and every look is an assertion
export type Json = Record<string, any>;

/** An answer to a request of an identity provider. */
interface Reply {
  status: number;
  /** `{}` for an empty answer. */
  body: Json;
  headers: Readonly<Record<string, string | string[] | undefined>>;
}

/** One directory as its identity provider sees it: requests go out byte for byte as given. */
export interface Provider {
  app: TestApp;
  /** Its SCIM base address. */
  scimUrl: string;
  token: string;
  /** Of one made later; undefined for the first of the tenant. */
  directoryId: string | undefined;
  send(
    method: string,
    path: string,
    body?: unknown,
    headers?: Readonly<Record<string, string>>,
  ): Promise<Reply>;
  /** Sends and expects this status; the answer's body. */
  expect(status: number, method: string, path: string, body?: unknown): Promise<Json>;
  /** A call of `/api/v1` as the tenant's administrator; the answer's body, `{}` for none. */
  api(method: string, path: string, body?: unknown): Promise<Json>;
  stop(): Promise<void>;
}

export const schemas = {
  user: 'urn:ietf:params:scim:schemas:core:2.0:User',
  group: 'urn:ietf:params:scim:schemas:core:2.0:Group',
  enterprise: 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User',
  patch: 'urn:ietf:params:scim:api:messages:2.0:PatchOp',
  list: 'urn:ietf:params:scim:api:messages:2.0:ListResponse',
  error: 'urn:ietf:params:scim:api:messages:2.0:Error',
} as const;

/** A PATCH body. */
export function patch(...operations: readonly object[]): object {
  return { schemas: [schemas.patch], Operations: operations };
}

const token = 'gh_scim_a_token_for_conformance_tests_0123456789';
const apiKey = 'gh_sk_an_api_key_for_conformance_tests_0123456789';

/**
 * A server with one tenant and one directory.
 *
 * @param dialect - of the directory; `auto` learns.
 * @param headers - what this provider sends with every request.
 * @param config - settings of the server that differ from the defaults.
 */
export async function startProvider(
  dialect: string,
  headers: Readonly<Record<string, string>>,
  roleRules: readonly object[] = [],
  config: TestAppOptions['config'] = {},
): Promise<Provider> {
  const app = await startApp({
    config,
    bootstrap: {
      tenants: [
        {
          slug: 'acme',
          name: 'Acme',
          applications: [
            {
              key: 'crm',
              name: 'CRM',
              clientId: 'crm',
              clientSecret: 'a-secret-that-only-this-test-knows',
              redirectUris: ['http://localhost:4000/cb'],
              roles: [
                { key: 'agent', name: 'Agent', permissions: ['calls.read'] },
                { key: 'manager', name: 'Manager', permissions: ['calls.assign'] },
              ],
            },
          ],
          apiKeys: [{ name: 'tests', key: apiKey, role: 'administrator' }],
          directories: [{ name: 'Directory', dialect, tokens: [{ name: 't', token }], roleRules }],
        },
      ],
    },
  });
  return clientOf(app, headers, token);
}

/** Another directory of the same tenant, dialect auto, as its own identity provider sees it. */
export async function newDirectory(provider: Provider, name: string): Promise<Provider> {
  const { id } = await provider.api('POST', '/directories', { name });
  const answer = await provider.api('POST', `/directories/${id}/tokens`, { name: 't' });
  return clientOf(provider.app, {}, answer['token'], id);
}

function clientOf(
  app: TestApp,
  headers: Readonly<Record<string, string>>,
  token: string,
  directoryId?: string,
): Provider {
  const scimUrl = `${app.url}/scim/v2`;
  const provider: Provider = {
    app,
    scimUrl,
    token,
    directoryId,
    async send(method, path, body, more = {}) {
      const all = Object.entries({ ...headers, ...more }).filter(
        ([name]) => body !== undefined || name.toLowerCase() !== 'content-type',
      );
      const request = { method, path, body, headers: Object.fromEntries(all) };
      const answer = await sendScim({ scimUrl, token }, request);
      return { status: answer.status, body: answer.body ?? {}, headers: answer.headers ?? {} };
    },
    async expect(status, method, path, body) {
      const reply = await provider.send(method, path, body);
      expect(reply.status, `${method} ${path}: ${JSON.stringify(reply.body)}`).to.equal(status);
      return reply.body;
    },
    async api(method, path, body) {
      const headers = { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' };
      const init = { method, headers, ...(body !== undefined && { body: JSON.stringify(body) }) };
      const answer = await fetch(`${app.url}/api/v1${path}`, init);
      const text = await answer.text();
      expect(answer.status, `${method} ${path}: ${text}`).to.be.oneOf([200, 201, 204]);
      return text === '' ? {} : (JSON.parse(text) as Json);
    },
    stop: () => app.stop(),
  };
  return provider;
}

/** What is known of the directory's client: who it is found out to be, and how often each deviation was met. */
export async function findings(
  provider: Provider,
): Promise<{ learned: string | null; counts: Record<string, number> }> {
  await requestLogOf(provider.app.core).flush();
  const { items } = await provider.api('GET', '/directories?limit=100');
  const own = (items as Json[]).find(({ id }) => id === provider.directoryId) ?? items[0];
  const { id, learnedDialect } = own;
  const { counts } = await provider.api('GET', `/directories/${id}/deviations`);
  return { learned: learnedDialect, counts };
}

/** The ids of a group's members, sorted. */
export async function memberIds(provider: Provider, groupId: string): Promise<string[]> {
  const group = await provider.expect(200, 'GET', `/Groups/${groupId}`);
  return ((group['members'] ?? []) as { value: string }[]).map((member) => member.value).sort();
}

/** The application roles a user has by rule, sorted, as the store holds them. */
export async function ruleRoles(provider: Provider, userId: string): Promise<string[]> {
  const { store } = provider.app.core;
  const tenant = await store.server.collection('tenants').findOne({ slug: 'acme' });
  const user = await store
    .tenant(tenant?._id ?? '')
    .collection('users')
    .get(userId);
  return (user?.grants ?? [])
    .filter((grant) => grant.type === 'rule')
    .map((grant) => grant.role)
    .sort();
}

/** Where somebody stands: their status, and the application roles the rules give. */
export async function accessOf(
  provider: Provider,
  userId: string,
): Promise<{ status: string; roles: string[] }> {
  const { status } = await provider.api('GET', `/users/${userId}`);
  return { status, roles: await ruleRoles(provider, userId) };
}
