import { expect } from 'chai';
import express from 'express';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { requestId } from '../../../src/http/request-context.js';
import { createUser } from '../../../src/identity/users.js';
import { systemActor } from '../../../src/identity/actors.js';
import { scimRoutes } from '../../../src/scim/routes.js';
import supertest from 'supertest';
import { newUser, startScim, unique, urn, type ScimApp } from '../../support/scim.js';

const accessToken = 'an-access-token-with-the-scope-scim-me';

describe('SCIM /Me (RFC 7644 section 3.11)', () => {
  let app: ScimApp;
  let server: Server;
  let url = '';
  let userId = '';
  const userName = `${unique('me')}@acme.test`;

  before(async () => {
    app = await startScim();
    const user = await createUser(app.core, systemActor(app.tenantId), {
      userName,
      externalId: null,
      active: true,
      attributes: { displayName: 'Me', emails: [{ value: userName, type: 'work', primary: true }] },
    });
    userId = user._id;
    const routes = scimRoutes(app.core, {
      findTokenOwner: (token, origin) =>
        Promise.resolve(
          token === accessToken
            ? {
                tenantId: app.tenantId,
                userId,
                actor: {
                  party: { type: 'user', id: userId, label: userName },
                  tenantId: app.tenantId,
                  permissions: new Set<string>(),
                  directoryId: null,
                  ...origin,
                },
              }
            : undefined,
        ),
    });
    server = createServer(express().use(requestId()).use('/scim', routes));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/scim/v2`;
  });
  after(async () => {
    await new Promise((resolve) => server.close(resolve));
    await app.stop();
  });

  const me = (method: 'get' | 'put' | 'patch' | 'delete' | 'post', path = '/Me', body?: object) => {
    const test = supertest(url)[method](path).set('Authorization', `Bearer ${accessToken}`);
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
    expect((await me('get', '/Me?attributes=displayName')).body).to.have.all.keys(
      'schemas',
      'id',
      'displayName',
    );
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
    const res = await supertest(url).get('/Me').set('Authorization', 'Bearer another-access-token');
    expect(res.status).to.equal(401);
  });
});
