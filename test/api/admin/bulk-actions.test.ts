import { expect } from 'chai';
import { runBulk as work } from '../../../src/identity/bulk/run.js';
import { userActionHandlers } from '../../../src/identity/bulk/user-actions.js';
import { startBulk } from '../../../src/identity/bulk/jobs.js';
import { rowsOfIds } from '../../../src/identity/bulk/user-actions.js';
import { createGroup } from '../../../src/identity/groups/groups.js';
import { createTenant } from '../../../src/identity/tenants/tenants.js';
import { operatorActor, systemActor } from '../../../src/identity/actors.js';
import { ensureOperatorTenant } from '../../../src/identity/operator/staff-tenant.js';
import { operatorTenant } from '../../../src/identity/tenants/operator-tenant.js';
import type { Core } from '../../../src/identity/core.js';
import { administratorPermissions } from '../../../src/identity/permissions.js';
import { newId } from '../../../src/shared/ids.js';
import { givenTenant, type ApiTenant } from '../../support/api.js';
import { givenTwoFactor } from '../../support/audited-things.js';
import { startApp, type TestApp } from '../../support/app.js';
import { runBulk, type BulkJob } from '../../support/bulk.js';
import { openTestCore } from '../../support/core.js';
import { overriding } from '../../support/overriding.js';
import { givenUser } from '../../support/people.js';

interface Event {
  action: string;
  actor: { id: string; type: string };
  target: { id: string } | null;
}

