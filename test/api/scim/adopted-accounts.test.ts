import { expect } from 'chai';
import { systemActor } from '../../../src/identity/actors.js';
import type { UserDocument } from '../../../src/identity/users/users.js';
import { givenTenant as givenApiTenant } from '../../support/api.js';
import { eventually } from '../../support/eventually.js';
import { givenUser, unique } from '../../support/people.js';
import { newUser, startScim, type ScimApp } from '../../support/scim.js';
import { deleteDirectory } from '../../../src/identity/directories/directories.js';

const replace = (path: string, value: unknown) => ({ op: 'replace', path, value });

describe('people who had an account before a directory found them', () => {
  let scim: ScimApp;
  before(async () => {
    scim = await startScim();
  });
  after(() => scim.stop());

  const stored = (id: string) => scim.core.store.tenant(scim.tenantId).collection('users').get(id);
  const hashOf = async (id: string) =>
    (await scim.core.store.tenant(scim.tenantId).collection('credentials').get(id))?.passwordHash;
  const refusals = (id: string) =>
    scim.core.store
      .tenant(scim.tenantId)
      .collection('audit_events')
      .count({ action: 'user.takeover_refused', 'target.id': id });
  const bodyOf = ({ userName, email }: UserDocument, more: object = {}) =>
    newUser({ userName, emails: [{ value: email, primary: true }], displayName: 'Ada B', ...more });

  const takeovers: readonly (readonly [name: string, send: (user: UserDocument) => object])[] = [
    ['a password', (user) => bodyOf(user, { password: 'a password of the directory 1' })],
    ['another address', (user) => bodyOf(user, { emails: [{ value: 'eve@elsewhere.test', primary: true }] })],
    ['another address as userName', (user) => bodyOf(user, { userName: `${unique('eve')}@elsewhere.test` })],
  ];
  for (const [name, send] of takeovers) {
    it(`are not given ${name} by it, neither by its first write nor by a later one`, async () => {
      const user = await givenUser(scim.core, scim.tenantId);
      const hash = await hashOf(user._id);
      const first = await scim.acme.put(`/Users/${user._id}`, send(user));
      expect(first.status, first.text).to.equal(403);
      expect((first.body as { detail: string }).detail).to.include('had an account before');
      expect((await stored(user._id))?.directoryId).to.equal(null);

      expect((await scim.acme.put(`/Users/${user._id}`, bodyOf(user))).status).to.equal(200);
      const later = await scim.acme.put(`/Users/${user._id}`, send(user));
      expect(later.status, later.text).to.equal(403);
      expect(await stored(user._id)).to.deep.include({
        ...{ directoryId: scim.directoryId, userName: user.userName, email: user.email },
      });
      expect(await hashOf(user._id)).to.equal(hash);
      expect(await refusals(user._id)).to.equal(2);
    });
  }

  it('are found, renamed, suspended and enabled by it like all others', async () => {
    const user = await givenUser(scim.core, scim.tenantId);
    const found = await scim.acme.find('Users', `userName eq "${user.userName}"`);
    expect(found.totalResults).to.equal(1);
    const whole = bodyOf(user, { externalId: unique('00u'), userName: unique('ada'), active: false });
    expect((await scim.acme.put(`/Users/${user._id}`, whole)).status).to.equal(200);
    const back = await scim.acme.patch(`/Users/${user._id}`, [
      replace('active', true),
      replace('name.familyName', 'King'),
    ]);
    expect(back.body).to.nested.include({ active: true, 'name.familyName': 'King' });
  });

  it('keep the right of people in charge to correct their address, which the directory then sends as well', async () => {
    const globex = await givenApiTenant(scim);
    const directory = await globex.call('post', '/directories').send({ name: 'Okta' }).expect(201);
    const { id: directoryId } = directory.body as { id: string };
    const made = await globex.call('post', `/directories/${directoryId}/tokens`).send({ name: 't' });
    const client = scim.client((made.body as { token: string }).token);
    const user = await globex.givenUser();
    expect((await client.put(`/Users/${user._id}`, bodyOf(user))).status).to.equal(200);
    const address = `${unique('ada')}@home.test`;
    const named = await globex.call('patch', `/users/${user._id}`).send({ givenName: 'Eve' });
    expect(named.body).to.include({ status: 403, code: 'user.provisioned' });
    await globex.call('patch', `/users/${user._id}`).send({ email: address, userName: address }).expect(200);
    const sent = bodyOf(user, { userName: address, emails: [{ value: address, primary: true }] });
    expect((await client.put(`/Users/${user._id}`, sent)).status).to.equal(200);
  });

  it('are no more than those whom directories made: the next directory names them as it likes once it manages them', async () => {
    const made = await scim.acmeSecond.user({ password: 'a password of the directory 2' });
    const { directoryId } = (await stored(made.id))!;
    await deleteDirectory(scim.core, systemActor(scim.tenantId), directoryId!);
    await eventually(async () => (await stored(made.id))?.directoryId === null, 'nobody manages them');
    expect((await scim.acme.patch(`/Users/${made.id}`, [replace('active', true)])).status).to.equal(200);
    const other = `${unique('other')}@acme.test`;
    const res = await scim.acme.patch(`/Users/${made.id}`, [replace('userName', other)]);
    expect(res.status, res.text).to.equal(200);
  });
});
