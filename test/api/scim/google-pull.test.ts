import { expect } from 'chai';
import {
  deleteGoogleUser,
  putGoogleGroup,
  putGoogleUser,
  type Workspace,
} from '../../../src/sim/google-workspace.js';
import { requestPull } from '../../../src/identity/directories/pulls.js';
import { createUser } from '../../../src/identity/users/users.js';
import { systemActor } from '../../../src/identity/actors.js';
import { linesOf, startPulling, type PullingTenant } from '../../support/workspace.js';

const people = ['ada', 'alan', 'grace', 'katherine', 'mary'] as const;
const address = (name: string): string => `${name}@acme.test`;

function staff(workspace: Workspace): void {
  const [ada, alan, grace] = people.map((name) => putGoogleUser(workspace, address(name)));
  const support = putGoogleGroup(workspace, 'support@acme.test', 'Support', [ada!, alan!]);
  putGoogleGroup(workspace, 'staff@acme.test', 'Staff', [support, grace!]);
}

const enterprise = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';

describe('a directory of the kind google', () => {
  let tenant: PullingTenant;
  afterEach(() => tenant.stop());

  it('pulls people and groups of Google, with nested groups and roles by rule', async () => {
    tenant = await startPulling({
      prepare(workspace) {
        staff(workspace);
        workspace.maxPage = 2;
        putGoogleUser(workspace, address('ada'), {
          name: { givenName: 'Ada', familyName: 'Lovelace', fullName: 'Ada Lovelace' },
          orgUnitPath: '/Sales',
          organizations: [{ title: 'Engineer', department: 'Support', costCenter: '7', primary: true }],
          externalIds: [{ value: 'E1', type: 'organization' }],
          phones: [{ value: '+1 555 0100', type: 'mobile' }],
        });
      },
      roleRules: [{ when: { path: 'groups.displayName', is: 'Staff' }, grant: ['administrator'] }],
    });
    await tenant.drain();
    const users = await tenant.users();
    expect([...users.keys()].sort()).to.deep.equal(people.map(address));
    const ada = users.get(address('ada'))!;
    expect(ada).to.deep.include({ email: address('ada'), enabled: true, source: 'scim' });
    expect(ada.directoryId).to.equal(tenant.directory._id);
    expect(ada.attributes).to.deep.include({
      name: { givenName: 'Ada', familyName: 'Lovelace' },
      displayName: 'Ada Lovelace',
      title: 'Engineer',
      phoneNumbers: [{ value: '+1 555 0100', type: 'mobile' }],
      enterprise: { employeeNumber: 'E1', costCenter: '7', division: '/Sales', department: 'Support' },
    });
    expect(await tenant.members('Support')).to.deep.equal([address('ada'), address('alan')]);
    expect(await tenant.members('Staff')).to.deep.equal(['Support', address('grace')]);
    const role = (name: string) => users.get(address(name))!.grants.map((grant) => grant.role);
    expect(role('ada')).to.deep.equal(['administrator']);
    expect(role('mary')).to.deep.equal([]);
  });

  it('writes each change into the request log as a push would, and nothing when nothing changed', async () => {
    tenant = await startPulling({ prepare: staff });
    await tenant.drain();
    const first = await tenant.requests();
    expect(linesOf(first)).to.deep.equal([
      ...people.map(() => 'POST /Users 201'),
      ...['POST /Groups 201', 'POST /Groups 201', 'PATCH /Groups 204', 'PATCH /Groups 204'],
    ]);
    expect(first[0]).to.deep.include({ userAgent: 'Gatehouse pull', directoryId: tenant.directory._id });
    const { lastResult } = await tenant.pull();
    expect(lastResult).to.deep.equal({
      outcome: 'done',
      users: { created: 0, changed: 0, deactivated: 0, removed: 0, refused: 0 },
      groups: { created: 0, changed: 0, removed: 0, refused: 0, deactivated: 0 },
    });
    expect(await tenant.requests()).to.have.length(first.length);
    expect(tenant.workspace.unchanged).to.be.greaterThan(3);
  });

  it('patches what differs only', async () => {
    tenant = await startPulling({ prepare: staff });
    await tenant.drain();
    const before = (await tenant.requests()).length;
    putGoogleUser(tenant.workspace, address('ada'), { organizations: [{ department: 'Sales' }] });
    putGoogleUser(tenant.workspace, 'countess@acme.test', {
      id: [...tenant.workspace.users.values()].find((user) => user.primaryEmail === address('alan'))!.id,
    });
    await tenant.pull();
    const sent = (await tenant.requests()).slice(before);
    const operations = sent.map(({ body }) => (body as { Operations: object[] }).Operations);
    expect(operations).to.have.deep.members([
      [{ op: 'replace', path: `${enterprise}:department`, value: 'Sales' }],
      [
        { op: 'replace', path: 'userName', value: 'countess@acme.test' },
        {
          op: 'replace',
          path: 'emails',
          value: [{ value: 'countess@acme.test', type: 'work', primary: true }],
        },
      ],
    ]);
  });

  it('disables whom Google suspends or archives, lets them in again, and removes whom Google deleted', async () => {
    tenant = await startPulling({ prepare: staff });
    await tenant.drain();
    putGoogleUser(tenant.workspace, address('ada'), { suspended: true });
    putGoogleUser(tenant.workspace, address('alan'), { archived: true });
    const grace = [...tenant.workspace.users.values()].find(
      (user) => user.primaryEmail === address('grace'),
    )!;
    deleteGoogleUser(tenant.workspace, grace.id);
    const { lastResult } = await tenant.pull();
    expect(lastResult?.users).to.deep.include({ deactivated: 2, removed: 1, refused: 0 });
    const after = await tenant.users();
    expect([...after.keys()]).not.to.include(address('grace'));
    expect(after.get(address('ada'))!.enabled).to.equal(false);
    expect(after.get(address('alan'))!.enabled).to.equal(false);
    putGoogleUser(tenant.workspace, address('ada'), { suspended: false });
    await tenant.pull();
    expect((await tenant.users()).get(address('ada'))!.enabled).to.equal(true);
  });

  it('takes rings of groups for no fault: everybody is in every group that Google has them in', async () => {
    tenant = await startPulling({
      prepare(workspace) {
        const [ada, alan] = people.map((name) => putGoogleUser(workspace, address(name)));
        const a = putGoogleGroup(workspace, 'a@acme.test', 'A', [ada!]);
        const b = putGoogleGroup(workspace, 'b@acme.test', 'B', [alan!, a]);
        a.members.push({ id: b.id, type: 'GROUP' });
        a.members.push({ id: a.id, type: 'GROUP' });
      },
    });
    const { lastResult, error } = await tenant.pull();
    expect([lastResult?.outcome, error, lastResult?.groups.refused]).to.deep.equal(['done', null, 0]);
    const direct = [await tenant.members('A'), await tenant.members('B')];
    const nested = direct.find((members) => members.includes('A') || members.includes('B'))!;
    expect(direct.filter((members) => members !== nested)).to.deep.equal([[address('ada'), address('alan')]]);
  });

  it('gives groups of one name their address', async () => {
    tenant = await startPulling({
      prepare(workspace) {
        putGoogleGroup(workspace, 'one@acme.test', 'Team');
        putGoogleGroup(workspace, 'two@acme.test', 'team');
      },
    });
    await tenant.drain();
    expect([...(await tenant.groups()).keys()].sort()).to.deep.equal([
      'Team (one@acme.test)',
      'team (two@acme.test)',
    ]);
  });

  it('pulls the chosen groups with those nested in them, and the people in them', async () => {
    tenant = await startPulling({
      prepare(workspace) {
        staff(workspace);
        putGoogleGroup(workspace, 'other@acme.test', 'Other', [putGoogleUser(workspace, address('mary'))]);
      },
      google: { groups: ['staff@acme.test'] },
    });
    await tenant.drain();
    expect([...(await tenant.users()).keys()].sort()).to.deep.equal(['ada', 'alan', 'grace'].map(address));
    expect([...(await tenant.groups()).keys()].sort()).to.deep.equal(['Staff', 'Support']);
    putGoogleGroup(tenant.workspace, 'support@acme.test', 'Support');
    await tenant.pull();
    expect([...(await tenant.users()).keys()]).to.deep.equal([address('grace')]);
  });

  it('pulls the people of the chosen organizational units and the groups they are in', async () => {
    tenant = await startPulling({
      prepare(workspace) {
        staff(workspace);
        putGoogleUser(workspace, address('ada'), { orgUnitPath: '/Sales/West' });
        putGoogleUser(workspace, address('mary'), { orgUnitPath: '/Salesmen' });
        putGoogleGroup(workspace, 'other@acme.test', 'Other', [putGoogleUser(workspace, address('mary'))]);
      },
      google: { organizationalUnits: ['/Sales'] },
    });
    await tenant.drain();
    expect([...(await tenant.users()).keys()]).to.deep.equal([address('ada')]);
    expect([...(await tenant.groups()).keys()].sort()).to.deep.equal(['Staff', 'Support']);
    expect(await tenant.members('Support')).to.deep.equal([address('ada')]);
  });

  it('waits and tries again when Google is busy, as long as Google asks', async () => {
    tenant = await startPulling({
      prepare(workspace) {
        staff(workspace);
        workspace.faults = [
          { path: /token/, status: 503 },
          { path: /users/, status: 429, reason: 'rateLimitExceeded', retryAfter: '7' },
          { path: /groups/, status: 403, reason: 'quotaExceeded' },
        ];
      },
    });
    const { lastResult, error } = await tenant.pull();
    expect([lastResult?.outcome, error]).to.deep.equal(['done', null]);
    expect(tenant.waits.sort()).to.deep.equal([1000, 1000, 7000]);
  });

  it('gives up after a while, keeps everybody, and says why', async () => {
    tenant = await startPulling({ prepare: staff });
    await tenant.drain();
    tenant.workspace.faults = Array.from({ length: 20 }, () => ({ path: /users/, status: 503 }));
    const { lastResult, error, nextPullAt } = await tenant.pull();
    expect(lastResult?.outcome).to.equal('failed');
    expect(error).to.match(/Google answered 503.*Remedy/);
    expect(nextPullAt?.getTime()).to.equal(tenant.core.clock.now().getTime() + 15 * 60_000);
    expect((await tenant.users()).size).to.equal(people.length);
  });

  const refusals: { title: string; spoil: (workspace: Workspace) => void; words: RegExp }[] = [
    {
      title: 'the administrator may not read',
      spoil: (workspace) => (workspace.faults = [{ path: /groups/, status: 403, reason: 'forbidden' }]),
      words: /admin@acme\.test may not read.*Remedy: give this administrator a role/,
    },
    {
      title: 'the administrator is gone',
      spoil: (workspace) => (workspace.administrator = 'else@acme.test'),
      words: /Invalid email or User ID.*check that the administrator exists/,
    },
    {
      title: 'the API is off',
      spoil: (workspace) =>
        (workspace.faults = [{ path: /groups/, status: 403, reason: 'accessNotConfigured' }]),
      words: /the Admin SDK API is off\. Remedy: enable it/,
    },
    {
      title: 'the access token is taken back and no new one works',
      spoil: (workspace) => (workspace.faults = [401, 401].map((status) => ({ path: /groups/, status }))),
      words: /Google answered 401.*Remedy/,
    },
  ];
  for (const { title, spoil, words } of refusals) {
    it(`says in words with a remedy that ${title}, once in the audit trail`, async () => {
      tenant = await startPulling({ prepare: staff });
      await tenant.drain();
      spoil(tenant.workspace);
      const { error, lastResult } = await tenant.pull();
      expect(lastResult?.outcome).to.equal('failed');
      expect(error).to.match(words);
      expect((await tenant.users()).size).to.equal(people.length);
      const events = await tenant.core.store
        .tenant(tenant.tenantId)
        .collection('audit_events')
        .find({ action: 'directory.pull_failed' });
      expect(events).to.have.length(1);
      expect(JSON.stringify([events, error])).not.to.contain('PRIVATE KEY');
    });
  }

  it('asks for another access token when the first one ends during the pull', async () => {
    tenant = await startPulling({
      prepare(workspace) {
        staff(workspace);
        workspace.faults = [{ path: /users/, status: 401 }];
      },
    });
    expect((await tenant.pull()).error).to.equal(null);
    expect((await tenant.users()).size).to.equal(people.length);
  });

  it('removes nobody when a chosen group is not there', async () => {
    tenant = await startPulling({ prepare: staff, google: { groups: ['staff@acme.test'] } });
    await tenant.drain();
    tenant.workspace.groups.clear();
    const { error } = await tenant.pull();
    expect(error).to.match(/the group staff@acme\.test is not there\. Remedy: correct the chosen groups/);
    expect((await tenant.users()).size).to.equal(3);
  });

  it('takes over people that no directory manages', async () => {
    tenant = await startPulling();
    const { core, tenantId, workspace } = tenant;
    const input = { userName: address('ada'), externalId: null, attributes: {}, active: true };
    const { _id } = await createUser(core, systemActor(tenantId), input, { activated: true });
    staff(workspace);
    await tenant.pull();
    const ada = (await tenant.users()).get(address('ada'))!;
    expect([ada._id, ada.directoryId]).to.deep.equal([_id, tenant.directory._id]);
  });

  it('is one job for several who ask at once, and the next one comes when its time is', async () => {
    tenant = await startPulling({ prepare: staff, google: { pullMinutes: 5 } });
    await tenant.drain();
    const ask = () => requestPull(tenant.core, systemActor(tenant.tenantId), tenant.directory._id);
    const ids = (await Promise.all(Array.from({ length: 8 }, ask))).map((job) => job._id);
    // On a slow database the first pull may be over before the last one asks.
    expect(new Set(ids).size).to.be.within(1, 2);
    await tenant.drain();
    const jobs = () =>
      tenant.core.store.tenant(tenant.tenantId).collection('jobs').find({ kind: 'directory.pull' });
    expect(await jobs()).to.have.length(1);
    const { lastPullAt } = await tenant.state();
    tenant.core.clock.advance(4 * 60_000);
    await tenant.drain();
    expect((await tenant.state()).lastPullAt).to.deep.equal(lastPullAt);
    tenant.core.clock.advance(60_000);
    await tenant.drain();
    expect((await tenant.state()).lastPullAt?.getTime()).to.equal(lastPullAt!.getTime() + 5 * 60_000);
    expect(await jobs()).to.have.length(1);
  });
});
