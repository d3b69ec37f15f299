import { expect } from 'chai';
import { Validator } from '@seriousme/openapi-schema-validator';
import supertest from 'supertest';
import { routeTable } from '../../../src/admin/table.js';
import type { Route } from '../../../src/admin/route.js';
import { errorStatus } from '../../../src/shared/error-codes.js';
import { newId } from '../../../src/shared/ids.js';
import { givenTenant, type ApiTenant } from '../../support/api.js';
import { startApp, type TestApp } from '../../support/app.js';
import { oneOfEach } from '../../support/own-things.js';

const nameOf = (route: Route): string => `${route.method.toUpperCase()} ${route.path}`;

/** The path with something at every place; `ids` by the collection they stand behind. */
function fill(path: string, ids: Readonly<Record<string, string>> = {}): string {
  return path.replace(/\/([\w-]+)\/\{\w+\}/g, (_, collection: string) => {
    return `/${collection}/${ids[collection] ?? newId()}`;
  });
}

describe('the route table of /api/v1', () => {
  let app: TestApp;
  let ours: ApiTenant;
  let theirs: ApiTenant;
  /** Ids of the other tenant's things. */
  let foreign: Record<string, string>;

  before(async () => {
    app = await startApp({ config: { allowPrivateIssuers: true } });
    ours = await givenTenant(app);
    theirs = await givenTenant(app);
    await theirs.givenApplication('crm');
    foreign = await oneOfEach(app, theirs);
  });
  after(() => app.stop());

  for (const route of routeTable) {
    it(`refuses ${nameOf(route)} without credentials with 401`, async () => {
      const res = await ours.call(route.method, fill(route.path), null).send();
      expect(res.status).to.equal(401);
      expect(res.headers['content-type']).to.contain('application/problem+json');
      expect(res.headers['www-authenticate']).to.contain('Bearer');
      expect(res.body).to.include({ status: 401, code: 'auth.required' });
    });
  }

  for (const route of routeTable.filter(
    ({ path, permission, scope }) => path.includes('{') && permission !== 'self' && scope !== 'server',
  )) {
    it(`answers ${nameOf(route)} with 404 for what another tenant has (M0-1)`, async () => {
      const res = await ours.call(route.method, fill(route.path, foreign)).set('If-Match', 'W/"999"').send();
      expect(res.status).to.equal(404);
      expect((res.body as { code: string }).code).to.match(/\.not_found$/);
    });
  }

  it('gives every route an id of its own', () => {
    const ids = routeTable.map((route) => route.id);
    expect(new Set(ids).size).to.equal(ids.length);
  });

  it('is told at /docs/api, with every error code at the place its problem names, in a page without scripts', async () => {
    const res = await supertest(app.url).get('/docs/api').expect(200);
    expect(res.headers['content-security-policy']).to.contain("default-src 'none'");
    const shown = res.text.replace(/<[^>]*>|\s/g, '');
    for (const route of routeTable)
      expect(shown).to.contain(`${route.method.toUpperCase()}/api/v1${route.path}`);
    for (const code of Object.keys(errorStatus)) expect(res.text).to.contain(`id="${code}"`);
    expect(res.text).to.not.contain('<script');
  });

  describe('/openapi.json', () => {
    interface Operation {
      security: Record<string, string[]>[];
      responses: Record<string, unknown>;
    }
    let document: { openapi: string; paths: Record<string, Record<string, Operation>> };

    before(async () => {
      const res = await supertest(app.url).get('/openapi.json').expect(200);
      document = res.body as typeof document;
    });

    it('is a valid OpenAPI 3.1 document', async () => {
      const result = await new Validator().validate(structuredClone(document));
      expect(result.valid, JSON.stringify('errors' in result ? result.errors : [])).to.equal(true);
      expect(document.openapi).to.match(/^3\.1\./);
    });

    it('lists every route with how to be let in', () => {
      for (const route of routeTable) {
        const operation = document.paths[`/api/v1${route.path}`]?.[route.method];
        expect(operation, nameOf(route)).to.exist;
        expect(operation?.security, nameOf(route)).to.not.be.empty;
        expect(operation?.responses, nameOf(route)).to.include.keys(String(route.status), '401', '403');
      }
    });
  });
});
