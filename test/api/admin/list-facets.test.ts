import { expect } from 'chai';
import { directoryActor } from '../../../src/identity/actors.js';
import { writeEvent } from '../../../src/identity/audit/audit.js';
import { getDirectory } from '../../../src/identity/directories/directories.js';
import { createGroup } from '../../../src/identity/groups/groups.js';
import { changeMembers } from '../../../src/identity/groups/members.js';
import { enqueueJob } from '../../../src/identity/jobs/queue.js';
import { setEnabled } from '../../../src/identity/users/actions.js';
import { deleteUser } from '../../../src/identity/users/removal.js';
import { createUser } from '../../../src/identity/users/users.js';
import { withProfile } from '../../../src/identity/users/input.js';
import { createView, listViews } from '../../../src/identity/views/saved-views.js';
import { newId } from '../../../src/shared/ids.js';
import { givenTenant, type ApiTenant } from '../../support/api.js';
import { startApp, type TestApp } from '../../support/app.js';
import { ManualClock } from '../../support/clock.js';
import { actorWith } from '../../support/core.js';

interface List {
  items: { email: string }[];
  total: number;
  hidden: { disabled: number; nonActivated: number };
}
interface Facets {
  total: number;
  facets: { name: string; values: { value: string; count: number }[] }[];
}

/** The counts of one facet, by value; those that are not 0. */
const countsOf = ({ facets }: Facets, name: string): Record<string, number> =>
  Object.fromEntries(
    (facets.find((facet) => facet.name === name)?.values ?? []).flatMap(({ count, value }) =>
      count === 0 ? [] : [[value, count]],
    ),
  );

