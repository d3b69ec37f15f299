import { expect } from 'chai';
import { systemActor } from '../../../src/identity/actors.js';
import { setEnabled } from '../../../src/identity/users/actions.js';
import { deleteDirectory, updateDirectory } from '../../../src/identity/directories/directories.js';
import { requestPull } from '../../../src/identity/directories/pulls.js';
import { isTooMany } from '../../../src/scim/pull/pull.js';
import { deleteGoogleUser, putGoogleUser, type Workspace } from '../../../src/sim/google-workspace.js';
import { actorWith } from '../../support/core.js';
import { givenUser } from '../../support/people.js';
import { startPulling, type PullingTenant } from '../../support/workspace.js';

const crowd = (count: number) => (workspace: Workspace) => {
  for (let n = 0; n < count; n += 1) putGoogleUser(workspace, `p${n}@acme.test`);
};

describe('a pull that is broken off', () => {
  let tenant: PullingTenant;
  afterEach(() => tenant.stop());
  const isPagePull = /users\?.*primaryEmail.*pageToken/;

  it('by Google goes on at the next one without harm', async () => {
    tenant = await startPulling({
      prepare(workspace) {
        crowd(6)(workspace);
        workspace.maxPage = 2;
        workspace.faults = Array.from({ length: 7 }, () => ({ path: isPagePull, status: 503 }));
      },
    });
    await tenant.drain();
    expect((await tenant.state()).lastResult?.outcome).to.equal('failed');
    expect((await tenant.users()).size).to.equal(2);
    const { lastResult } = await tenant.pull();
    expect(lastResult?.users).to.deep.include({ created: 4, refused: 0 });
    expect((await tenant.users()).size).to.equal(6);
  });

  it('by the end of its process is begun again by another one, as the same job', async () => {
    tenant = await startPulling({
      onWait: () => tenant.interrupt(),
      prepare(workspace) {
        crowd(6)(workspace);
        workspace.maxPage = 2;
        workspace.faults = [{ path: isPagePull, status: 503 }];
      },
    });
    await tenant.drain();
    const { jobId, lastPullAt } = await tenant.state();
    expect([lastPullAt, (await tenant.users()).size]).to.deep.equal([null, 2]);
    await tenant.restart();
    tenant.core.clock.advance(60_000);
    await tenant.drain();
    const after = await tenant.state();
    expect(after.jobId).not.to.equal(jobId);
    expect(after.lastResult?.users).to.deep.include({ created: 4, refused: 0 });
    expect((await tenant.users()).size).to.equal(6);
  });

  it('leaves nothing behind when its directory is deleted or its tenant suspended', async () => {
    tenant = await startPulling({ prepare: crowd(1) });
    const { core, tenantId, directory } = tenant;
    await core.store
      .tenant(tenantId)
      .collection('tenants')
      .update(tenantId, (stored) => ({ ...stored, status: 'suspended' }));
    await tenant.drain();
    expect(tenant.workspace.requests).to.deep.equal([]);
    const { lastPullAt, nextPullAt } = await tenant.state();
    expect([lastPullAt, nextPullAt! > core.clock.now()]).to.deep.equal([null, true]);
    await core.store
      .tenant(tenantId)
      .collection('tenants')
      .update(tenantId, ({ status: _, ...stored }) => stored);
    await deleteDirectory(core, systemActor(tenantId), directory._id);
    core.clock.advance(3_600_000);
    await tenant.drain();
    const scope = core.store.tenant(tenantId);
    expect(await scope.collection('directory_pulls').count({})).to.equal(0);
    expect(await scope.collection('jobs').count({ kind: 'directory.pull' })).to.equal(0);
    expect(tenant.workspace.requests).to.deep.equal([]);
  });

  it('stays off while its directory is disabled, and comes back with it', async () => {
    tenant = await startPulling({ prepare: crowd(1) });
    const { core, tenantId, directory } = tenant;
    const system = systemActor(tenantId);
    await updateDirectory(core, system, directory._id, { enabled: false });
    await tenant.drain();
    expect([(await tenant.state()).nextPullAt, (await tenant.users()).size]).to.deep.equal([null, 0]);
    await updateDirectory(core, system, directory._id, { enabled: true });
    await tenant.drain();
    expect((await tenant.users()).size).to.equal(1);
  });
});

