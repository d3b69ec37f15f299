import { expect } from 'chai';
import { systemActor } from '../../../src/identity/actors.js';
import { updateGroup } from '../../../src/identity/groups/groups.js';
import { getUser } from '../../../src/identity/users/users.js';
import { givenCrm } from '../../support/core.js';
import { newGroup, startScim, urn, type ScimApp, type ScimClient } from '../../support/scim.js';

const gatehouse = 'urn:gatehouse:params:scim:schemas:extension:2.0:Group';

describe("Gatehouse's extension of Group: administrators and roles (requirements B6)", () => {
  let app: ScimApp;
  let scim: ScimClient;
  before(async () => {
    app = await startScim();
    scim = app.acme;
    await givenCrm(app.core, app.tenantId);
  });
  after(() => app.stop());

  const extended = (extension: object, more: object = {}): Record<string, unknown> =>
    newGroup({ schemas: [urn.group, gatehouse], [gatehouse]: extension, ...more });
  const read = async (id: string) => (await scim.get(`/Groups/${id}`)).body as Record<string, never>;
  const administrator = (id: string) => ({ value: id, $ref: `${app.url}/scim/v2/Users/${id}` });

  it('is taken with the group, and its roles are the members’', async () => {
    const user = await scim.user();
    const extension = { administrators: [{ value: user.id }], roleIds: ['crm:agent'] };
    const res = await scim.post('/Groups', extended(extension, { members: [{ value: user.id }] }));
    expect(res.status, res.text).to.equal(201);
    expect(res.body.schemas).to.deep.equal([urn.group, gatehouse]);
    expect(res.body[gatehouse]).to.deep.equal({
      administrators: [administrator(user.id)],
      roleIds: ['crm:agent'],
    });
    expect(await read(res.body.id as string)).to.deep.equal(res.body);
    const { grants } = await getUser(app.core, app.tenantId, user.id);
    expect(grants.map(({ role }) => role)).to.deep.equal(['crm:agent']);
  });

  it('is changed by every form of a PATCH path, and what is there already changes nothing', async () => {
    const [ada, bo] = [await scim.user(), await scim.user()];
    const { id } = await scim.group();
    const path = `${gatehouse}:administrators`;
    const patch = async (...operations: object[]): Promise<Record<string, unknown> | undefined> => {
      const res = await scim.patch(`/Groups/${id}`, operations);
      expect(res.status, res.text).to.equal(204);
      return (await read(id))[gatehouse];
    };
    expect(await patch({ op: 'add', path, value: [{ value: ada.id }, { value: bo.id }] })).to.deep.equal({
      administrators: [administrator(ada.id), administrator(bo.id)],
    });
    const { version } = (await read(id))['meta'] as unknown as { version: string };
    await patch({ op: 'add', path, value: [{ value: ada.id }] });
    expect((await read(id))['meta']).to.include({ version });
    expect(await patch({ op: 'remove', path: `${path}[value eq "${bo.id}"]` })).to.deep.equal({
      administrators: [administrator(ada.id)],
    });
    expect(
      await patch({ op: 'add', path: `${gatehouse}:roleIds`, value: ['crm:agent', 'crm:lead'] }),
    ).to.deep.include({ roleIds: ['crm:agent', 'crm:lead'] });
    expect(await patch({ op: 'remove', path: `${gatehouse}:roleIds[value eq "crm:lead"]` })).to.deep.include({
      roleIds: ['crm:agent'],
    });
    expect(await patch({ op: 'replace', value: { [gatehouse]: { roleIds: ['crm:lead'] } } })).to.deep.include(
      {
        roleIds: ['crm:lead'],
      },
    );
    expect(await patch({ op: 'remove', path }, { op: 'remove', path: `${gatehouse}:roleIds` })).to.equal(
      undefined,
    );
    expect((await read(id))['schemas']).to.deep.equal([urn.group]);
  });

  it('is cleared by a PUT that names it without values, kept by one that does not name it', async () => {
    const user = await scim.user();
    const sent = extended({ administrators: [{ value: user.id }], roleIds: ['crm:agent'] });
    const { id } = (await scim.post('/Groups', sent)).body as { id: string };
    const { displayName } = sent;
    await scim.put(`/Groups/${id}`, { schemas: [urn.group], displayName, externalId: 'x' });
    expect((await read(id))[gatehouse]).to.have.property('roleIds');
    const back = await read(id);
    const res = await scim.put(`/Groups/${id}`, back);
    expect(res.body, 'what was read, sent back, changes nothing').to.deep.equal(back);
    await scim.put(`/Groups/${id}`, { ...back, [gatehouse]: { roleIds: ['crm:lead'] } });
    expect((await read(id))[gatehouse]).to.deep.equal({ roleIds: ['crm:lead'] });
  });

  it('is filtered, projected and sorted by', async () => {
    const { id } = (await scim.post('/Groups', extended({ roleIds: ['crm:lead', 'crm:agent'] }))).body as {
      id: string;
    };
    const found = await scim.find('Groups', `${gatehouse}:roleIds eq "crm:lead" and id eq "${id}"`);
    expect(found.totalResults).to.equal(1);
    expect((await scim.find('Groups', `schemas eq "${gatehouse}" and id eq "${id}"`)).totalResults).to.equal(
      1,
    );
    const shown = await scim.get(`/Groups/${id}?attributes=${gatehouse}:roleIds`);
    expect(shown.body[gatehouse]).to.deep.equal({ roleIds: ['crm:lead', 'crm:agent'] });
    const hidden = await scim.get(`/Groups/${id}?excludedAttributes=${gatehouse}:roleIds`);
    expect(hidden.body).to.not.have.property(gatehouse);
    expect((await scim.get(`/Groups?sortBy=${gatehouse}:roleIds`)).status).to.equal(200);
  });

  it('refuses administrators that are no users here, and roles that manage Gatehouse', async () => {
    const stranger = await app.globex.user();
    for (const value of ['nobody', stranger.id, (await scim.group()).id]) {
      const res = await scim.post('/Groups', extended({ administrators: [{ value }] }));
      expect([res.status, res.body.scimType]).to.deep.equal([400, 'invalidValue']);
    }
    const empty = await scim.post('/Groups', extended({ administrators: [{ $ref: 'x' }] }));
    expect([empty.status, empty.body.scimType]).to.deep.equal([400, 'invalidValue']);
    const risen = await scim.post('/Groups', extended({ roleIds: ['administrator'] }));
    expect(risen.status).to.equal(403);
    const { id } = await scim.group();
    await updateGroup(app.core, systemActor(app.tenantId), id, (stored) => ({
      ...stored,
      roleIds: ['administrator'],
    }));
    const renamed = await scim.patch(`/Groups/${id}`, [{ op: 'replace', path: 'externalId', value: 'x' }]);
    expect(renamed.status, 'what an administrator mapped hinders no other change').to.equal(204);
    expect((await scim.delete(`/Groups/${id}`)).status).to.equal(204);
  });
});
