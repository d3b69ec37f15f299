import { expect } from 'chai';
import { ZodObject } from 'zod';
import { routeTable } from '../../../src/admin/table.js';
import type { Route } from '../../../src/admin/route.js';
import { createConnection } from '../../../src/identity/sso/connections.js';
import { createDirectory } from '../../../src/identity/directories/directories.js';
import { createGroup } from '../../../src/identity/groups/groups.js';
import { systemActor } from '../../../src/identity/actors.js';
import { createOperatorKey } from '../../../src/identity/operator/keys.js';
import { operatorTenant } from '../../../src/identity/tenants/operator-tenant.js';
import { createRole } from '../../../src/identity/roles/roles.js';
import { givenTenant, type ApiTenant } from '../../support/api.js';
import { startApp, type TestApp } from '../../support/app.js';

const nameOf = (route: Route): string => `${route.method.toUpperCase()} ${route.path}`;

const hostileIds = [
  '%00',
  '%FF%FE',
  '..%2F..%2Fetc',
  '__proto__',
  'constructor',
  '%24ne',
  '%7B%22%24gt%22%3A%22%22%7D',
  'x'.repeat(3000),
  '%F0%9F%92%A9'.repeat(300),
  '%ED%A0%80',
];

const nested = `${'['.repeat(20_000)}${']'.repeat(20_000)}`;

/** They compute with whatever a provider may send. */
const dryRuns = ['POST /directories/{id}/rules/dry-run', 'POST /directories/{id}/mapping/preview'];

/** Raw JSON texts, so that a body may hold what a literal cannot. */
const hostileBodies = [
  'null',
  '[]',
  '"text"',
  '7',
  '{}',
  '{"__proto__":{"admin":true},"constructor":{"prototype":{}}}',
  nested,
  `{"user":{"groups":${nested}},"rules":[]}`,
  `{"user":{"roles":${'['.repeat(3000)}"x"${']'.repeat(3000)}}}`,
  '{"user":{"groups":[null,7,"x",[],{"value":{}}],"roles":null,"":{"":""}}}',
  '{"email":{"$gt":""},"name":{"$ne":null},"key":["a"],"displayName":{},"preset":{"$in":[]},"rules":{"a":1},"members":[{}],"roles":"administrator"}',
  '{"email":"a\\u0000b@x.test","name":"\\u0000","key":"\\ud800","displayName":"\\u0000","role":"__proto__","members":["\\u0000"],"userId":"\\u0000"}',
  `{"email":"${'x'.repeat(50_000)}@x.test","name":"${'y'.repeat(50_000)}","displayName":"${'z'.repeat(50_000)}"}`,
  '{"accessExpiresAt":"0000-00-00T00:00:00Z","expiresAt":"9999999-01-01T00:00:00Z","limit":1e999,"overlapSeconds":-1e30}',
];

/** What no route takes. */
const hostileQueries = [
  'q=%00',
  'q=a&q=b',
  'q[$ne]=1',
  'limit=1e9',
  'limit=-1',
  'limit=NaN',
  'cursor=%00',
  'cursor=.',
  'sort=__proto__',
  'sort=-_id',
  'createdFrom=0000-00-00',
  'from=%00',
  'status=__proto__',
  `role=${'x'.repeat(5000)}`,
  'email=%00',
];

/** Texts to look for, odd as they are: a route that has the parameter finds nothing. */
const oddQueries = [`q=${'%28'.repeat(100)}`, 'q=%5B%5C', 'role=%00', 'target=%00'];

describe('hostile input to /api/v1', () => {
  let app: TestApp;
  let acme: ApiTenant;
  let own: Record<string, string>;
  let operatorKey = '';

  /** Sends a request with a key that the route is open to. */
  const send = (route: Route, path: string) =>
    route.scope === 'server' ? acme.call(route.method, path, operatorKey) : acme.call(route.method, path);

  before(async () => {
    app = await startApp();
    acme = await givenTenant(app);
    const { core } = app;
    const { system } = acme;
    operatorKey = (await createOperatorKey(core, systemActor(operatorTenant.id), { name: 'hostile' })).key;
    const role = { key: 'own', applicationKey: null, name: 'Own', description: '', permissions: [] };
    const sso = { name: 'sso', issuer: 'https://nowhere.invalid', clientId: 'x' };
    const group = { displayName: 'G', externalId: null, attributes: {} };
    const made = async (path: string, body: object): Promise<string> =>
      ((await acme.call('post', path).send(body)).body as { id: string }).id;
    const person = (await acme.givenUser())._id;
    own = {
      bulk: await made('/users/bulk', { action: 'enable', ids: [person] }),
      webhooks: await made('/webhooks', { url: 'https://nowhere.invalid/hook', types: ['tenant.updated'] }),
      tenants: system.tenantId,
      users: person,
      groups: (await createGroup(core, system, group))._id,
      roles: (await createRole(core, system, role)).id,
      applications: (await acme.givenApplication('crm'))._id,
      'sso-connections': (await createConnection(core, system, sso))._id,
      directories: (await createDirectory(core, system, { name: 'd' }))._id,
    };
  });
  after(() => app.stop());

  const fill = (path: string, id: (collection: string) => string): string =>
    path.replace(/\/([\w-]+)\/\{\w+\}/g, (_, collection: string) => `/${collection}/${id(collection)}`);

  const reachable = routeTable.filter((route) => route.permission !== 'self');

  for (const route of reachable.filter(({ path }) => path.includes('{'))) {
    it(`refuses an id that is none at ${nameOf(route)}`, async () => {
      for (const id of hostileIds) {
        const places = [fill(route.path, () => id), fill(route.path, (collection) => own[collection] ?? id)];
        for (const path of new Set(places)) {
          if (!path.includes(id)) continue;
          const res = await send(route, path);
          expect(res.status, `${path.slice(0, 80)}: ${res.text.slice(0, 200)}`).to.be.within(400, 431);
        }
      }
    });
  }

  for (const route of reachable.filter(({ body }) => body !== undefined)) {
    it(`refuses bodies that are none at ${nameOf(route)}`, async () => {
      const path = fill(route.path, (collection) => own[collection] ?? 'x');
      for (const body of hostileBodies) {
        const res = await send(route, path).set('Content-Type', 'application/json').send(body);
        const least = body === '{}' || dryRuns.includes(nameOf(route)) ? 200 : 400;
        expect(res.status, `${body.slice(0, 80)}: ${res.text.slice(0, 200)}`).to.be.within(least, 431);
      }
    });
  }

  for (const route of reachable.filter(({ query, produces }) => query && produces !== 'text/event-stream')) {
    const path = (): string => fill(route.path, (collection) => own[collection] ?? 'x');
    it(`refuses queries that are none at ${nameOf(route)}`, async () => {
      for (const query of hostileQueries) {
        const res = await send(route, `${path()}?${query}`);
        expect(res.status, `${query.slice(0, 80)}: ${res.text.slice(0, 200)}`).to.equal(400);
      }
    });

    it(`looks for odd texts where it can, and refuses them where not, at ${nameOf(route)}`, async () => {
      for (const query of oddQueries) {
        const name = query.slice(0, query.indexOf('='));
        const res = await send(route, `${path()}?${query}`);
        const isKnown = route.query instanceof ZodObject && name in route.query.shape;
        expect(res.status, `${query.slice(0, 80)}: ${res.text.slice(0, 200)}`).to.equal(isKnown ? 200 : 400);
        const { items } = res.body as { items?: unknown[] };
        if (isKnown && items) expect(items).to.deep.equal([]);
      }
    });
  }
});
