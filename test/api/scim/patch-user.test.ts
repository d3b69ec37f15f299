import { expect } from 'chai';
import { startScim, urn, type ScimApp, type ScimClient } from '../../support/scim.js';

describe('PATCH /Users/{id} (RFC 7644 section 3.5.2)', () => {
  let app: ScimApp;
  let scim: ScimClient;
  before(async () => {
    app = await startScim();
    scim = app.acme;
  });
  after(() => app.stop());

  const read = async (id: string) => (await scim.get(`/Users/${id}`)).body;

  it('answers 200 with the changed resource and a new version', async () => {
    const user = await scim.user();
    const res = await scim.patch(`/Users/${user.id}`, [
      { op: 'replace', path: 'name.givenName', value: 'Grace' },
    ]);
    expect(res.status).to.equal(200);
    expect(res.body.name.givenName).to.equal('Grace');
    expect(res.headers['etag'])
      .to.equal(res.body.meta.version)
      .and.not.equal((user['meta'] as { version: string }).version);
    expect(await read(user.id)).to.deep.equal(res.body);
  });

  it('applies operations in order, each on the result of the one before', async () => {
    const user = await scim.user();
    const res = await scim.patch(`/Users/${user.id}`, [
      { op: 'add', path: 'phoneNumbers', value: [{ value: '+1', type: 'mobile' }] },
      { op: 'replace', path: 'phoneNumbers[type eq "mobile"].value', value: '+2' },
      { op: 'add', path: `${urn.enterprise}:department`, value: 'Tours' },
      { op: 'remove', path: 'displayName' },
    ]);
    expect(res.status).to.equal(200);
    expect(res.body.phoneNumbers).to.deep.equal([{ value: '+2', type: 'mobile' }]);
    expect(res.body[urn.enterprise].department).to.equal('Tours');
    expect(res.body.schemas).to.include(urn.enterprise);
    expect(res.body).to.not.have.property('displayName');
  });

  it('leaves no trace of a request whose last operation fails', async () => {
    const user = await scim.user();
    const failing: [object, string][] = [
      [{ op: 'replace', path: 'nothing', value: 1 }, 'invalidPath'],
      [{ op: 'replace', path: 'emails[type eq "home"].value', value: 'x@acme.test' }, 'noTarget'],
      [{ op: 'replace', path: 'id', value: 'other' }, 'mutability'],
      [{ op: 'remove', path: 'userName' }, 'mutability'],
      [{ op: 'remove' }, 'noTarget'],
      [{ op: 'add', path: 'active', value: 'perhaps' }, 'invalidValue'],
      [{ op: 'delete', path: 'title' }, 'invalidSyntax'],
      [{ op: 'replace', path: 'emails[type zz "x"]', value: {} }, 'invalidFilter'],
    ];
    const strict = app.acme;
    for (const [operation, scimType] of failing) {
      const res = await strict.patch(`/Users/${user.id}`, [
        { op: 'replace', path: 'title', value: 'changed' },
        operation,
      ]);
      expect(res.status, scimType).to.equal(400);
      if (scimType !== 'noTarget') expect(res.body.scimType, JSON.stringify(operation)).to.equal(scimType);
    }
    expect(await read(user.id)).to.deep.equal(user);
  });

  it('refuses a body that is no PatchOp with invalidSyntax', async () => {
    const user = await scim.user();
    for (const body of [
      { schemas: [urn.patch] },
      { schemas: [urn.user], Operations: [{ op: 'add', path: 'title', value: 'x' }] },
      { schemas: [urn.patch], Operations: {} },
      { schemas: [urn.patch], Operations: ['x'] },
    ]) {
      const res = await scim.put(`/Users/${user.id}`, {}).then(() => scim.post('/Users/.search', body));
      expect(res.status).to.equal(400);
    }
    const res = await scim.patch(`/Users/${user.id}`, ['x' as never]);
    expect(res.body).to.include({ scimType: 'invalidSyntax', status: '400' });
  });

  it('changes nothing and keeps the version when the values are already there', async () => {
    const user = await scim.user({ title: 'Engineer' });
    const res = await scim.patch(`/Users/${user.id}`, [
      { op: 'add', path: 'title', value: 'Engineer' },
      { op: 'remove', path: 'nickName' },
    ]);
    expect(res.status).to.equal(200);
    expect(res.body).to.deep.equal(user);
  });

  it('keeps at most one primary value: a new one takes it from the others', async () => {
    const user = await scim.user();
    const res = await scim.patch(`/Users/${user.id}`, [
      { op: 'add', path: 'emails', value: [{ value: 'second@acme.test', type: 'home', primary: true }] },
    ]);
    expect(res.body.emails).to.have.length(2);
    expect(res.body.emails.filter((email: { primary?: boolean }) => email.primary === true)).to.deep.equal([
      { value: 'second@acme.test', type: 'home', primary: true },
    ]);
  });

  it("takes Okta's path-less deactivation and Entra's string boolean", async () => {
    const user = await scim.user();
    expect(
      (await scim.patch(`/Users/${user.id}`, [{ op: 'replace', value: { active: false } }])).body.active,
    ).to.equal(false);
    expect(
      (await scim.patch(`/Users/${user.id}`, [{ op: 'Replace', path: 'active', value: 'True' }])).body.active,
    ).to.equal(true);
    const dotted = await scim.patch(`/Users/${user.id}`, [
      { op: 'replace', value: { 'name.givenName': 'Zed', [`${urn.enterprise}:employeeNumber`]: '9' } },
    ]);
    expect(dotted.body.name.givenName).to.equal('Zed');
    expect(dotted.body[urn.enterprise].employeeNumber).to.equal('9');
  });

  it('sets a password without ever returning it, and moves no attribute by it', async () => {
    const user = await scim.user();
    const res = await scim.patch(`/Users/${user.id}`, [
      { op: 'replace', path: 'password', value: 'Correct-horse-8' },
    ]);
    expect(res.status).to.be.oneOf([200, 204]);
    expect(res.text).to.not.contain('Correct-horse');
  });

  it('loses nothing of 100 parallel PATCHes of one user', async () => {
    const user = await scim.user();
    const answers = await Promise.all(
      Array.from({ length: 100 }, (_, i) =>
        scim.patch(`/Users/${user.id}`, [{ op: 'add', path: 'roles', value: [{ value: `role-${i}` }] }]),
      ),
    );
    expect(answers.map((res) => res.status).filter((status) => status !== 200)).to.deep.equal([]);
    const values = (await read(user.id)).roles.map((role: { value: string }) => role.value);
    expect(new Set(values).size).to.equal(100);
  });

  it('takes a whole resource as it was read, groups and all, and refuses other groups with mutability (section 3.5.2)', async () => {
    const user = await scim.user();
    const group = await scim.group({ members: [{ value: user.id }] });
    const path = `/Users/${user.id}`;
    const read = (await scim.get(path)).body;
    expect(read.groups).to.have.length(1);
    const same = await scim.patch(path, [{ op: 'replace', value: { ...read, title: 'Whole' } }]);
    expect(same.status, same.text).to.equal(200);
    expect(same.body).to.include({ title: 'Whole' });
    expect(same.body.groups).to.deep.equal(read.groups);
    const other = await scim.patch(path, [
      { op: 'replace', value: { title: 'No', groups: [{ value: group.id, type: 'indirect' }] } },
    ]);
    expect(other.body).to.include({ status: '400', scimType: 'mutability' });
    expect((await scim.get(path)).body.title).to.equal('Whole');
  });
});