describe('facets, search and order of the other lists', () => {
  let app: TestApp;
  let acme: ApiTenant;
  before(async () => {
    app = await startApp();
    acme = await givenTenant(app, { settings: { 'roles.requests': true } });
    await acme.givenApplication('crm');
  });
  after(() => app.stop());
  const facets = async (path: string): Promise<Facets> =>
    (await acme.call('get', path).expect(200)).body as Facets;

  it('count invitations by status and login type', async () => {
    const ids = [await acme.givenInvitation(), await acme.givenInvitation(), await acme.givenInvitation()];
    await acme.call('post', `/invitations/${ids[0]}/revoke`).expect(200);
    const all = await facets('/invitations/facets');
    expect(all.total).to.equal(3);
    expect(countsOf(all, 'status')).to.deep.equal({ waiting: 2, revoked: 1 });
    expect(countsOf(all, 'loginType')).to.deep.equal({ local: 3 });
    const some = await facets('/invitations/facets?status=revoked&facets=status');
    expect([some.total, countsOf(some, 'status')]).to.deep.equal([1, { waiting: 2, revoked: 1 }]);
    await acme
      .call('get', '/invitations?loginType=sso')
      .expect(200)
      .expect(/"total":0/);
    await acme.call('get', '/invitations/facets?facets=sender').expect(400);
  });

  it('count groups by directory', async () => {
    const { body } = await acme.call('post', '/directories').send({ name: 'Okta' }).expect(201);
    const { id } = body as { id: string };
    for (const displayName of ['One', 'Two'])
      await createGroup(app.core, acme.system, { displayName, externalId: null, attributes: {} });
    const pushed = { displayName: 'Three', externalId: null, attributes: {} };
    await createGroup(
      app.core,
      directoryActor(await getDirectory(app.core, acme.tenant._id, id), { name: 't' }),
      pushed,
    );
    expect(countsOf(await facets('/groups/facets'), 'directory')).to.deep.equal({ none: 2, [id]: 1 });
    expect(countsOf(await facets('/groups/facets?q=t'), 'directory')).to.deep.equal({ none: 1, [id]: 1 });
  });

  it('find role requests by what is in them, count them by status, and turn the order round', async () => {
    const asked: string[] = [];
    for (const email of ['grace@facets.test', 'linus@facets.test']) {
      const user = await acme.givenUser({ email });
      const body = { user: user._id, role: 'crm:agent', reason: `For ${email}`, seconds: 3600 };
      asked.push(
        ((await acme.call('post', '/role-requests').send(body).expect(201)).body as { id: string }).id,
      );
    }
    await acme.call('post', `/role-requests/${asked[0]}/cancel`).expect(200);
    const ids = async (query: string) =>
      (
        (await acme.call('get', `/role-requests?${query}`).expect(200)).body as { items: { id: string }[] }
      ).items.map(({ id }) => id);
    expect(await ids('q=GRACE')).to.deep.equal([asked[0]]);
    expect(await ids('sort=createdAt')).to.deep.equal(asked);
    expect(await ids('')).to.deep.equal([...asked].reverse());
    expect(countsOf(await facets('/role-requests/facets'), 'status')).to.deep.equal({
      pending: 1,
      cancelled: 1,
    });
    const offered = await acme.call('get', '/requestable-roles?q=agent&sort=-role').expect(200);
    expect((offered.body as { items: { role: string }[] }).items.map(({ role }) => role)).to.deep.equal([
      'crm:agent',
    ]);
  });

  it('find events by the names in them, and count them by what they are about', async () => {
    const user = await acme.givenUser({ email: 'audited@facets.test' });
    await acme.call('post', `/users/${user._id}/disable`).expect(200);
    const found = await acme.call('get', '/audit-events?q=AUDITED@facets&sort=at').expect(200);
    const actions = (found.body as { items: { action: string }[] }).items.map(({ action }) => action);
    expect(actions).to.deep.equal(['user.created', 'user.disabled']);
    const counted = countsOf(await facets(`/audit-events/facets?target=${user._id}`), 'action');
    expect(counted).to.deep.equal({ 'user.*': 2 });
  });

  /** The ids of a list, read one by one, and its total. */
  async function walk(path: string, query: string, of = acme): Promise<{ ids: string[]; total: number }> {
    const ids: string[] = [];
    let total = 0;
    let cursor = '';
    do {
      const { body } = await of.call('get', `${path}?limit=1&${query}${cursor}`).expect(200);
      const page = body as { items: { id?: string; user?: { id: string } }[]; total: number; next?: string };
      ids.push(...page.items.map(({ id, user }) => id ?? user?.id ?? ''));
      total = page.total;
      cursor = page.next ? `&cursor=${encodeURIComponent(page.next)}` : '';
    } while (cursor !== '');
    return { ids, total };
  }

  /** Every order leads through all, in both directions, and a search finds the one. */
  async function expectList(
    of: ApiTenant,
    [path, q]: readonly [string, string],
    ids: readonly string[],
    sorts: readonly string[],
    one: number,
  ) {
    for (const sort of sorts) {
      const whole = { ids, total: ids.length };
      expect(await walk(path, `sort=${sort}`, of), `${path} ${sort}`).to.deep.equal(whole);
      const turned = [...ids].reverse();
      expect((await walk(path, `sort=-${sort}`, of)).ids, `${path} -${sort}`).to.deep.equal(turned);
    }
    expect(await walk(path, `q=${q}`, of), `${path} ${q}`).to.deep.equal({ ids: [ids[one]], total: 1 });
  }

  it('lead through the members of a group by name and find them, users before groups', async () => {
    const group = await createGroup(app.core, acme.system, {
      ...{ displayName: 'Outer', externalId: null, attributes: {} },
    });
    const inner = await createGroup(app.core, acme.system, {
      ...{ displayName: 'Inner', externalId: null, attributes: {} },
    });
    const last = await acme.givenUser({ email: 'zoe@facets.test', familyName: 'Zoe' });
    const first = await acme.givenUser({ email: 'abe@facets.test', familyName: 'Abe' });
    const add = [last._id, first._id, inner._id];
    await changeMembers(app.core, acme.system, group._id, { add });
    const path = `/groups/${group._id}/members`;
    expect((await walk(path, '')).ids).to.deep.equal(add);
    const byName = [first._id, last._id, inner._id];
    expect(await walk(path, 'sort=displayName')).to.deep.equal({ ids: byName, total: 3 });
    expect((await walk(path, 'sort=-displayName')).ids).to.deep.equal(add);
    expect((await walk(path, 'q=ZOE@')).ids).to.deep.equal([last._id]);
    expect(await walk(path, 'q=inner')).to.deep.equal({ ids: [inner._id], total: 1 });
    expect(await walk(path, 'type=group')).to.deep.equal({ ids: [inner._id], total: 1 });
  });

  it('lead through bulk jobs, jobs, mails, sign-ins and webhooks in both directions, and find one of them', async () => {
    const lone = await givenTenant(app);
    const idsOf = async (method: 'get' | 'post', path: string, bodies: readonly object[], status: number) => {
      const ids: string[] = [];
      for (const body of bodies)
        ids.push(((await lone.call(method, path).send(body).expect(status)).body as { id: string }).id);
      return ids;
    };
    const user = await lone.givenUser({ email: 'listed@facets.test' });
    const enqueue = (kind: string, minutes: number) =>
      app.core.store.transaction((tx) => {
        const runAt = new Date(Date.now() + minutes * 60_000);
        return enqueueJob(tx, lone.tenant._id, { kind, payload: {}, runAt }, new Date());
      });
    const jobs = [await enqueue('test.one', 60), await enqueue('test.two', 70)];
    await expectList(lone, ['/jobs', 'TWO'], jobs, ['createdAt', 'runAt'], 1);
    const actions = ['enable', 'disable'].map((action) => ({ action, ids: [user._id], dryRun: true }));
    const bulk = await idsOf('post', '/users/bulk', actions, 202);
    await expectList(lone, ['/bulk', 'users.enable'], bulk, ['createdAt'], 0);
    await idsOf('post', `/users/${user._id}/password-reset`, [{}, {}], 200);
    const path = `/users/${user._id}`;
    const mails = (await walk(`${path}/mails`, 'sort=createdAt', lone)).ids;
    expect(mails).to.have.length(2);
    expect((await walk(`${path}/mails`, 'q=PASSWORD_reset', lone)).ids).to.deep.equal([...mails].reverse());
    expect((await walk(`${path}/mails`, 'state=failed', lone)).total).to.equal(0);
    for (const [ip, action] of [
      ['203.0.113.1', 'login.failed'],
      ['203.0.113.2', 'login.succeeded'],
    ] as const) {
      const target = { type: 'user', id: user._id, label: '' };
      await writeEvent(app.core, { ...lone.system, ip }, { action, target });
    }
    const { ids } = await walk(`${path}/sign-ins`, 'sort=at', lone);
    await expectList(lone, [`${path}/sign-ins`, '203.0.113.2'], ids, ['at'], 1);
    expect((await walk(`${path}/sign-ins`, 'outcome=failed', lone)).ids).to.deep.equal([ids[0]]);
    const places = ['https://a.example/hook', 'https://b.example/hook'].map((url) => ({
      url,
      enabled: false,
    }));
    const hooks = await idsOf('post', '/webhooks', places, 201);
    await expectList(lone, ['/webhooks', 'B.example'], hooks, ['createdAt', 'url'], 1);
  });

  it('lead through an access review by name, and find people and roles in it', async () => {
    const lone = await givenTenant(app);
    const users = [
      await lone.givenUser({ email: 'b@review.test', roles: ['administrator'] }),
      await lone.givenUser({ email: 'a@review.test', roles: ['administrator'] }),
      await lone.givenUser({ email: 'c@review.test' }),
    ];
    const look = async (query: string) => {
      const found: string[] = [];
      let cursor = '';
      do {
        const { body } = await lone.call('get', `/access-review?limit=1&${query}${cursor}`).expect(200);
        const page = body as { items: { user: { label: string } }[]; total: number; next: string | null };
        found.push(...page.items.map(({ user }) => user.label[0] ?? ''));
        expect(page.total).to.equal(query.includes('q=') ? 1 : users.length);
        cursor = page.next === null ? '' : `&cursor=${page.next}`;
      } while (cursor !== '');
      return found.join('');
    };
    expect(await look('sort=createdAt')).to.equal('ba');
    expect(await look('sort=-createdAt')).to.equal('ab');
    expect(await look('sort=userName')).to.equal('ab');
    expect(await look('sort=-userName')).to.equal('ba');
    expect(await look('q=A@review')).to.equal('a');
    expect(await look('role=administrator')).to.equal('ba');
    expect(await look('role=none')).to.equal('');
  });

  it('count events by result', async () => {
    const target = { type: 'user', id: newId(), label: 'counted' };
    for (const result of ['failure', 'success', 'success'] as const)
      await writeEvent(app.core, acme.system, { action: 'login.failed', result, target });
    const all = await facets(`/audit-events/facets?target=${target.id}`);
    expect(countsOf(all, 'result')).to.deep.equal({ success: 2, failure: 1 });
    const { body } = await acme.call('get', `/audit-events?result=success&target=${target.id}`).expect(200);
    expect(body).to.include({ total: 2 });
  });

  it('count what a directory sent by result and method', async () => {
    const { id } = (await acme.call('post', '/directories').send({ name: 'Entra' }).expect(201)).body as {
      id: string;
    };
    const made = await acme.call('post', `/directories/${id}/tokens`).send({ name: 't' }).expect(201);
    const headers = { authorization: `Bearer ${(made.body as { token: string }).token}` };
    for (const path of ['Users', 'Groups', 'Users/none'])
      await (await fetch(`${app.url}/scim/v2/${path}`, { headers })).arrayBuffer();
    const all = await facets(`/directories/${id}/requests/facets`);
    expect(countsOf(all, 'result')).to.deep.equal({ success: 2, failure: 1 });
    expect(countsOf(all, 'method')).to.deep.equal({ GET: 3 });
  });

  it('say of each role how many hold it', async () => {
    const user = await acme.givenUser({ roles: ['crm:agent'] });
    await setEnabled(app.core, acme.system, user._id, false);
    const { body } = await acme.call('get', '/roles?application=crm').expect(200);
    expect((body as { items: object[] }).items[0]).to.include({ role: 'crm:agent', users: 1 });
    expect((await acme.call('get', '/roles/crm:agent').expect(200)).body).to.include({ users: 1 });
  });
});

