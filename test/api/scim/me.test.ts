import { expect } from 'chai';
import supertest from 'supertest';
import { systemActor } from '../../../src/identity/actors.js';
import type { TenantDocument } from '../../../src/identity/tenants/tenants.js';
import { setEnabled } from '../../../src/identity/users/actions.js';
import { browserOf, makeApplication, makeUser, relyingParty, type RelyingParty } from '../../support/oidc.js';
import { newUser, startScim, urn, type ScimApp } from '../../support/scim.js';

describe('SCIM /Me (RFC 7644 section 3.11)', () => {
  let app: ScimApp;
  let url = '';
  let userId = '';
  let userName = '';
  let tenant: TenantDocument;
  let party: RelyingParty;
  let accessToken = '';
  /** One of the same sign-in, without the scope. */
  let plainToken = '';

  before(async () => {
    app = await startScim();
    const { core } = app;
    url = `${app.url}/scim/v2`;
    tenant = (await core.store.tenant(app.tenantId).collection('tenants').get(app.tenantId))!;
    const user = await makeUser(core, tenant);
    ({ _id: userId, userName } = user);
    party = await relyingParty(core, await makeApplication(core, tenant, { allowScimMe: true }));
    const browser = await browserOf(core, user);
    const tokenWith = async (scope: string): Promise<string> =>
      (await party.signIn(browser, { scope })).access_token;
    accessToken = await tokenWith('openid scim:me');
    plainToken = await tokenWith('openid profile roles');
  });
  after(() => app.stop());

  const me = (
    method: 'get' | 'put' | 'patch' | 'delete' | 'post',
    path = '/Me',
    body?: object,
    token = accessToken,
  ) => {
    const test = supertest(url)[method](path).set('Authorization', `Bearer ${token}`);
    return body ? test.set('Content-Type', 'application/scim+json').send(JSON.stringify(body)) : test;
  };
  const patch = (operation: object) => me('patch', '/Me', { schemas: [urn.patch], Operations: [operation] });

  it('answers 404 to the token of a directory', async () => {
    const res = await app.acme.get('/Me');
    expect(res.status).to.equal(404);
    expect(res.body).to.include({ status: '404' });
  });

  it('answers the person themself, with the permanent address as location', async () => {
    const res = await me('get');
    expect(res.status).to.equal(200);
    expect(res.body).to.include({ id: userId, userName });
    expect(res.body.meta.location).to.equal(`${app.url}/scim/v2/Users/${userId}`);
    expect(res.headers['content-location']).to.equal(res.body.meta.location);
    expect((await me('get', '/Me?attributes=userName')).body).to.have.all.keys('schemas', 'id', 'userName');
    expect((await me('get').set('If-None-Match', String(res.headers['etag']))).status).to.equal(304);
  });

  it('changes what is theirs to say, by PATCH and PUT', async () => {
    const patched = await patch({ op: 'replace', path: 'nickName', value: 'Ich' });
    expect(patched.status).to.equal(200);
    expect(patched.body.nickName).to.equal('Ich');
    const { groups: _groups, ...own } = (await me('get')).body;
    const put = await me('put', '/Me', { ...own, displayName: 'Moi', timezone: 'Europe/Berlin' });
    expect(put.status, put.text).to.equal(200);
    expect(put.body).to.include({ displayName: 'Moi', timezone: 'Europe/Berlin' });
  });

  it('refuses changes of roles, state, names to sign in with and everything else with 403, and keeps nothing of them', async () => {
    const before = (await me('get')).body;
    for (const operation of [
      { op: 'replace', path: 'active', value: false },
      { op: 'replace', path: 'userName', value: 'other@acme.test' },
      { op: 'add', path: 'roles', value: [{ value: 'administrator' }] },
      { op: 'add', path: 'entitlements', value: [{ value: 'all' }] },
      { op: 'add', path: 'emails', value: [{ value: 'boss@acme.test', primary: true }] },
      { op: 'replace', path: 'externalId', value: 'x' },
      { op: 'add', path: `${urn.enterprise}:department`, value: 'Board' },
      { op: 'replace', path: 'urn:gatehouse:params:scim:schemas:extension:2.0:User:approved', value: false },
      { op: 'add', value: { displayName: 'Half', title: 'Boss' } },
    ]) {
      const res = await patch(operation);
      expect(res.status, JSON.stringify(operation)).to.equal(403);
    }
    expect((await me('delete')).status).to.equal(403);
    expect((await me('get')).body).to.deep.equal(before);
  });

  const passwordWrites: Record<string, ['put' | 'patch', object]> = {
    'a PATCH path': ['patch', { op: 'replace', path: 'password', value: 'another long password' }],
    'a PATCH path in capitals': ['patch', { op: 'add', path: 'PassWord', value: 'another long password' }],
    'a PATCH path with the schema': [
      'patch',
      { op: 'add', path: `${urn.user}:password`, value: 'another long password' },
    ],
    'a PATCH without path': [
      'patch',
      { op: 'replace', value: { nickName: 'x', password: 'another long password' } },
    ],
    'a PATCH without path in capitals': [
      'patch',
      { op: 'add', value: { PASSWORD: 'another long password' } },
    ],
    'a PATCH value named by the schema': [
      'patch',
      { op: 'add', value: { [`${urn.user}:password`]: 'another long password' } },
    ],
    'a PATCH value below the schema': [
      'patch',
      { op: 'add', value: { [urn.user]: { password: 'another long password' } } },
    ],
    'a PATCH operation in capitals': [
      'patch',
      { Op: 'Replace', Path: 'password', Value: 'another long password' },
    ],
    'a PUT': ['put', { password: 'another long password' }],
    'a PUT in capitals': ['put', { Password: 'another long password' }],
  };
  for (const [what, [method, write]] of Object.entries(passwordWrites)) {
    it(`never writes a password, by ${what}`, async () => {
      const { groups: _groups, ...own } = (await me('get')).body;
      const res = method === 'patch' ? await patch(write) : await me('put', '/Me', { ...own, ...write });
      expect(res.status, res.text).to.be.oneOf([400, 403]);
      expect((await me('get')).body.meta.version).to.equal(own.meta.version);
      const credential = await app.core.store.tenant(app.tenantId).collection('credentials').get(userId);
      expect(credential?.passwordHash ?? null).to.equal(null);
    });
  }

  it('opens nothing to an application that may no longer have the scope', async () => {
    const applications = app.core.store.tenant(app.tenantId).collection('applications');
    const allow = async (allowScimMe: boolean): Promise<void> => {
      for (const { _id } of await applications.find({})) {
        await applications.update(_id, (stored) => ({ ...stored, allowScimMe }));
      }
    };
    await allow(false);
    expect((await me('get')).status).to.equal(401);
    await allow(true);
    expect((await me('get')).status).to.equal(200);
  });

  it('opens nothing else to an access token but discovery', async () => {
    for (const path of ['/Users', `/Users/${userId}`, '/Groups', '/', '/Users/unknown']) {
      expect((await me('get', path)).status, path).to.equal(403);
    }
    expect((await me('post', '/Users', newUser())).status).to.equal(403);
    expect((await me('post', '/Bulk', { schemas: [urn.bulk], Operations: [] })).status).to.equal(403);
    expect((await me('post', '/.search', { schemas: [urn.search] })).status).to.equal(403);
    expect((await me('get', '/Schemas')).status).to.equal(200);
    expect((await me('get', '/ServiceProviderConfig')).status).to.equal(200);
    expect((await me('post', '/Me', {})).status).to.equal(405);
  });

  it('answers 401 to any other token', async () => {
    for (const token of [plainToken, 'another-access-token']) {
      const res = await supertest(url).get('/Me').set('Authorization', `Bearer ${token}`);
      expect(res.status).to.equal(401);
    }
  });

  it('ends with the access of its person', async () => {
    const { core } = app;
    const user = await makeUser(core, tenant);
    const { access_token: token } = await party.signIn(await browserOf(core, user), {
      scope: 'openid scim:me',
    });
    expect((await me('get', '/Me', undefined, token)).status).to.equal(200);
    await setEnabled(core, systemActor(app.tenantId), user._id, false);
    expect((await me('get', '/Me', undefined, token)).status).to.equal(401);
  });
});
