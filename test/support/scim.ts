import supertest, { type Test } from 'supertest';
import { systemActor } from '../../src/identity/actors.js';
import { createDirectory, type DirectoryInput } from '../../src/identity/directories/directories.js';
import { createToken } from '../../src/identity/directories/tokens.js';
import type { SettingsPatch } from '../../src/identity/tenants/settings.js';
import { createTenant } from '../../src/identity/tenants/tenants.js';
import { newGroup, newUser, urn } from './scim-data.js';
import { startApp, type TestApp, type TestAppOptions } from './app.js';

export { newGroup, newUser, unique, urn } from './scim-data.js';

type Json = Record<string, unknown>;

/** A SCIM client of one directory: every call is a real HTTP request. */
export interface ScimClient {
  readonly token: string;
  get(path: string): Test;
  post(path: string, body: object): Test;
  put(path: string, body: object): Test;
  /** The operations of a PatchOp. */
  patch(path: string, operations: readonly object[]): Test;
  delete(path: string): Test;
  /** A user made for the test; what is absent is made up. */
  user(attributes?: Json): Promise<Json & { id: string; userName: string }>;
  group(attributes?: Json): Promise<Json & { id: string; displayName: string }>;
  /** Reads a list with this filter. */
  find(
    type: 'Users' | 'Groups',
    filter: string,
    more?: string,
  ): Promise<Json & { totalResults: number; Resources: Json[] }>;
}

export interface ScimApp extends TestApp {
  /** Tenant `acme`. */
  readonly tenantId: string;
  /** Its first directory. */
  readonly directoryId: string;
  /** Tenant `acme`, its first directory (dialect auto). */
  readonly acme: ScimClient;
  /** Another directory of tenant `acme`. */
  readonly acmeSecond: ScimClient;
  /** Another tenant. */
  readonly globex: ScimClient;
  client(token: string): ScimClient;
}

const tokens = {
  acme: 'gh_scim_acme_first_directory_token_for_tests_0001',
  acmeSecond: 'gh_scim_acme_second_directory_token_for_tests_02',
  globex: 'gh_scim_globex_directory_token_for_the_tests_0003',
} as const;

function clientOf(url: string, token: string): ScimClient {
  const agent = supertest(`${url}/scim/v2`);
  const send = (method: 'get' | 'post' | 'put' | 'patch' | 'delete', path: string, body?: object): Test => {
    const test = agent[method](path).set('Authorization', `Bearer ${token}`);
    return body === undefined
      ? test
      : test.set('Content-Type', 'application/scim+json').send(JSON.stringify(body));
  };
  const created = async (path: string, body: object): Promise<Json> => {
    const res = await send('post', path, body);
    if (res.status !== 201) throw new Error(`POST ${path}: ${res.status} ${res.text}`);
    return res.body as Json;
  };
  return {
    token,
    get: (path) => send('get', path),
    post: (path, body) => send('post', path, body),
    put: (path, body) => send('put', path, body),
    patch: (path, operations) => send('patch', path, { schemas: [urn.patch], Operations: operations }),
    delete: (path) => send('delete', path),
    user: async (attributes) => (await created('/Users', newUser(attributes))) as never,
    group: async (attributes) => (await created('/Groups', newGroup(attributes))) as never,
    async find(type, filter, more = '') {
      const res = await send('get', `/${type}?filter=${encodeURIComponent(filter)}${more}`);
      if (res.status !== 200) throw new Error(`${filter}: ${res.status} ${res.text}`);
      return res.body as never;
    },
  };
}

export interface ScimAppOptions extends TestAppOptions {
  /** Settings of tenant `acme`. */
  settings?: SettingsPatch;
  /** Its first directory. */
  directory?: Partial<DirectoryInput>;
}

async function addDirectory(
  app: TestApp,
  tenantId: string,
  input: DirectoryInput,
  token: string,
): Promise<string> {
  const actor = systemActor(tenantId);
  const { _id } = await createDirectory(app.core, actor, input);
  await createToken(app.core, actor, _id, { name: 'test', token });
  return _id;
}

/** A server with two tenants and three directories. */
export async function startScim(options: ScimAppOptions = {}): Promise<ScimApp> {
  const { settings = {}, directory, ...rest } = options;
  const app = await startApp(rest);
  const acme = await createTenant(app.core, { slug: 'acme', name: 'Acme', preset: 'default', settings });
  const globex = await createTenant(app.core, {
    slug: 'globex',
    name: 'Globex',
    preset: 'default',
    settings: {},
  });
  const directoryId = await addDirectory(app, acme._id, { name: 'First', ...directory }, tokens.acme);
  await addDirectory(app, acme._id, { name: 'Second' }, tokens.acmeSecond);
  await addDirectory(app, globex._id, { name: 'Only' }, tokens.globex);
  const client = (token: string): ScimClient => clientOf(app.url, token);
  return {
    ...app,
    tenantId: acme._id,
    directoryId,
    acme: client(tokens.acme),
    acmeSecond: client(tokens.acmeSecond),
    globex: client(tokens.globex),
    client,
  };
}