describe('bulk actions', () => {
  let app: TestApp;
  let acme: ApiTenant;
  before(async () => {
    app = await startApp();
    acme = await givenTenant(app, { settings: { 'approval.required': true } });
  });
  after(() => app.stop());

  const people = (count: number): Promise<string[]> =>
    Promise.all(Array.from({ length: count }, async () => (await acme.givenUser())._id));
  const stored = (id: string) => app.core.store.tenant(acme.tenant._id).collection('users').get(id);
  const events = async (target: string): Promise<Event[]> =>
    ((await acme.call('get', `/audit-events?target=${target}&limit=100`)).body as { items: Event[] }).items;

  it('do what was asked with each user, with one event for each and the one who asked in it', async () => {
    const ids = await people(3);
    const { job, rows } = await runBulk(acme, '/users/bulk', { action: 'disable', ids });
    expect(job).to.deep.include({ kind: 'users.disable', total: 3, processed: 3, dryRun: false });
    expect(job.counts).to.deep.equal({ done: 3, unchanged: 0, refused: 0 });
    expect(rows.map(({ outcome, userId }) => [outcome, userId])).to.deep.equal(ids.map((id) => ['done', id]));
    expect(rows[0]!.label).to.contain('@acme.test');
    for (const id of ids) {
      expect((await stored(id))?.enabled).to.equal(false);
      const disabled = (await events(id)).filter(({ action }) => action === 'user.disabled');
      expect(disabled.map(({ actor }) => actor.type)).to.deep.equal(['api_key']);
    }
    const again = await runBulk(acme, '/users/bulk', { action: 'disable', ids });
    expect(again.job.counts).to.deep.equal({ done: 0, unchanged: 3, refused: 0 });
  });

  it('tell beforehand what would become of each row, and change nothing', async () => {
    const [id = ''] = await people(1);
    const version = (await stored(id))?.version;
    const ids = [id, newId()];
    const { job, rows } = await runBulk(acme, '/users/bulk', { action: 'delete', ids, dryRun: true });
    expect(job.dryRun).to.equal(true);
    expect(job.counts).to.deep.equal({ done: 1, unchanged: 0, refused: 1 });
    expect(rows[1]).to.include({ outcome: 'refused', code: 'user.not_found' });
    expect((await stored(id))?.version).to.equal(version);
    expect((await events(id)).map(({ action }) => action)).to.not.include('user.deleted');
  });

  it('take all that a filter finds, which may be none', async () => {
    const ids = await people(2);
    await Promise.all(
      ids.map((id) => acme.call('patch', `/users/${id}`).send({ familyName: 'Filterable' }).expect(200)),
    );
    const body = { action: 'end-sessions', filter: { q: 'filterable' } };
    expect((await runBulk(acme, '/users/bulk', body)).job.counts.done).to.equal(2);
    const none = { action: 'end-sessions', filter: { q: 'nobody is called so' } };
    expect((await runBulk(acme, '/users/bulk', none)).job).to.include({ total: 0, status: 'done' });
  });

  it('give and take roles and groups, approve, send again and delete', async () => {
    await acme.givenApplication('crm');
    const [id = ''] = await people(1);
    const input = { displayName: 'Bulk group', externalId: null, attributes: {} };
    const group = (await createGroup(app.core, acme.system, input))._id;
    const run = async (body: object) =>
      (await runBulk(acme, '/users/bulk', { ids: [id], ...body })).job.counts.done;
    await acme.call('patch', `/users/${id}`).send({ approved: false });
    expect(await run({ action: 'approve' })).to.equal(1);
    expect((await stored(id))?.approved).to.equal(true);
    expect(await run({ action: 'add-role', role: 'crm:agent' })).to.equal(1);
    expect((await stored(id))?.grants.map(({ role }) => role)).to.deep.equal(['crm:agent']);
    expect(await run({ action: 'remove-role', role: 'crm:agent' })).to.equal(1);
    expect((await stored(id))?.grants).to.deep.equal([]);
    expect(await run({ action: 'add-group', group })).to.equal(1);
    expect((await stored(id))?.groupIds).to.deep.equal([group]);
    expect(await run({ action: 'remove-group', group })).to.equal(1);
    expect((await stored(id))?.groupIds).to.deep.equal([]);
    expect(await run({ action: 'disable', hold: true })).to.equal(1);
    expect(await run({ action: 'enable' })).to.equal(1);
    const waiting = await acme.givenUser({ activated: false });
    expect(await run({ action: 'resend', ids: [waiting._id] })).to.equal(1);
    const accessExpiresAt = '2099-01-01T00:00:00.000Z';
    expect(await run({ action: 'set-access-end', accessExpiresAt })).to.equal(1);
    expect((await stored(id))?.accessExpiresAt?.toISOString()).to.equal(accessExpiresAt);
    expect(await run({ action: 'set-access-end', accessExpiresAt: null })).to.equal(1);
    const factor = await givenTwoFactor(app, acme);
    expect(await run({ action: 'reset-2fa', ids: [factor] })).to.equal(1);
    const lockedUntil = new Date(Date.now() + 600_000);
    const credentials = app.core.store.tenant(acme.tenant._id).collection('credentials');
    await credentials.update(factor, (one) => ({ ...one, lockedUntil }));
    expect(await run({ action: 'unlock', ids: [factor] })).to.equal(1);
    expect(await run({ action: 'unlock', ids: [factor] })).to.equal(0);
    expect(await run({ action: 'delete' })).to.equal(1);
    expect(await stored(id)).to.equal(undefined);
  });

  it('need the permission of the action, and what it is about', async () => {
    const key = await acme.givenKey([...administratorPermissions].filter((one) => one !== 'users.delete'));
    const ids = [newId()];
    await acme.call('post', '/users/bulk', key).send({ action: 'delete', ids }).expect(403);
    const refused: readonly [object, string][] = [
      [{ action: 'enable' }, ''],
      [{ action: 'enable', ids, filter: {} }, ''],
      [{ action: 'add-role', ids }, '/role'],
      [{ action: 'add-role', ids, role: 'no-such-role' }, '/role'],
      [{ action: 'add-group', ids }, '/group'],
      [{ action: 'set-access-end', ids }, '/accessExpiresAt'],
      [{ action: 'set-access-end', ids, accessExpiresAt: '2001-01-01T00:00:00Z' }, '/accessExpiresAt'],
      [{ action: 'explode', ids }, '/action'],
    ];
    for (const [body, pointer] of refused) {
      const res = await acme.call('post', '/users/bulk').send(body).expect(400);
      expect((res.body as { errors: { pointer: string }[] }).errors[0]?.pointer).to.equal(pointer);
    }
    await acme.call('post', '/users/bulk').send({ action: 'add-group', ids, group: newId() }).expect(404);
    const moved = { action: 'enable', ids, expectedCount: 2 };
    const res = await acme.call('post', '/users/bulk').send(moved).expect(409);
    expect((res.body as { code: string }).code).to.equal('bulk.moved');
    await acme
      .call('post', '/users/bulk')
      .send({ ...moved, expectedCount: 1 })
      .expect(202);
  });

  it('refuse rows that nobody may do, each by itself: oneself stays, and so does the last administrator', async () => {
    const lone = await givenTenant(app);
    const admin = await lone.givenUser({ roles: ['administrator'] });
    const other = await lone.givenUser();
    const { rows } = await runBulk(lone, '/users/bulk', { action: 'delete', ids: [admin._id, other._id] });
    expect(rows.map(({ code, outcome }) => [outcome, code])).to.deep.equal([
      ['refused', 'user.last_administrator'],
      ['done', null],
    ]);
  });

  it('are of one tenant alone', async () => {
    const { job } = await runBulk(acme, '/users/bulk', { action: 'enable', ids: await people(1) });
    const other = await givenTenant(app);
    await other.call('get', `/bulk/${job.id}`).expect(404);
    await other.call('get', `/bulk/${job.id}/rows`).expect(404);
    await other.call('post', `/bulk/${job.id}/cancel`).expect(404);
    const list = await other.call('get', '/bulk').expect(200);
    expect((list.body as { total: number }).total).to.equal(0);
    const res = await acme.call('post', `/bulk/${job.id}/cancel`).expect(409);
    expect((res.body as { code: string }).code).to.equal('bulk.over');
    const own = (await acme.call('get', '/bulk?kind=users.enable').expect(200)).body as { items: BulkJob[] };
    expect(own.items.map(({ id }) => id)).to.include(job.id);
  });
});

