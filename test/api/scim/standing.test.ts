import { expect } from 'chai';
import { startScim, type ScimApp, type ScimClient } from '../../support/scim.js';

const gatehouse = 'urn:gatehouse:params:scim:schemas:extension:2.0:User';

describe("what Gatehouse's own extension tells of a user on request (RFC 7643 section 7, returned: request)", () => {
  let app: ScimApp;
  let scim: ScimClient;
  before(async () => {
    app = await startScim();
    scim = app.acme;
  });
  after(() => app.stop());

  const standing = async (id: string): Promise<unknown> =>
    (await scim.get(`/Users/${id}?attributes=${gatehouse}:status,${gatehouse}:lockedUntil`)).body[gatehouse];

  it('shows the derived status when it is asked for, and never else', async () => {
    const user = await scim.user({ password: 'Correct-horse-9' });
    expect(await standing(user.id)).to.deep.equal({ status: 'active' });
    expect((await scim.get(`/Users/${user.id}`)).body).to.not.have.property(gatehouse);
    await scim.patch(`/Users/${user.id}`, [{ op: 'replace', path: 'active', value: false }]);
    expect(await standing(user.id)).to.deep.equal({ status: 'disabled' });
    const [listed] = (await scim.find('Users', `id eq "${user.id}"`, `&attributes=${gatehouse}`)).Resources;
    expect(listed![gatehouse]).to.deep.equal({ status: 'disabled' });
  });

  it('shows a lock and its end, and finds users by both', async () => {
    const user = await scim.user({ password: 'Correct-horse-9', title: 'locked' });
    const lockedUntil = new Date(Date.now() + 60_000);
    const credentials = app.core.store.tenant(app.tenantId).collection('credentials');
    await credentials.update(user.id, (stored) => ({ ...stored, lockedUntil, lockReason: 'too_fast' }));
    expect(await standing(user.id)).to.deep.equal({
      status: 'locked',
      lockedUntil: lockedUntil.toISOString(),
    });
    const found = await scim.find('Users', `${gatehouse}:status eq "locked"`);
    expect(found.Resources.map((resource) => resource['id'])).to.deep.equal([user.id]);
    expect(found.Resources[0]).to.not.have.property(gatehouse);
    expect(await scim.find('Users', `${gatehouse}:lockedUntil pr and title eq "locked"`)).to.include({
      totalResults: 1,
    });
    const sorted = (await scim.get(`/Users?sortBy=${gatehouse}:lockedUntil`)).body;
    expect(sorted.Resources[0].id).to.equal(user.id);
  });
});
