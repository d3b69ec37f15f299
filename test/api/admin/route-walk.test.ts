import { expect } from 'chai';
import type { Route } from '../../../src/admin/route.js';
import { routeTable } from '../../../src/admin/table.js';
import { createApiKey } from '../../../src/identity/applications/api-keys.js';
import { builtInRoles } from '../../../src/identity/permissions.js';
import { newId } from '../../../src/shared/ids.js';
import { givenTenant, type ApiTenant } from '../../support/api.js';
import { startApp, type TestApp } from '../../support/app.js';
import { givenOperator, type TestOperator } from '../../support/operator.js';
import { parametersOf } from '../../support/own-things.js';
import { goodPassword } from '../../support/people.js';
import { sessionCall } from '../../support/session-call.js';

const nameOf = (route: Route): string => `${route.method.toUpperCase()} ${route.path}`;
const fill = (path: string, ids: Readonly<Record<string, string>>): string =>
  path.replace(/\{(\w+)\}/g, (_, name: string) => ids[name] ?? newId());
const placesIn = (path: string): number => path.split('{').length - 1;

const ofTenants = routeTable.filter(({ permission, scope }) => permission !== 'self' && scope === 'tenant');
const readable = ofTenants.filter(({ produces }) => produces === 'application/json');
const permissions = [...new Set(readable.map(({ permission }) => permission))];

/** Every route for the roles of the first preset. Of the others' each role and permission meet at one route, and at others with each role. */
function routesFor(preset: string, place: number): readonly Route[] {
  if (preset === presets[0]) return readable;
  return permissions.map((wanted) => {
    const routes = readable.filter(({ permission }) => permission === wanted);
    return routes[place % routes.length]!;
  });
}

const presets = ['contact-center', 'service-portal', 'marketing', 'records', 'growth'];

interface Problem {
  code: string;
  detail: string;
  errors?: { pointer: string }[];
}

describe('every route of the API', () => {
  let app: TestApp;
  let acme: ApiTenant;
  let operator: TestOperator;
  before(async () => {
    app = await startApp({ config: { allowPrivateIssuers: true } });
    acme = await givenTenant(app);
    await acme.givenApplication('crm');
    await acme.givenUser({ roles: ['administrator'] });
    operator = await givenOperator(app);
  });
  after(() => app.stop());

  const own = async (route: Route): Promise<string> =>
    fill(route.path, await parametersOf(app, acme, route.path));

  for (const route of ofTenants.filter(({ hasTarget, method }) => hasTarget && method !== 'get')) {
    it(`holds ${nameOf(route)} to the version it was decided on, before the body is looked at`, async () => {
      const call = acme.call(route.method, await own(route)).set('If-Match', 'W/"999"');
      const { body, status } = await call.set('Content-Type', 'application/json').send('{');
      // What hangs on a thing is not made here: it is looked for first.
      expect(status, JSON.stringify(body)).to.be.oneOf(placesIn(route.path) > 1 ? [404, 412] : [412]);
    });
  }

  for (const route of ofTenants.filter(({ body }) => body !== undefined)) {
    it(`answers a body of ${nameOf(route)} that is no JSON, or has a field nobody knows, with 400`, async () => {
      const path = await own(route);
      const expected = placesIn(route.path) > 1 ? [400, 404] : [400];
      const broken = await acme.call(route.method, path).set('Content-Type', 'application/json').send('{');
      expect(broken.status, broken.text).to.be.oneOf(expected);
      const unknown = await acme.call(route.method, path).send({ 'no-such-field': 1 });
      expect(unknown.status, unknown.text).to.be.oneOf(expected);
      if (unknown.status === 400) expect((unknown.body as Problem).errors, unknown.text).to.not.be.empty;
    });
  }

  it('answers bodies of people about themselves that are no JSON, or have a field nobody knows, with 400', async () => {
    const call = await sessionCall(app, await acme.givenUser({ password: goodPassword }));
    const own = routeTable.filter(({ body, permission }) => permission === 'self' && body !== undefined);
    expect(own).to.not.be.empty;
    for (const route of own) {
      const path = fill(route.path, {});
      const expected = placesIn(route.path) > 0 ? [400, 404] : [400];
      const broken = await call(route.method, path).set('Content-Type', 'application/json').send('{');
      expect(broken.status, `${nameOf(route)} ${broken.text}`).to.be.oneOf(expected);
      const unknown = await call(route.method, path).send({ 'no-such-field': 1 });
      expect(unknown.status, `${nameOf(route)} ${unknown.text}`).to.be.oneOf(expected);
    }
  });

  for (const route of ofTenants) {
    it(`asks the operator for the tenant of ${nameOf(route)}, and knows no tenant that is not there`, async () => {
      const path = fill(route.path, {});
      const without = await operator.call(route.method, path);
      expect(without.body, without.text).to.include({ status: 400, code: 'tenant.header_missing' });
      const nobody = await operator.call(route.method, path, 'no-such-tenant');
      expect(nobody.body, nobody.text).to.include({ status: 404, code: 'tenant.not_found' });
    });
  }

  for (const preset of presets) {
    for (const [place, role] of builtInRoles(preset).entries()) {
      it(`is open to ${role.key} of ${preset} exactly where the role holds its permission`, async function () {
        this.timeout(120_000);
        const tenant = await givenTenant(app, { preset });
        const { key } = await createApiKey(app.core, tenant.system, { name: role.key, role: role.key });
        for (const route of routesFor(preset, place)) {
          const test = tenant.call(route.method, fill(route.path, {}), key);
          const res = await (route.method === 'get'
            ? test
            : test.set('Content-Type', 'text/plain').send('{'));
          const { code, detail = '' } = res.body as Partial<Problem>;
          const isRefused =
            code === 'auth.forbidden' && detail === `the permission ${route.permission} is missing`;
          expect(isRefused, `${nameOf(route)}: ${res.text.slice(0, 200)}`).to.equal(
            !role.permissions.includes(route.permission),
          );
        }
      });
    }
  }
});
