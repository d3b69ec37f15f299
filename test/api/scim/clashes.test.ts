import { expect } from 'chai';
import { systemActor } from '../../../src/identity/actors.js';
import { listRequests, type ScimRequestDocument } from '../../../src/scim/log/preview.js';
import { givenProvisioned } from '../../support/people.js';
import type { Json } from '../../support/provider.js';
import { newGroup, newUser, startScim, unique, urn, type ScimApp } from '../../support/scim.js';

describe('a 409 of SCIM', () => {
  let app: ScimApp;
  let other: Json;
  before(async () => {
    app = await startScim();
    other = await app.acmeSecond.user({
      userName: 'taken@x.example',
      emails: [{ value: 'Address@x.example', type: 'work' }],
    });
  });
  after(() => app.stop());

  const latest = async (): Promise<ScimRequestDocument> => {
    const { items } = await listRequests(app.core, app.tenantId, app.directoryId, {}, { limit: 1 });
    return items[0]!;
  };
  const mail = (value: string): Json => ({ emails: [{ value, type: 'work', primary: true }] });

  const clashes: [string, Json, RegExp][] = [
    ['the userName', { userName: 'TAKEN@x.example' }, /userName is taken/],
    ['the userName that is another’s address', { userName: 'address@x.example' }, /userName is taken/],
    ['the primary address', mail('address@X.example'), /"emails".*taken/],
    ['the address that is another’s userName', mail('taken@x.example'), /"emails".*taken/],
  ];
  for (const [what, attributes, said] of clashes) {
    it(`names ${what} on POST, PUT, PATCH and in bulk; the log names the user, the answer does not`, async () => {
      const own = await app.acme.user();
      const path = `/Users/${own.id}`;
      const answers = [
        () => app.acme.post('/Users', newUser(attributes)),
        () => app.acme.put(path, { ...newUser(), userName: own.userName, ...attributes }),
        () => app.acme.patch(path, [{ op: 'replace', value: attributes }]),
      ];
      for (const answer of answers) {
        const res = await answer();
        expect(res.body).to.include({ status: '409', scimType: 'uniqueness' });
        expect(res.body.detail).to.match(said);
        expect(res.text).to.not.contain(other['id']);
        const { error, target, method } = await latest();
        expect(error!.conflictsWith).to.deep.include({
          type: 'user',
          id: other['id'],
          label: 'taken@x.example',
        });
        expect(error!.conflictsWith!.directory!.name).to.equal('Second');
        expect(error!.hint).to.contain('taken@x.example').and.contain('Second');
        const about = method === 'POST' ? [other['id'], 'taken@x.example'] : [own.id, own.userName];
        expect([target!.id, target!.label]).to.deep.equal(about);
      }
      const bulk = await app.acme.post('/Bulk', {
        schemas: [urn.bulk],
        Operations: [
          {
            method: 'PATCH',
            path,
            data: { schemas: [urn.patch], Operations: [{ op: 'replace', value: attributes }] },
          },
        ],
      });
      expect(bulk.body.Operations[0].response.detail).to.match(said);
      const [operation] = (await latest()).operations;
      expect(operation!.error!.conflictsWith).to.include({ id: other['id'] });
      expect(operation!.target).to.deep.equal({ type: 'User', id: own.id, label: own.userName });
    });
  }

  it('names the group that has the name already', async () => {
    const group = await app.acme.group({ displayName: unique('Sales') });
    const displayName = group.displayName.toUpperCase();
    const second = await app.acme.group();
    for (const answer of [
      app.acme.post('/Groups', newGroup({ displayName })),
      app.acme.put(`/Groups/${second.id}`, newGroup({ displayName })),
      app.acme.patch(`/Groups/${second.id}`, [{ op: 'replace', path: 'displayName', value: displayName }]),
    ]) {
      const res = await answer;
      expect(res.body).to.include({ status: '409', scimType: 'uniqueness' });
      expect(res.body.detail).to.contain('displayName');
      expect((await latest()).error!.conflictsWith).to.deep.include({ type: 'group', id: group.id });
    }
  });

  it('of somebody nobody manages says so', async () => {
    const actor = systemActor(app.tenantId);
    const local = await givenProvisioned(app.core, actor, { userName: 'local@x.example' });
    await app.acme.post('/Users', newUser({ userName: 'local@x.example' }));
    const { error } = await latest();
    expect(error!.conflictsWith).to.deep.equal({
      type: 'user',
      id: local._id,
      label: 'local@x.example',
      directory: null,
    });
  });

  it('and any other refusal about a known user or group bears its name in the log', async () => {
    const user = await app.acme.user();
    const group = await app.acme.group();
    for (const [answer, id, label] of [
      [
        () => app.acme.patch(`/Users/${user.id}`, [{ op: 'add', path: 'nope', value: 1 }]),
        user.id,
        user.userName,
      ],
      [() => app.acme.put(`/Users/${user.id}`, { schemas: [urn.user] }), user.id, user.userName],
      [() => app.acme.get(`/Users/${String(other['id'])}`), other['id'], 'taken@x.example'],
      [() => app.acme.patch(`/Groups/${group.id}`, [{ op: 'remove' }]), group.id, group.displayName],
      [() => app.acme.get('/Users/nobody'), 'nobody', ''],
    ] as const) {
      expect((await answer()).status).to.be.within(400, 404);
      expect((await latest()).target).to.include({ id, label });
    }
  });

  it('has a hint of its own for a required attribute that is missing', async () => {
    await app.acme.post('/Users', newUser({ userName: undefined }));
    expect((await latest()).error!.hint).to.match(/userName/);
  });
});
