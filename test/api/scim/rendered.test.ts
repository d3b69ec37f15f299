import { expect } from 'chai';
import { startScim, type ScimApp } from '../../support/scim.js';

/** What is rendered once and given again. */
describe('SCIM users that are asked for again and again', () => {
  let app: ScimApp;
  before(async () => {
    app = await startScim();
  });
  after(() => app.stop());

  const often = [0, 1, 2, 3];
  type Shown = Record<string, unknown>;

  async function shown(id: string): Promise<Shown> {
    const { body } = await app.acme.get(`/Users/${id}`);
    const list = await app.acme.find('Users', `id eq "${id}"`);
    expect(list.Resources).to.deep.equal([body]);
    const page = await app.acme.get('/Users?count=1000');
    expect((page.body as { Resources: Shown[] }).Resources.find((user) => user['id'] === id)).to.deep.equal(
      body,
    );
    return body as Shown;
  }

  it('show every change at once, read alone, looked up and in a list', async () => {
    const { id } = await app.acme.user({ title: 'old' });
    for (const _ of often) expect(await shown(id)).to.include({ title: 'old', active: true });
    await app.acme.patch(`/Users/${id}`, [{ op: 'replace', path: 'title', value: 'new' }]);
    for (const _ of often) expect(await shown(id)).to.include({ title: 'new', active: true });
    await app.acme.patch(`/Users/${id}`, [{ op: 'replace', path: 'active', value: false }]);
    expect(await shown(id)).to.include({ title: 'new', active: false });
    await app.acme.delete(`/Users/${id}`);
    expect((await app.acme.get(`/Users/${id}`)).status).to.equal(404);
  });

  it('show the groups they are in now, under the names these have now', async () => {
    const { id } = await app.acme.user();
    for (const _ of often) expect(await shown(id)).to.not.have.property('groups');
    const group = await app.acme.group({ displayName: 'Before', members: [{ value: id }] });
    const reference = { value: group.id, $ref: `${app.url}/scim/v2/Groups/${group.id}`, type: 'direct' };
    for (const _ of often) {
      expect((await shown(id))['groups']).to.deep.equal([{ ...reference, display: 'Before' }]);
    }
    await app.acme.patch(`/Groups/${group.id}`, [{ op: 'replace', path: 'displayName', value: 'After' }]);
    expect((await shown(id))['groups']).to.deep.equal([{ ...reference, display: 'After' }]);
    await app.acme.delete(`/Groups/${group.id}`);
    expect(await shown(id)).to.not.have.property('groups');
  });

  it('are nobody to another directory and another tenant all the same', async () => {
    const { id, userName } = await app.acme.user();
    for (const _ of often) await shown(id);
    for (const other of [app.acmeSecond, app.globex]) {
      expect((await other.get(`/Users/${id}`)).status).to.equal(404);
      expect((await other.find('Users', `userName eq "${userName}"`)).totalResults).to.equal(0);
      expect((await other.find('Users', `id eq "${id}"`)).totalResults).to.equal(0);
    }
  });
});
