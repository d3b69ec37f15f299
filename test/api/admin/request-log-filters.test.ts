import { expect } from 'chai';
import supertest from 'supertest';
import { systemActor } from '../../../src/identity/actors.js';
import { createApiKey } from '../../../src/identity/applications/api-keys.js';
import { ManualClock } from '../../support/clock.js';
import { startScim, type ScimApp } from '../../support/scim.js';

describe('the request log of a directory in the API', () => {
  let app: ScimApp;
  let key: string;
  let begin: string;
  let later: string;
  const clock = new ManualClock();

  before(async () => {
    app = await startScim({ clock });
    ({ key } = await createApiKey(app.core, systemActor(app.tenantId), { name: 'k', role: 'administrator' }));
    begin = clock.now().toISOString();
    const ada = await app.acme.user({ userName: 'Ada@acme.test' });
    await app.acme.get('/Users/nobody').expect(404);
    clock.advance(60_000);
    later = clock.now().toISOString();
    await app.acme.get(`/Users?filter=${encodeURIComponent('userName eq "bob@acme.test"')}`).expect(200);
    await app.acme.delete(`/Users/${ada.id}`).expect(204);
  });
  after(() => app.stop());

  const found = async (query: string): Promise<string[]> => {
    const res = await supertest(app.url)
      .get(`/api/v1/directories/${app.directoryId}/requests?${query}`)
      .set('Authorization', `Bearer ${key}`)
      .expect(200);
    return (res.body as { items: { method: string; status: number }[] }).items.map(
      ({ method, status }) => `${method} ${status}`,
    );
  };

  const cases: [string, () => string, string[]][] = [
    ['a status', () => 'status=404', ['GET 404']],
    ['the time from which', () => `from=${later}`, ['DELETE 204', 'GET 200']],
    ['the time before which', () => `to=${later}`, ['GET 404', 'POST 201']],
    ['both', () => `from=${begin}&to=${later}&status=201`, ['POST 201']],
    ['a person’s name, in any case', () => 'q=ADA@acme', ['DELETE 204', 'POST 201']],
    ['an address asked for', () => 'q=bob', ['GET 200']],
    ['where it came from', () => 'ip=127.0.0.1&status=201', ['POST 201']],
    ['where none came from', () => 'ip=192.0.2.1', []],
    ['a method and a status', () => 'method=GET&status=200', ['GET 200']],
  ];
  for (const [what, query, expected] of cases) {
    it(`is narrowed by ${what}`, async () => expect(await found(query())).to.deep.equal(expected));
  }

  it('gives one request the names of those its changes speak of', async () => {
    const bob = await app.acme.user({
      userName: 'bob@acme.test',
      emails: [{ value: 'bob@acme.test', primary: true }],
    });
    await app.acme.group({ displayName: 'Support', members: [{ value: bob.id }] });
    const get = (path: string) =>
      supertest(app.url)
        .get(`/api/v1/directories/${app.directoryId}/requests${path}`)
        .set('Authorization', `Bearer ${key}`)
        .expect(200);
    const listed = await get('?method=POST&limit=1');
    const [{ id }] = (listed.body as { items: [{ id: string }] }).items;
    const one = await get(`/${id}`);
    expect((one.body as { names: object }).names).to.deep.equal({ [bob.id]: 'bob@acme.test' });
  });

  for (const query of ['status=99', 'status=x', 'from=yesterday', 'to=']) {
    it(`answers ${query === 'to=' ? 'an empty' : 'an odd'} ${query} without fault`, async () => {
      const res = await supertest(app.url)
        .get(`/api/v1/directories/${app.directoryId}/requests?${query}`)
        .set('Authorization', `Bearer ${key}`);
      expect(res.status).to.equal(query === 'to=' ? 200 : 400);
    });
  }
});

describe('a filter with the character NUL', () => {
  let app: ScimApp;
  before(async () => (app = await startScim()));
  after(() => app.stop());

  for (const path of ['userName', 'externalId', 'emails.value', 'title', 'emails[value']) {
    for (const op of ['eq', 'ne', 'co', 'sw', 'ew']) {
      it(`is refused: ${path} ${op}`, async () => {
        const text = `${path} ${op} "\\u0000a"${path.includes('[') ? ']' : ''}`;
        const res = await app.acme.get(`/Users?filter=${encodeURIComponent(text)}`);
        expect(res.status).to.equal(400);
        expect(res.body).to.include({ scimType: 'invalidFilter' });
      });
    }
  }
});
