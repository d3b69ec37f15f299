import { expect } from 'chai';
import { newUser, startScim, unique, urn, type ScimApp, type ScimClient } from '../../support/scim.js';

describe('SCIM Users (RFC 7644 sections 3.3, 3.4.1, 3.5.1, 3.6)', () => {
  let app: ScimApp;
  let scim: ScimClient;
  before(async () => {
    app = await startScim();
    scim = app.acme;
  });
  after(() => app.stop());

  it('creates with 201, Location equal to meta.location, and the ETag as meta.version (section 3.3)', async () => {
    const sent = newUser({
      externalId: unique('ext'),
      [urn.enterprise]: { employeeNumber: '7', department: 'Tours' },
    });
    const res = await scim.post('/Users', sent);
    expect(res.status).to.equal(201);
    expect(res.headers['location'])
      .to.equal(res.body.meta.location)
      .and.equal(`${app.url}/scim/v2/Users/${res.body.id}`);
    expect(res.headers['etag']).to.equal(res.body.meta.version).and.match(/^W\/"/);
    expect(res.body.meta.created).to.equal(res.body.meta.lastModified);
    expect(res.body.meta.resourceType).to.equal('User');
    expect(res.body.schemas).to.include.members([urn.user, urn.enterprise]);
    expect(res.body[urn.enterprise]).to.deep.equal({ employeeNumber: '7', department: 'Tours' });
    expect(res.body).to.deep.include({
      userName: sent.userName,
      externalId: sent['externalId'],
      name: sent['name'],
      active: true,
    });
    expect((await scim.get(`/Users/${res.body.id}`)).body).to.deep.equal(res.body);
  });

  it('ignores id, meta and groups of the client and never returns the password (RFC 7643 section 7)', async () => {
    const res = await scim.post(
      '/Users',
      newUser({
        id: 'mine',
        meta: { created: '1999-01-01T00:00:00Z', version: 'W/"9"' },
        groups: [{ value: 'x' }],
        password: 'Correct-horse-7',
      }),
    );
    expect(res.status).to.equal(201);
    expect(res.body.id).to.not.equal('mine');
    expect(res.body.meta.created).to.not.match(/^1999/);
    expect(res.body).to.not.have.any.keys('password', 'groups');
    expect(res.text).to.not.contain('Correct-horse-7');
  });

  it('treats null, [] and absent as the same state (RFC 7643 section 2.5)', async () => {
    const user = await scim.user({ addresses: null, title: null, phoneNumbers: [] });
    expect(user).to.not.have.any.keys('addresses', 'title', 'phoneNumbers');
  });

  it('reads attribute names without regard to case and answers canonical ones (RFC 7643 section 2.1)', async () => {
    const name = `${unique('case')}@acme.test`;
    const res = await scim.post('/Users', {
      SCHEMAS: [urn.user.toUpperCase()],
      USERNAME: name,
      Name: { GIVENNAME: 'Ada' },
      displayname: 'Ada',
    });
    expect(res.status).to.equal(201);
    expect(res.body).to.deep.include({ userName: name, name: { givenName: 'Ada' }, displayName: 'Ada' });
  });

  it('accepts Entra’s and OneLogin’s wrong schema URNs and ignores unknown attributes (D6, D7)', async () => {
    const res = await scim.post(
      '/Users',
      newUser({
        schemas: [urn.user, 'urn:ietf:params:scim:schemas:extension:enterprise:2.0User'],
        hatSize: 58,
      }),
    );
    expect(res.status).to.equal(201);
    expect(res.body.schemas)
      .to.include(urn.user)
      .and.not.include('urn:ietf:params:scim:schemas:extension:enterprise:2.0User');
    expect(res.body).to.not.have.property('hatSize');
  });

  it('refuses a missing userName with 400 invalidValue and a body without the core schema', async () => {
    const missing = await scim.post('/Users', newUser({ userName: undefined }));
    expect(missing.status).to.equal(400);
    expect(missing.body.scimType).to.equal('invalidValue');
    const empty = await scim.post('/Users', newUser({ userName: '' }));
    expect(empty.status).to.equal(400);
    const other = await scim.post('/Users', { schemas: [urn.group], userName: unique('none') });
    expect(other.status).to.equal(400);
    expect(other.body.scimType).to.be.oneOf(['invalidSyntax', 'invalidValue']);
  });

  it('refuses a userName that is taken in another case with 409 uniqueness, on POST, PUT and PATCH', async () => {
    const first = await scim.user();
    const second = await scim.user();
    const taken = first.userName.toUpperCase();
    for (const res of [
      await scim.post('/Users', newUser({ userName: taken })),
      await scim.put(`/Users/${second.id}`, newUser({ userName: taken })),
      await scim.patch(`/Users/${second.id}`, [{ op: 'replace', path: 'userName', value: taken }]),
    ]) {
      expect(res.status).to.equal(409);
      expect(res.body).to.include({ scimType: 'uniqueness', status: '409' });
    }
    expect((await scim.get(`/Users/${second.id}`)).body.userName).to.equal(second.userName);
  });

  it('answers PUT with the whole new resource, clears what is omitted and keeps id and created (section 3.5.1)', async () => {
    const user = await scim.user({ title: 'Engineer', [urn.enterprise]: { department: 'Tours' } });
    const res = await scim.put(
      `/Users/${user.id}`,
      newUser({ userName: user.userName, id: 'other', nickName: 'Bee', groups: [{ value: 'x' }] }),
    );
    expect(res.status).to.equal(200);
    expect(res.body).to.include({ id: user.id, nickName: 'Bee', userName: user.userName });
    expect(res.body).to.not.have.any.keys('title', urn.enterprise, 'groups');
    expect(res.body.schemas).to.not.include(urn.enterprise);
    expect(res.body.meta.created).to.equal((user['meta'] as { created: string }).created);
    expect(res.body.meta.version).to.not.equal((user['meta'] as { version: string }).version);
  });

  it('answers PUT of the same content with the same version (section 3.14)', async () => {
    const user = await scim.user();
    const res = await scim.put(`/Users/${user.id}`, user);
    expect(res.status).to.equal(200);
    expect(res.body).to.deep.equal(user);
  });

  it('never creates by PUT: 404 for an unknown id', async () => {
    const res = await scim.put('/Users/unknown', newUser());
    expect(res.status).to.equal(404);
  });

  it('deactivates by PUT with active false and keeps the user listed and found', async () => {
    const user = await scim.user();
    const res = await scim.put(`/Users/${user.id}`, { ...user, active: false });
    expect(res.body.active).to.equal(false);
    expect((await scim.find('Users', `userName eq "${user.userName}"`)).Resources[0]).to.include({
      active: false,
    });
    expect(await scim.find('Users', `id eq "${user.id}" and active eq false`)).to.include({
      totalResults: 1,
    });
  });

  it('never revives a user by silence: active left out of a PUT, removed or null keeps what it was', async () => {
    const { active: _active, ...user } = await scim.user({ active: false });
    const path = `/Users/${user.id}`;
    expect((await scim.put(path, user)).body.active).to.equal(false);
    expect((await scim.put(path, { ...user, active: null })).body.active).to.equal(false);
    for (const operation of [
      { op: 'remove', path: 'active' },
      { op: 'replace', path: 'active', value: null },
    ]) {
      expect((await scim.patch(path, [operation])).body.active).to.equal(false);
    }
    expect((await scim.put(path, { ...user, active: true })).body.active).to.equal(true);
  });

  it('deletes with 204 and no body, answers 404 afterwards, and frees the userName (section 3.6)', async () => {
    const user = await scim.user();
    const res = await scim.delete(`/Users/${user.id}`);
    expect(res.status).to.equal(204);
    expect(res.text).to.equal('');
    expect((await scim.get(`/Users/${user.id}`)).status).to.equal(404);
    expect((await scim.put(`/Users/${user.id}`, newUser())).status).to.equal(404);
    expect(
      (await scim.patch(`/Users/${user.id}`, [{ op: 'replace', path: 'active', value: true }])).status,
    ).to.equal(404);
    expect((await scim.delete(`/Users/${user.id}`)).status).to.equal(404);
    expect(await scim.find('Users', `userName eq "${user.userName}"`)).to.include({ totalResults: 0 });
    expect((await scim.post('/Users', newUser({ userName: user.userName, emails: [] }))).status).to.equal(
      201,
    );
  });

  it('projects the answers of POST, PUT, PATCH and GET (section 3.9)', async () => {
    const created = await scim.post('/Users?attributes=userName', newUser());
    expect(created.body).to.have.all.keys('schemas', 'id', 'userName');
    const { id } = created.body;
    const put = await scim.put(
      `/Users/${id}?attributes=name.familyName,emails.value`,
      newUser({ userName: created.body.userName }),
    );
    expect(put.body).to.have.all.keys('schemas', 'id', 'name', 'emails');
    expect(put.body.name).to.have.all.keys('familyName');
    expect(put.body.emails[0]).to.have.all.keys('value');
    const patched = await scim.patch(`/Users/${id}?excludedAttributes=emails,meta,id`, [
      { op: 'add', path: 'title', value: 'Dr' },
    ]);
    expect(patched.body).to.not.have.any.keys('emails', 'meta');
    expect(patched.body).to.include({ id, title: 'Dr' });
    const read = await scim.get(
      `/Users/${id}?attributes=USERNAME,${urn.enterprise}:department,nothing,password`,
    );
    expect(read.body).to.have.all.keys('schemas', 'id', 'userName');
    const repeated = await scim.get(`/Users/${id}?attributes=userName&Attributes=x&attributes=title`);
    expect(repeated.body).to.have.all.keys('schemas', 'id', 'userName', 'title');
    const both = await scim.get(`/Users/${id}?attributes=userName&excludedAttributes=emails`);
    expect(both.status).to.equal(400);
    expect(both.body.scimType).to.equal('invalidValue');
  });

  it('never takes an externalId for an id, whatever it says (Grafana CVE-2025-41115)', async () => {
    const victim = await scim.user();
    for (const externalId of ['1', victim.id]) {
      const other = await scim.user({ externalId });
      expect(other.id).to.not.be.oneOf(['1', victim.id]);
      expect((await app.globex.post('/Users', newUser({ externalId }))).status).to.equal(201);
      expect((await scim.find('Users', `externalId eq "${externalId}"`)).totalResults).to.equal(1);
      await scim.patch(`/Users/${other.id}`, [{ op: 'replace', path: 'active', value: false }]);
    }
    expect((await scim.get('/Users/1')).status).to.equal(404);
    expect((await app.globex.get(`/Users/${victim.id}`)).status).to.equal(404);
    expect((await scim.get(`/Users/${victim.id}`)).body).to.deep.equal(victim);
  });

  it('hides users of other tenants and of other directories as 404, for every method', async () => {
    const user = await scim.user();
    for (const stranger of [app.globex, app.acmeSecond]) {
      expect((await stranger.get(`/Users/${user.id}`)).status).to.equal(404);
      expect((await stranger.put(`/Users/${user.id}`, newUser())).status).to.equal(404);
      expect(
        (await stranger.patch(`/Users/${user.id}`, [{ op: 'replace', path: 'active', value: false }])).status,
      ).to.equal(404);
      expect((await stranger.delete(`/Users/${user.id}`)).status).to.equal(404);
      expect(await stranger.find('Users', `userName eq "${user.userName}"`)).to.include({ totalResults: 0 });
      expect(await stranger.find('Users', `id eq "${user.id}" or not (userName pr)`)).to.include({
        totalResults: 0,
      });
    }
    expect((await scim.get(`/Users/${user.id}`)).body.active).to.equal(true);
    expect((await app.globex.post('/Users', newUser({ userName: user.userName }))).status).to.equal(201);
    expect((await app.acmeSecond.post('/Users', newUser({ userName: user.userName }))).status).to.equal(409);
  });
});
