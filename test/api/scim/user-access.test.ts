import { expect } from 'chai';
import { systemActor } from '../../../src/identity/actors.js';
import { createApplication } from '../../../src/identity/applications/applications.js';
import { updateDirectory } from '../../../src/identity/directories/directories.js';
import { createRole } from '../../../src/identity/roles/roles.js';
import { updateTenant } from '../../../src/identity/roles/tenant-change.js';
import { getUser } from '../../../src/identity/users/users.js';
import { listRequests } from '../../../src/scim/log/preview.js';
import { newUser, startScim, urn, type ScimApp, type ScimClient } from '../../support/scim.js';

const gatehouse = 'urn:gatehouse:params:scim:schemas:extension:2.0:User';

describe("Gatehouse's extension of User: limits and service assignments (requirements B6)", () => {
  let app: ScimApp;
  let scim: ScimClient;
  before(async () => {
    const roleRules = [
      { when: { path: `${gatehouse}:limitedProducts`, is: 'Insights' }, grant: ['analyst'] },
      { when: { path: `${gatehouse}:serviceAssignments`, is: 'desk' }, grant: ['greeter'] },
    ];
    app = await startScim();
    scim = app.acme;
    const actor = systemActor(app.tenantId);
    const application = { name: 'App', redirectUris: ['https://app.test/cb'] };
    for (const key of ['crm', 'desk']) await createApplication(app.core, actor, { ...application, key });
    const roles = [
      ['crm', 'agent'],
      ['crm', 'lead'],
      ['desk', 'agent'],
      [null, 'analyst'],
      [null, 'greeter'],
    ] as const;
    for (const [applicationKey, key] of roles) {
      await createRole(app.core, actor, { key, name: key, description: '', permissions: [], applicationKey });
    }
    await updateDirectory(app.core, actor, app.directoryId, { roleRules });
  });
  after(() => app.stop());

  const extended = (extension: object): object =>
    newUser({ schemas: [urn.user, gatehouse], [gatehouse]: extension });
  const assigned = async (...assignments: object[]): Promise<string> => {
    const res = await scim.post('/Users', extended({ serviceAssignments: assignments }));
    expect(res.status, res.text).to.equal(201);
    return String(res.body.id);
  };
  const rolesOf = async (id: string): Promise<string[]> =>
    (await getUser(app.core, app.tenantId, id)).grants.map(({ role }) => role);
  const extensionOf = async (id: string): Promise<Record<string, unknown> | undefined> =>
    (await scim.get(`/Users/${id}`)).body[gatehouse];

  it('gives the roles an assignment names, as long as it names them', async () => {
    const id = await assigned({ value: 'crm', roles: ['agent', 'lead'] }, { value: 'desk' });
    expect(await rolesOf(id)).to.deep.equal(['crm:agent', 'crm:lead', 'greeter']);
    const { grants } = await getUser(app.core, app.tenantId, id);
    expect(grants[0]).to.include({
      type: 'rule',
      sourceId: app.directoryId,
      detail: 'serviceAssignments "crm"',
    });
    const path = `${gatehouse}:serviceAssignments`;
    const less = await scim.patch(`/Users/${id}`, [
      { op: 'remove', path: `${path}[value eq "crm"].roles[value eq "lead"]` },
    ]);
    expect(less.status, 'a filter inside a sub-attribute is not in the grammar').to.equal(400);
    await scim.patch(`/Users/${id}`, [
      { op: 'replace', path: `${path}[value eq "crm"].roles`, value: ['lead'] },
    ]);
    expect(await rolesOf(id)).to.deep.equal(['crm:lead', 'greeter']);
    await scim.patch(`/Users/${id}`, [{ op: 'add', path: `${path}[value eq "desk"].roles`, value: 'agent' }]);
    expect(await rolesOf(id)).to.deep.equal(['crm:lead', 'desk:agent', 'greeter']);
    await scim.patch(`/Users/${id}`, [{ op: 'remove', path: `${path}[value eq "crm"]` }]);
    expect(await rolesOf(id)).to.deep.equal(['desk:agent', 'greeter']);
    await scim.patch(`/Users/${id}`, [{ op: 'remove', path }]);
    expect(await rolesOf(id)).to.deep.equal([]);
    expect(await extensionOf(id)).to.equal(undefined);
  });

  it('are found, sorted and projected by, sub-attributes of several values included', async () => {
    const id = await assigned({ value: 'crm', roles: ['agent', 'lead'] });
    const other = await assigned({ value: 'crm', roles: ['agent'] }, { value: 'desk', roles: ['lead'] });
    const path = `${gatehouse}:serviceAssignments`;
    const found = async (filter: string): Promise<unknown[]> =>
      (await scim.find('Users', filter)).Resources.map((user) => user['id']);
    expect(await found(`${path}[value eq "crm" and roles eq "lead"]`)).to.deep.equal([id]);
    expect(await found(`${path}.roles eq "lead"`)).to.have.members([id, other]);
    expect(await found(`${path} eq "desk"`)).to.deep.equal([other]);
    expect(await found(`${path}[value eq "CRM"]`)).to.deep.equal([]);
    const shown = await scim.get(`/Users/${id}?attributes=${path}.value`);
    expect(shown.body[gatehouse]).to.deep.equal({ serviceAssignments: [{ value: 'crm' }] });
    const hidden = await scim.get(`/Users/${id}?excludedAttributes=${path}.roles`);
    expect(hidden.body[gatehouse]).to.deep.equal({ serviceAssignments: [{ value: 'crm' }] });
    const sorted = await scim.get(`/Users?sortBy=${path}&sortOrder=descending&filter=${path}%20pr`);
    expect(sorted.status).to.equal(200);
  });

  it('are cleared by a PUT that names the extension without them, kept by one that does not name it', async () => {
    const sent = extended({ limitedProducts: ['Insights'], userProfileAccess: true });
    const { id } = (await scim.post('/Users', sent)).body as { id: string };
    expect(await rolesOf(id)).to.deep.equal(['analyst']);
    const { [gatehouse as 'x']: _, ...plain } = sent as Record<string, unknown>;
    await scim.put(`/Users/${id}`, { ...plain, schemas: [urn.user], title: 'Dr' });
    expect(await extensionOf(id)).to.deep.equal({ limitedProducts: ['Insights'], userProfileAccess: true });
    await scim.put(`/Users/${id}`, { ...plain, [gatehouse]: { userProfileAccess: false } });
    expect(await extensionOf(id)).to.deep.equal({ userProfileAccess: false });
    expect(await rolesOf(id)).to.deep.equal([]);
  });

  it('are in the request log with what changed and which roles came of it', async () => {
    const { id } = (await scim.post('/Users', extended({ userProfileAccess: true }))).body as { id: string };
    await scim.patch(`/Users/${id}`, [
      { op: 'add', path: `${gatehouse}:serviceAssignments`, value: [{ value: 'crm', roles: ['agent'] }] },
    ]);
    const { items } = await listRequests(
      app.core,
      app.tenantId,
      app.directoryId,
      { targetId: id, method: 'PATCH' },
      { limit: 1 },
    );
    expect(items[0]!.diff).to.deep.equal([
      {
        path: `${gatehouse}:serviceAssignments`,
        before: null,
        after: [{ value: 'crm', roles: ['agent'] }],
      },
    ]);
    expect(items[0]!.roleChanges).to.deep.equal([{ userId: id, granted: ['crm:agent'], withdrawn: [] }]);
  });

  it('are written down as services assigned, changed and removed (B1)', async () => {
    const id = await assigned({ value: 'crm', roles: ['agent'] });
    const path = `${gatehouse}:serviceAssignments`;
    await scim.patch(`/Users/${id}`, [
      { op: 'add', path, value: [{ value: 'desk' }] },
      { op: 'remove', path: `${path}[value eq "crm"].roles` },
    ]);
    await scim.patch(`/Users/${id}`, [{ op: 'remove', path: `${path}[value eq "desk"]` }]);
    const events = await app.core.store
      .tenant(app.tenantId)
      .collection('audit_events')
      .find({ 'target.id': id }, { sort: { _id: 1 } });
    const told = events.filter(({ action }) => action.startsWith('service.'));
    expect(told.map(({ action, changes }) => [action, changes])).to.have.deep.members([
      ['service.roles_changed', [{ path: 'services.crm', before: ['agent'], after: [] }]],
      ['service.assigned', [{ path: 'services.desk', before: null, after: [] }]],
      ['service.removed', [{ path: 'services.desk', before: [], after: null }]],
    ]);
  });

  it('need a value; what does not exist yet is kept and gives nothing, or is refused where the tenant says so', async () => {
    for (const assignment of [{ roles: ['agent'] }, { value: '' }, { value: 7 }]) {
      const res = await scim.post('/Users', extended({ serviceAssignments: [assignment] }));
      expect([res.status, res.body.scimType], JSON.stringify(assignment)).to.deep.equal([
        400,
        'invalidValue',
      ]);
    }
    const id = await assigned({ value: 'erp', roles: ['x'] }, { value: 'crm', roles: ['boss'] });
    expect(await rolesOf(id)).to.deep.equal([]);
    const actor = systemActor(app.tenantId);
    await updateTenant(app.core, actor, { settings: { 'scim.unknownRole': 'reject' } });
    const refused = await scim.post(
      '/Users',
      extended({ serviceAssignments: [{ value: 'crm', roles: ['boss'] }] }),
    );
    expect([refused.status, refused.body.scimType]).to.deep.equal([400, 'invalidValue']);
    expect(refused.body.detail).to.contain('crm has no role boss');
    const other = await scim.patch(`/Users/${id}`, [{ op: 'add', path: 'title', value: 'Dr' }]);
    expect(other.status, 'what stands already is no fault of this request').to.equal(200);
    await updateTenant(app.core, actor, { settings: { 'scim.unknownRole': 'ignore' } });
  });
});
