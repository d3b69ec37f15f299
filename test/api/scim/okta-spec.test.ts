import { expect } from 'chai';
import supertest from 'supertest';
import { newUser, startScim, unique, urn, type ScimApp } from '../../support/scim.js';

/** The twelve requests of Okta's SCIM 2.0 SPEC suite, with its assertions. */
describe("Okta's SCIM 2.0 SPEC suite", () => {
  const invalidUserEmail = 'nobody.at.all@acme.test';
  const missingId = '01a0ffff-0000-7000-8000-000000000000';
  const randomUsername = `${unique('runscope')}@acme.test`;
  const randomEmail = `${unique('runscope.mail')}@acme.test`;
  let app: ScimApp;
  let firstId = '';
  let newId = '';

  before(async () => {
    app = await startScim();
    await app.acme.user();
    await app.acme.group();
  });
  after(() => app.stop());

  const created = (): object =>
    newUser({
      userName: randomUsername,
      name: { givenName: 'Runscope', familyName: 'Test' },
      emails: [{ primary: true, value: randomEmail, type: 'work' }],
      displayName: 'Runscope Test',
    });

  it('1: GET /Users?count=1&startIndex=1 answers a list with a complete first user', async () => {
    const res = await app.acme.get('/Users?count=1&startIndex=1');
    expect(res.status).to.equal(200);
    expect(res.body.Resources).to.not.be.empty;
    expect(res.body.schemas).to.include(urn.list);
    expect(res.body.itemsPerPage).to.be.a('number');
    expect(res.body.startIndex).to.be.a('number');
    expect(res.body.totalResults).to.be.a('number');
    const [user] = res.body.Resources;
    expect(user.id).to.be.a('string').that.is.not.empty;
    expect(user.name.familyName).to.not.be.empty;
    expect(user.name.givenName).to.not.be.empty;
    expect(user.userName).to.not.be.empty;
    expect(user.active).to.be.a('boolean');
    expect(user.emails[0].value).to.not.be.empty;
    firstId = user.id;
  });

  it('2: GET /Users/{id} answers that user', async () => {
    const res = await app.acme.get(`/Users/${firstId}`);
    expect(res.status).to.equal(200);
    expect(res.body.id).to.equal(firstId);
    expect(res.body.name.familyName).to.not.be.empty;
    expect(res.body.name.givenName).to.not.be.empty;
    expect(res.body.userName).to.not.be.empty;
    expect(res.body.active).to.be.a('boolean');
    expect(res.body.emails[0].value).to.not.be.empty;
  });

  it('3: a filter with raw spaces and quotes for an unknown userName answers an empty list', async () => {
    // A URL object would escape them: the suite sends them as they are, but for the spaces that HTTP cannot carry.
    const res = await app.acme.get(`/Users?filter=userName%20eq%20"${invalidUserEmail}"`);
    expect(res.status).to.equal(200);
    expect(res.body.schemas).to.include(urn.list);
    expect(res.body.totalResults).to.equal(0);
  });

  it('4: GET of an id that does not exist answers 404 with an error body', async () => {
    const res = await app.acme.get(`/Users/${missingId}`);
    expect(res.status).to.equal(404);
    expect(res.body.detail).to.not.be.empty;
    expect(res.body.schemas).to.include(urn.error);
  });

  it('5: a filter for the address about to be created answers an empty list', async () => {
    const res = await app.acme.get(`/Users?filter=userName%20eq%20"${randomEmail}"`);
    expect(res.status).to.equal(200);
    expect(res.body.totalResults).to.equal(0);
    expect(res.body.schemas).to.include(urn.list);
  });

  it('6: POST /Users with application/json answers 201 and the user', async () => {
    const res = await supertest(`${app.url}/scim/v2`)
      .post('/Users')
      .set('Authorization', `Bearer ${app.acme.token}`)
      .set('Content-Type', 'application/json')
      .set('Accept', 'application/scim+json; charset=utf-8')
      .send(JSON.stringify(created()));
    expect(res.status).to.equal(201);
    expect(res.body.active).to.equal(true);
    expect(res.body.id).to.not.be.empty;
    expect(res.body.name).to.deep.include({ familyName: 'Test', givenName: 'Runscope' });
    expect(res.body.userName).to.equal(randomUsername);
    expect(res.body.schemas).to.include(urn.user);
    newId = res.body.id;
  });

  it('7: GET /Users/{new id} answers the same user', async () => {
    const res = await app.acme.get(`/Users/${newId}`);
    expect(res.status).to.equal(200);
    expect(res.body.userName).to.equal(randomUsername);
    expect(res.body.name).to.deep.include({ familyName: 'Test', givenName: 'Runscope' });
  });

  it('8: POST of the same user again answers 409', async () => {
    const res = await app.acme.post('/Users', created());
    expect(res.status).to.equal(409);
    expect(res.body).to.include({ status: '409', scimType: 'uniqueness' });
  });

  it('9: the userName in capitals finds the user', async () => {
    const res = await app.acme.get(`/Users?filter=userName%20eq%20"${randomUsername.toUpperCase()}"`);
    expect(res.status).to.equal(200);
    expect(res.body.totalResults).to.equal(1);
    expect(res.body.Resources[0].id).to.equal(newId);
  });

  it('10: GET /Groups answers a list', async () => {
    const res = await app.acme.get('/Groups');
    expect(res.status).to.equal(200);
    expect(res.body.Resources).to.be.an('array').that.is.not.empty;
  });

  it('11: a token that is none answers 401 with an error body', async () => {
    const res = await app.client('non-token').get(`/Users?filter=userName%20eq%20"${randomUsername}"`);
    expect(res.status).to.equal(401);
    expect(res.body.detail).to.not.be.empty;
    expect(res.body.status).to.equal('401');
    expect(res.body.schemas).to.include(urn.error);
    expect(res.headers['www-authenticate']).to.match(/^Bearer /);
  });

  it('12: GET /Users/00919288221112222 answers 404 with an error body', async () => {
    const res = await app.acme.get('/Users/00919288221112222');
    expect(res.status).to.equal(404);
    expect(res.body.detail).to.not.be.empty;
    expect(res.body.status).to.equal('404');
    expect(res.body.schemas).to.include(urn.error);
  });
});
