import { expect } from 'chai';
import type { Json } from '../../support/provider.js';
import { startScim, unique, urn, type ScimApp } from '../../support/scim.js';

describe('a user’s manager', () => {
  let app: ScimApp;
  let boss: Json;
  let worker: Json;
  before(async () => {
    app = await startScim();
    boss = await app.acme.user({ displayName: 'The Boss' });
  });
  beforeEach(async () => {
    worker = await app.acme.user({
      schemas: [urn.user, urn.enterprise],
      [urn.enterprise]: { department: 'D', manager: { value: boss['id'] } },
    });
  });
  after(() => app.stop());

  const told = (): Json => ({
    value: boss['id'],
    $ref: `${app.url}/scim/v2/Users/${boss['id']}`,
    displayName: 'The Boss',
  });
  const path = (): string => `/Users/${worker['id']}`;

  it('is answered with address and name by every kind of request, whether given as text or as an object', async () => {
    expect(worker[urn.enterprise].manager).to.deep.equal(told());
    const patched = await app.acme.patch(path(), [
      { op: 'add', path: `${urn.enterprise}:manager`, value: boss['id'] },
    ]);
    expect(patched.body[urn.enterprise].manager).to.deep.equal(told());
    const { userName } = worker as { userName: string };
    const put = await app.acme.put(path(), {
      schemas: [urn.user, urn.enterprise],
      userName,
      [urn.enterprise]: { manager: boss['id'] },
    });
    expect(put.body[urn.enterprise].manager).to.deep.equal(told());
    const filter = encodeURIComponent(`userName eq "${userName}"`);
    for (const address of [
      path(),
      `${path()}?attributes=${urn.enterprise}:manager`,
      `${path()}?excludedAttributes=title`,
    ]) {
      expect((await app.acme.get(address)).body[urn.enterprise].manager, address).to.deep.equal(told());
    }
    for (const address of [
      `/Users?filter=${filter}`,
      `/Users?filter=${filter}&excludedAttributes=title`,
      `/?filter=${filter}`,
    ]) {
      const { body } = await app.acme.get(address);
      expect(body.Resources[0][urn.enterprise].manager, address).to.deep.equal(told());
    }
    const one = await app.acme.get(`${path()}?attributes=${urn.enterprise}:manager.displayName`);
    expect(one.body[urn.enterprise]).to.deep.equal({ manager: { displayName: 'The Boss' } });
  });

  it('is found by the name that is shown', async () => {
    const { Resources } = await app.acme.find(
      'Users',
      `id eq "${worker['id']}" and ${urn.enterprise}:manager.displayName eq "the boss"`,
    );
    expect(Resources.map(({ id }) => id)).to.deep.equal([worker['id']]);
  });

  it('sent back as it was read changes nothing', async () => {
    const read = await app.acme.get(path());
    const put = await app.acme.put(path(), read.body);
    expect(put.body).to.deep.equal(read.body);
    const patch = await app.acme.patch(path(), [
      { op: 'replace', path: `${urn.enterprise}:manager`, value: told() },
    ]);
    expect(patch.body.meta.version).to.equal(read.body.meta.version);
  });

  it('is shown under a new name at once, and answered in full where the client has the old one', async () => {
    const chief = await app.acme.user({ displayName: 'Old' });
    const res = await app.acme.patch(path(), [
      { op: 'add', path: `${urn.enterprise}:manager.value`, value: chief.id },
    ]);
    const etag = res.headers['etag']!;
    expect((await app.acme.get(path()).set('If-None-Match', etag)).status).to.equal(304);
    await app.acme.patch(`/Users/${chief.id}`, [{ op: 'replace', path: 'displayName', value: 'New' }]);
    const read = await app.acme.get(path()).set('If-None-Match', etag);
    expect(read.status).to.equal(200);
    expect(read.body[urn.enterprise].manager.displayName).to.equal('New');
  });

  it('whom the directory does not see, or nobody knows, is answered as sent', async () => {
    const foreign = await app.acmeSecond.user();
    const elsewhere = await app.globex.user();
    for (const value of [foreign.id, elsewhere.id, '117', unique('boss')]) {
      const sent = { value, $ref: '../Users/26118915' };
      const res = await app.acme.patch(path(), [
        { op: 'replace', path: `${urn.enterprise}:manager`, value: { ...sent, displayName: 'x' } },
      ]);
      expect(res.body[urn.enterprise].manager).to.deep.equal(sent);
    }
  });
});
