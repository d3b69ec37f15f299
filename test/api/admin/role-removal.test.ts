import { expect } from 'chai';
import { createApiKey } from '../../../src/identity/applications/api-keys.js';
import { directoryActor } from '../../../src/identity/actors.js';
import { createDirectory, listDirectories } from '../../../src/identity/directories/directories.js';
import { createGroup } from '../../../src/identity/groups/groups.js';
import { grantRole } from '../../../src/identity/users/role-grants.js';
import { givenTenant, type ApiTenant } from '../../support/api.js';
import { startApp, type TestApp } from '../../support/app.js';
import { eventually } from '../../support/eventually.js';
import { givenProvisioned } from '../../support/people.js';
import { countsOf, lookAtPeople, whatHappened, type PlanAnswer } from '../../support/planned.js';

describe('the deletion of a role that another takes the place of', () => {
  let app: TestApp;
  let acme: ApiTenant;
  before(async () => {
    app = await startApp();
  });
  beforeEach(async () => {
    acme = await givenTenant(app);
    await acme.givenApplication('crm');
    await acme.givenUser({ roles: ['administrator'] });
    for (const [key, permissions] of [
      ['old', ['users.read', 'crm:calls.read']],
      ['new', ['users.read', 'audit.read']],
    ] as const)
      await acme.call('post', '/roles').send({ key, name: key, permissions }).expect(201);
  });
  after(() => app.stop());

  const grantsOf = async (id: string) =>
    (await app.core.store.tenant(acme.tenant._id).collection('users').get(id))!.grants;
  const remove = (query = 'reassignTo=new') => acme.call('delete', `/roles/old?${query}`);

  it('moves everybody and everything that has it: people, keys, groups, rules, invitations, access', async () => {
    const { core } = app;
    const until = new Date(Date.now() + 3_600_000);
    const { _id: hand } = await acme.givenUser({ roles: ['old'] });
    const { _id: both } = await acme.givenUser({ roles: ['old', 'new'] });
    const { _id: timed } = await acme.givenUser();
    await grantRole(core, acme.system, timed, { role: 'old', until });
    await acme
      .call('post', '/invitations')
      .send({ emails: ['in@vited.test'], roles: ['old'] })
      .expect(200);
    const { key } = await createApiKey(core, acme.system, { name: 'k', role: 'old' });
    const team = { displayName: 'Team', externalId: null, attributes: {}, roleIds: ['old'] };
    const group = await createGroup(core, acme.system, team);
    const { _id: member } = await acme.givenUser();
    await acme
      .call('post', `/groups/${group._id}/members`)
      .send({ members: [member] })
      .expect(200);
    const roleRules = [{ when: { path: 'title', is: 'x' }, grant: ['old'] }];
    const directory = await createDirectory(core, acme.system, { name: 'Okta', roleRules });
    const attributes = { title: 'x' };
    const { _id: ruled } = await givenProvisioned(core, directoryActor(directory, { name: 't' }), {
      attributes,
    });
    await acme
      .call('patch', '/applications/crm')
      .send({ access: { by: 'role', roles: ['old'] } })
      .expect(200);

    await remove().expect(204);
    expect((await grantsOf(hand)).map(({ role }) => role)).to.deep.equal(['new']);
    expect((await grantsOf(both)).map(({ role }) => role)).to.deep.equal(['new']);
    expect((await grantsOf(timed))[0]).to.deep.include({ role: 'new', until });
    expect((await acme.call('get', '/audit-events', key)).status).to.equal(200);
    const moved = async (id: string) => (await grantsOf(id)).every(({ role }) => role === 'new');
    await eventually(
      async () => (await moved(member)) && (await moved(ruled)),
      'groups and rules give the other role',
    );
    expect((await listDirectories(core, acme.tenant._id))[0]!.roleRules[0]!.grant).to.deep.equal(['new']);
    const { items } = (await acme.call('get', '/invitations')).body as { items: { roles: string[] }[] };
    expect(items[0]!.roles).to.deep.equal(['new']);
    const application = (await acme.call('get', '/applications/crm')).body as { access: { roles: string[] } };
    expect(application.access.roles).to.deep.equal(['new']);
    expect((await acme.call('get', '/roles/old')).status).to.equal(404);
  });

  it('moves as many as there are, and says before it what it does to them', async () => {
    const holders = await Promise.all(Array.from({ length: 60 }, () => acme.givenUser({ roles: ['old'] })));
    const before = await lookAtPeople(app.core, acme.tenant._id);
    const planned = (await remove('reassignTo=new&dryRun=true').expect(200)).body as PlanAnswer;
    expect(planned.summary).to.deep.equal(['60 gain new', '60 lose old']);
    expect(await lookAtPeople(app.core, acme.tenant._id)).to.deep.equal(before);
    await remove(`reassignTo=new&plan=${planned.plan}`).expect(204);
    expect(countsOf(planned)).to.deep.equal(
      whatHappened(before, await lookAtPeople(app.core, acme.tenant._id)),
    );
    for (const { _id } of holders) expect(await grantsOf(_id)).to.have.length(1);
  });

  const odd: readonly [what: string, query: string, status: number, code: string][] = [
    ['a role that is not there', 'reassignTo=nobody', 400, 'input.invalid'],
    ['itself', 'reassignTo=old', 400, 'input.invalid'],
    ['a role of an application', 'reassignTo=crm:agent', 400, 'input.invalid'],
    ['no other while somebody has it', '', 409, 'role.in_use'],
  ];
  for (const [what, query, status, code] of odd) {
    it(`is refused with ${what}, and leaves all as it was`, async () => {
      const { _id } = await acme.givenUser({ roles: ['old'] });
      expect((await remove(query)).body).to.include({ status, code });
      expect((await grantsOf(_id)).map(({ role }) => role)).to.deep.equal(['old']);
    });
  }

  it('leaves no rule, invitation or access rule behind that names it, so that its name comes back to nobody', async () => {
    const { core } = app;
    const grants = [['old'], ['old', 'new']];
    const roleRules = grants.map((grant, at) => ({ when: { path: 'title', is: `${at}` }, grant }));
    const directory = await createDirectory(core, acme.system, { name: 'Okta', roleRules });
    const sso = { name: 'S', issuer: 'https://idp.example', clientId: 'c', clientSecret: 's', roleRules };
    const made = await acme.call('post', '/sso-connections').send(sso).expect(201);
    const access = { by: 'role', roles: ['old', 'new'] };
    await acme.call('patch', '/applications/crm').send({ access }).expect(200);
    const attributes = { title: '0' };
    const { _id } = await givenProvisioned(core, directoryActor(directory, { name: 't' }), { attributes });
    expect((await grantsOf(_id)).map(({ role }) => role)).to.deep.equal(['old']);
    await remove('').expect(204);
    await eventually(async () => (await grantsOf(_id)).length === 0, 'the role is gone');
    const left = (rules: { grant: string[] }[]) => rules.map(({ grant }) => grant);
    expect(left((await listDirectories(core, acme.tenant._id))[0]!.roleRules)).to.deep.equal([['new']]);
    const { id } = made.body as { id: string };
    const connection = (await acme.call('get', `/sso-connections/${id}`)).body as {
      roleRules: { grant: string[] }[];
    };
    expect(left(connection.roleRules)).to.deep.equal([['new']]);
    const application = (await acme.call('get', '/applications/crm')).body as { access: { roles: string[] } };
    expect(application.access.roles).to.deep.equal(['new']);
  });

  it('is for those who hold what both roles hold, and for the version that was read', async () => {
    const key = await acme.givenKey(['roles.manage', 'users.read']);
    const beyond = await acme.call('delete', '/roles/old?reassignTo=new', key);
    expect(beyond.body).to.include({ status: 403, code: 'role.not_grantable' });
    expect((await remove().set('If-Match', 'W/"99"')).status).to.equal(412);
  });
});