describe('a pull by which too many people would leave', () => {
  let tenant: PullingTenant;
  afterEach(() => tenant.stop());

  async function stopped(): Promise<PullingTenant> {
    const started = await startPulling({ prepare: crowd(30) });
    await started.drain();
    const ids = [...started.workspace.users.keys()];
    for (const id of ids.slice(0, 6)) deleteGoogleUser(started.workspace, id);
    for (const id of ids.slice(6, 10)) started.workspace.users.get(id)!.suspended = true;
    putGoogleUser(started.workspace, 'new@acme.test');
    return started;
  }
  const eventsOf = (action: string) =>
    tenant.core.store.tenant(tenant.tenantId).collection('audit_events').find({ action });

  it('stops, keeps everybody and says so, in the audit trail once', async () => {
    tenant = await stopped();
    const before = (await tenant.requests()).length;
    const { lastResult, error } = await tenant.pull();
    expect(lastResult?.outcome).to.equal('stopped');
    expect(error).to.match(/remove 6 and disable 4 of 30 people, more than 20 %.*Remedy:.*forced pull/);
    await tenant.pull();
    expect(await tenant.requests()).to.have.length(before);
    const users = [...(await tenant.users()).values()];
    expect(users.filter((user) => user.enabled)).to.have.length(30);
    const events = await eventsOf('directory.pull_stopped');
    expect(events).to.have.length(1);
    expect(events[0]!.changes).to.deep.include({ path: 'leaving', before: 30, after: 10 });
  });

  it('goes on when an administrator confirms it, for this once', async () => {
    tenant = await stopped();
    await tenant.pull();
    const { lastResult, isForced, error } = await tenant.pull({ force: true });
    expect([lastResult?.outcome, isForced, error]).to.deep.equal(['done', false, null]);
    expect(lastResult?.users).to.deep.include({ removed: 6, deactivated: 4, created: 1 });
    const left = [...tenant.workspace.users.keys()].slice(0, 12);
    for (const id of left) deleteGoogleUser(tenant.workspace, id);
    expect((await tenant.pull()).lastResult?.outcome).to.equal('stopped');
  });

  it('keeps the confirmation while Google cannot be read', async () => {
    tenant = await stopped();
    await tenant.pull();
    tenant.workspace.faults = [{ path: /groups/, status: 403 }];
    expect((await tenant.pull({ force: true })).lastResult?.outcome).to.equal('failed');
    expect((await tenant.pull()).lastResult?.outcome).to.equal('done');
  });

  it('is confirmed by nobody who lacks what the directory gives', async () => {
    tenant = await startPulling({
      prepare: crowd(1),
      roleRules: [{ when: { path: 'userName', matches: 'p*' }, grant: ['administrator'] }],
    });
    const { core, tenantId, directory } = tenant;
    const manager = actorWith(tenantId, ['scim.manage']);
    const forced = requestPull(core, manager, directory._id, { force: true });
    expect(await forced.catch((error: unknown) => error)).to.include({ code: 'role.not_grantable' });
    expect(await requestPull(core, manager, directory._id)).to.include({ kind: 'directory.pull' });
  });

  it('stops never below ten people, and at the share that the directory says', async () => {
    tenant = await startPulling();
    const leaving = (count: number, of: number) => ({
      removed: Array<string>(count).fill('x'),
      suspended: [],
      of,
    });
    expect(isTooMany(leaving(9, 9), 20)).to.equal(false);
    expect(isTooMany(leaving(10, 50), 20)).to.equal(false);
    expect(isTooMany(leaving(11, 50), 20)).to.equal(true);
    expect(isTooMany(leaving(11, 50), 25)).to.equal(false);
    expect(isTooMany(leaving(50, 50), 100)).to.equal(false);
  });

  it('leaves the last administrator in charge, whatever Google says', async () => {
    tenant = await startPulling({
      prepare: crowd(2),
      roleRules: [{ when: { path: 'userName', is: 'p0@acme.test' }, grant: ['administrator'] }],
    });
    await givenUser(tenant.core, tenant.tenantId, { email: 'p0@acme.test' });
    await tenant.drain();
    const p0 = [...tenant.workspace.users.values()].find((user) => user.primaryEmail === 'p0@acme.test')!;
    deleteGoogleUser(tenant.workspace, p0.id);
    const { lastResult } = await tenant.pull();
    expect(lastResult?.users).to.deep.include({ removed: 0, refused: 1 });
    const refused = (await tenant.requests()).filter(({ status }) => status >= 400);
    expect(refused.map(({ method, status }) => [method, status])).to.deep.equal([['DELETE', 403]]);
  });

  it('disables whom an administrator holds no second time, and does not lift the hold', async () => {
    tenant = await startPulling({ prepare: crowd(1) });
    await tenant.drain();
    const [user] = (await tenant.users()).values();
    await setEnabled(tenant.core, systemActor(tenant.tenantId), user!._id, false, { hold: true });
    const before = (await tenant.requests()).length;
    await tenant.pull();
    await tenant.pull();
    expect((await tenant.requests()).length - before).to.be.lessThan(2);
    expect((await tenant.users()).get('p0@acme.test')!.enabled).to.equal(false);
  });
});