describe('a bulk action that is cut short', () => {
  let core: Core;
  let tenantId: string;
  before(async () => {
    core = await openTestCore();
    tenantId = (await createTenant(core, { slug: 'acme', name: 'Acme', preset: 'default', settings: {} }))
      ._id;
  });
  after(() => core.store.close());

  const job = (bulkId: string) => ({ tenantId, payload: { bulkId }, attempts: 1 }) as never;
  const begin = async (count: number) => {
    const users = await Promise.all(Array.from({ length: count }, () => givenUser(core, tenantId)));
    const input = { kind: 'users.disable', permission: 'users.enable', isDryRun: false, options: {} };
    const ids = users.map(({ _id }) => _id);
    const bulk = await startBulk(core, systemActor(tenantId), input, rowsOfIds(ids));
    return { bulk, ids };
  };
  const disabledEvents = (ids: readonly string[]) =>
    core.store
      .tenant(tenantId)
      .collection('audit_events')
      .count({ action: 'user.disabled', 'target.id': { $in: ids } });

  it('goes on where it was, at whichever write the process died, and does no row twice', async () => {
    const { bulk, ids } = await begin(60);
    // Dies at the 7th write, after another 11, and so on: before a row, and between two.
    for (const writes of [7, 11, 30, 1]) {
      let left = writes;
      const store = overriding(core.store, {
        transaction: (work) => {
          left -= 1;
          if (left < 0) throw new Error('the process is gone');
          return core.store.transaction(work);
        },
      });
      const run = work({ ...core, store }, job(bulk._id), userActionHandlers);
      expect(await run.catch((error: unknown) => (error as Error).message)).to.equal('the process is gone');
      const done = await core.store.tenant(tenantId).collection('users').count({ enabled: false });
      expect(await disabledEvents(ids)).to.equal(done);
    }
    await work(core, job(bulk._id), userActionHandlers);
    const over = await core.store.tenant(tenantId).collection('bulk_jobs').get(bulk._id);
    expect(over).to.include({ status: 'done', partsDone: 2 });
    expect(over?.counts).to.deep.equal({ done: 60, unchanged: 0, refused: 0 });
    expect(await disabledEvents(ids)).to.equal(60);
  });

  it('stops when whoever asked for it may no longer do it, and when it is cancelled', async () => {
    const admin = await givenUser(core, tenantId, { roles: ['administrator'] });
    const { ids } = await begin(3);
    const actor = { ...systemActor(tenantId), party: { type: 'user' as const, id: admin._id, label: 'a' } };
    const input = { kind: 'users.disable', permission: 'users.enable', isDryRun: false, options: {} };
    const asked = await startBulk(core, actor, input, rowsOfIds(ids));
    await core.store.tenant(tenantId).collection('users').remove(admin._id);
    await work(core, job(asked._id), userActionHandlers);
    const jobs = core.store.tenant(tenantId).collection('bulk_jobs');
    expect(await jobs.get(asked._id)).to.include({ status: 'stopped', partsDone: 0 });

    const cancelled = await startBulk(core, systemActor(tenantId), input, rowsOfIds(ids));
    await jobs.update(cancelled._id, (stored) => ({ ...stored, status: 'cancelled' }));
    await work(core, job(cancelled._id), userActionHandlers);
    expect(await disabledEvents(ids)).to.equal(0);
  });

  it('stops when the person of the staff who asked for it is the operator no longer', async () => {
    await ensureOperatorTenant(core);
    const { ids } = await begin(2);
    const input = { kind: 'users.disable', permission: 'users.enable', isDryRun: false, options: {} };
    const runOf = async (role: string) => {
      const { _id } = await givenUser(core, operatorTenant.id, { roles: [role] });
      const asked = await startBulk(
        core,
        operatorActor({ id: _id, label: role }, tenantId),
        input,
        rowsOfIds(ids),
      );
      await work(core, job(asked._id), userActionHandlers);
      return core.store.tenant(tenantId).collection('bulk_jobs').get(asked._id);
    };
    expect(await runOf('administrator')).to.include({ status: 'stopped', partsDone: 0 });
    expect(await disabledEvents(ids)).to.equal(0);
    expect(await runOf('operator')).to.include({ status: 'done' });
    expect(await disabledEvents(ids)).to.equal(2);
  });
});