describe('lists of users: what is hidden, how many of each, saved views', () => {
  const clock = new ManualClock();
  let app: TestApp;
  let acme: ApiTenant;
  const day = 86_400_000;

  before(async () => {
    app = await startApp({ clock });
    acme = await givenTenant(app, { settings: { 'approval.required': true } });
    const { core } = app;
    await acme.givenApplication('crm');
    const later = (days: number): Date => new Date(clock.now().getTime() + days * day);
    const add = (name: string, more: object = {}, activated = true) =>
      createUser(
        core,
        acme.system,
        {
          userName: `${name}@facets.test`,
          externalId: null,
          attributes: withProfile({}, { email: `${name}@facets.test`, familyName: name }),
          active: true,
          approved: true,
          ...more,
        },
        { activated },
      );
    const admin = await add('admin', { roles: ['administrator'] });
    await add('agent', { roles: ['crm:agent'], accessExpiresAt: later(3) });
    await add('soon', { accessExpiresAt: later(1) });
    await add('waiting', {}, false);
    await add('unapproved', { approved: false });
    const off = await add('off');
    const offWaiting = await add('off-waiting', {}, false);
    for (const user of [off, offWaiting]) await setEnabled(core, acme.system, user._id, false);
    const locked = await add('locked');
    const lockedUntil = later(10);
    await core.store
      .tenant(acme.tenant._id)
      .collection('credentials')
      .insert({
        ...{ _id: locked._id, tenantId: acme.tenant._id, passwordHash: null, passwordIsTemporary: false },
        ...{ passwordChangedAt: null, failureCount: 5, failureTimes: [], lockedUntil, lockReason: null },
        lastLoginAt: null,
      });
    const group = { displayName: 'G', externalId: null, attributes: {} };
    const { _id } = await createGroup(core, acme.system, group);
    await changeMembers(core, acme.system, _id, { add: [admin._id] });
    clock.advance(2 * day);
  });
  after(() => app.stop());

  const list = async (query: string, limit = 100): Promise<List> =>
    (await acme.call('get', `/users?limit=${limit}&${query}`).expect(200)).body as List;
  const names = async (query: string): Promise<string[]> =>
    (await list(query)).items.map(({ email }) => email.replace('@facets.test', ''));

  it('count what they leave out, and nothing where nothing is left out (M3-7, M3-8, M3-9)', async () => {
    const all = await list('');
    expect(all.total).to.equal(8);
    expect(all.hidden).to.deep.equal({ disabled: 0, nonActivated: 0 });
    const some = await list('showDisabled=false&showNonActivated=false');
    expect(some.total).to.equal(5);
    expect(some.items).to.have.length(5);
    expect(some.hidden).to.deep.equal({ disabled: 2, nonActivated: 1 });
    const narrow = await list('showDisabled=false&q=off');
    expect(narrow).to.deep.include({ total: 0, hidden: { disabled: 2, nonActivated: 0 } });
    expect((await list('status=disabled&showDisabled=false')).total).to.equal(2);
  });

  const expected: Readonly<Record<string, readonly string[]>> = {
    'status=active': ['admin', 'agent'],
    'status=disabled': ['off', 'off-waiting'],
    'status=expired': ['soon'],
    'status=locked': ['locked'],
    'status=pending_activation': ['waiting'],
    'status=pending_approval': ['unapproved'],
    'status=active,locked': ['admin', 'agent', 'locked'],
    'accessLevel=account': ['admin'],
    'accessLevel=group': ['admin'],
    'accessLevel=unassigned&status=active': ['agent'],
    'application=crm': ['agent'],
    'application=none': [],
    'loginType=sso': [],
    'role=administrator': ['admin'],
    'source=created&status=expired,locked': ['locked', 'soon'],
  };
  for (const [query, found] of Object.entries(expected)) {
    it(`find and count the same for ${query}`, async () => {
      expect((await names(query)).sort()).to.deep.equal([...found].sort());
      expect((await list(query)).total).to.equal(found.length);
      expect((await list(query, 1)).total).to.equal(found.length);
    });
  }

  it('find whose access ends before a day', async () => {
    const before = new Date(clock.now().getTime() + 2 * day).toISOString();
    expect((await names(`expiresBefore=${before}`)).sort()).to.deep.equal(['agent', 'soon']);
  });

  it('tell how many there are of each value, each facet without its own filter', async () => {
    const all = await acme.call('get', '/users/facets?facets=status,loginType,source,role,application');
    const { facets, total } = all.body as Facets;
    const of = (name: string): Record<string, number> =>
      Object.fromEntries(
        facets.find((facet) => facet.name === name)?.values.map(({ count, value }) => [value, count]) ?? [],
      );
    expect(total).to.equal(8);
    expect(of('status')).to.deep.equal({
      ...{ disabled: 2, expired: 1, locked: 1, pending_activation: 1, pending_approval: 1, active: 2 },
    });
    expect(of('loginType')).to.deep.equal({ local: 8, sso: 0 });
    expect(of('role')).to.include({ administrator: 1, 'crm:agent': 1 });
    expect(of('application')).to.deep.equal({ crm: 1 });
    const narrowed = await acme.call('get', '/users/facets?facets=status&status=locked&q=o').expect(200);
    const { facets: some, total: one } = narrowed.body as Facets;
    expect(one).to.equal(1);
    expect(some[0]?.values.find(({ value }) => value === 'disabled')?.count).to.equal(2);
    await acme.call('get', '/users/facets?facets=shoe-size').expect(400);
  });

  it('are saved under a name, for oneself or for all, and nobody sees or changes what is another’s', async () => {
    const body = { list: 'users', name: 'Leavers', query: 'expiresBefore=2030-01-01' };
    const own = (await acme.call('post', '/views').send(body).expect(201)).body as { id: string };
    const twice = await acme
      .call('post', '/views')
      .send({ ...body, name: 'LEAVERS' })
      .expect(409);
    expect((twice.body as { code: string }).code).to.equal('view.name_taken');
    await acme
      .call('post', '/views')
      .send({ ...body, shared: true })
      .expect(201);
    const reader = await acme.givenKey(['users.read']);
    const seen = (await acme.call('get', '/views?list=users', reader).expect(200)).body as {
      items: { name: string; shared: boolean }[];
    };
    expect(seen.items.map(({ name, shared }) => [name, shared])).to.deep.equal([['Leavers', true]]);
    await acme.call('get', `/views/${own.id}`, reader).expect(404);
    await acme.call('delete', `/views/${own.id}`, reader).expect(404);
    await acme
      .call('post', '/views', reader)
      .send({ ...body, name: 'x', shared: true })
      .expect(403);
    const read = await acme.call('get', `/views/${own.id}`).expect(200);
    const patch = acme.call('patch', `/views/${own.id}`).set('If-Match', 'W/"99"');
    await patch.send({ query: 'status=locked' }).expect(412);
    const changed = await acme
      .call('patch', `/views/${own.id}`)
      .set('If-Match', read.headers['etag'] ?? '')
      .send({ query: 'status=locked' })
      .expect(200);
    expect(changed.body).to.include({ query: 'status=locked', name: 'Leavers', shared: false });
    await acme.call('delete', `/views/${own.id}`).expect(204);
    await acme
      .call('post', '/views')
      .send({ ...body, query: '?status=locked' })
      .expect(400);
    await acme
      .call('post', '/views')
      .send({ ...body, list: 'shoes' })
      .expect(400);
  });

  it('are kept up to a limit by each owner, also when own ones become shared', async () => {
    const full = await givenTenant(app);
    const view = { list: 'groups' as const, query: '' };
    const names = Array.from({ length: 100 }, (_, at) => `shared ${at}`);
    for (const name of names) await createView(app.core, full.system, { ...view, name, isShared: true });
    const made = await full
      .call('post', '/views')
      .send({ ...view, name: 'own' })
      .expect(201);
    const patch = (change: object) =>
      full.call('patch', `/views/${(made.body as { id: string }).id}`).send(change);
    await patch({ shared: true }).expect(400);
    await patch({ name: 'renamed' }).expect(200);
  });

  it('a person’s own views go with the person', async () => {
    const user = await acme.givenUser();
    const actor = actorWith(acme.tenant._id, ['users.read'], user._id);
    await createView(app.core, actor, { list: 'groups', name: 'Mine', query: '', isShared: false });
    expect(await listViews(app.core, actor, 'groups')).to.have.length(1);
    await deleteUser(app.core, acme.system, user._id);
    expect(await listViews(app.core, actor, 'groups')).to.have.length(0);
  });
});
