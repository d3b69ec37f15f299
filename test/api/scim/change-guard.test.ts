import { expect } from 'chai';
import supertest from 'supertest';
import { givenTenant, type ApiTenant } from '../../support/api.js';
import { startApp, type TestApp } from '../../support/app.js';
import { runBulk } from '../../support/bulk.js';
import { ManualClock } from '../../support/clock.js';
import { eventually } from '../../support/eventually.js';
import { waitForMails } from '../../support/mailbox.js';
import { newGroup, newUser, urn } from '../../support/scim-data.js';

type Json = Record<string, unknown>;
type Method = 'get' | 'post' | 'put' | 'patch' | 'delete';
interface Held {
  userId: string;
  disables: boolean;
  deletes: boolean;
  roles: string[];
}

describe('the change guard of a directory', () => {
  const clock = new ManualClock('2026-03-02T08:00:00.000Z');
  let app: TestApp;
  let acme: ApiTenant;
  before(async () => {
    app = await startApp({ clock });
    acme = await givenTenant(app);
    await acme.givenApplication('crm');
    await acme.givenUser({ email: 'boss@acme.test', roles: ['administrator'] });
  });
  after(() => app.stop());

  let serial = 0;

  /** A directory under this guard, with people in a group that makes them agents. */
  async function given(changeGuard: Json | null, people = 4) {
    serial += 1;
    const roleRules = [{ when: { path: 'groups.displayName', is: `G${serial}` }, grant: ['crm:agent'] }];
    const made = await acme
      .call('post', '/directories')
      .send({ name: `D${serial}`, roleRules, ...(changeGuard && { changeGuard }) });
    expect(made.status, made.text).to.equal(201);
    const directory = (made.body as { id: string }).id;
    const minted = await acme.call('post', `/directories/${directory}/tokens`).send({ name: 't' });
    const { token } = minted.body as { token: string };
    const scim = (method: Method, path: string, body?: Json) => {
      const call = supertest(app.url)[method](`/scim/v2${path}`).set('Authorization', `Bearer ${token}`);
      return body ? call.set('Content-Type', 'application/scim+json').send(JSON.stringify(body)) : call;
    };
    const resources: (Json & { id: string; userName: string })[] = [];
    for (let count = 0; count < people; count += 1)
      resources.push((await scim('post', '/Users', newUser())).body as (typeof resources)[number]);
    const ids = resources.map(({ id }) => id);
    const members = ids.map((value) => ({ value }));
    const group = (await scim('post', '/Groups', newGroup({ displayName: `G${serial}`, members })))
      .body as Json & { id: string };
    const path = `/directories/${directory}/held-changes`;
    return {
      ...{ directory, ids, resources, scim, group, path },
      patch: (id: string, ...Operations: Json[]) =>
        scim('patch', `/Users/${id}`, { schemas: [urn.patch], Operations }),
      held: async (): Promise<Held[]> => ((await acme.call('get', path)).body as { items: Held[] }).items,
      since: async () => ((await acme.call('get', path)).body as { since: string | null }).since,
      found: async (filter: string) =>
        ((await scim('get', `/Users?filter=${encodeURIComponent(filter)}`)).body as { totalResults: number })
          .totalResults,
      members: async () =>
        (((await scim('get', `/Groups/${group.id}`)).body as Json)['members'] ?? []) as { value: string }[],
    };
  }
  type Given = Awaited<ReturnType<typeof given>>;
  const off = { op: 'replace', path: 'active', value: false };
  const on = { op: 'replace', path: 'active', value: true };
  const user = async (id: string) =>
    (await acme.call('get', `/users/${id}`)).body as {
      enabled: boolean;
      directory: { id: string } | null;
      roles: { role: string; sources: { type: string }[] }[];
    };
  const enabled = async ({ ids }: Given) =>
    (await Promise.all(ids.map(async (id) => (await user(id)).enabled))).filter(Boolean).length;
  const rolesOf = async (id: string) => (await user(id)).roles.map(({ role }) => role);
  const events = async (target: string) =>
    (
      (await acme.call('get', `/audit-events?target=${target}&limit=100`)).body as {
        items: { action: string; actor: { type: string } }[];
      }
    ).items;

  it('lets so many people lose access, answers the rest as done, and holds it: they keep their access', async () => {
    const it = await given({ people: 2 });
    for (const id of it.ids) expect((await it.patch(id, off)).status).to.equal(200);
    expect(await enabled(it)).to.equal(2);
    const [first, second] = await it.held();
    expect((await it.held()).map(({ userId }) => userId)).to.deep.equal(it.ids.slice(2));
    expect(first).to.deep.include({ disables: true, deletes: false, roles: [] });
    for (const id of it.ids) {
      const read = (await it.scim('get', `/Users/${id}`)).body as Json;
      expect(read['active']).to.equal(false);
    }
    expect(await it.found('active eq false')).to.equal(4);
    expect(await it.found('active eq true and not (userName sw "boss")')).to.equal(0);
    expect((await events(second!.userId)).map(({ action }) => action)).to.include('user.change_held');
    const told = (await events(it.directory)).filter(({ action }) => action === 'directory.changes_held');
    expect(told.map(({ actor }) => actor.type)).to.deep.equal(['scim']);
    const mails = await waitForMails(app.core, 'boss@acme.test');
    expect(mails.filter(({ subject }) => subject.includes(`D${serial}`))).to.have.length(1);
  });

  it('goes on taking what else the directory says of a held person, and cancels a disable that is taken back', async () => {
    const it = await given({ people: 1 });
    const [, id = ''] = it.ids;
    await it.patch(it.ids[0]!, off);
    await it.patch(id, off);
    const title = await it.patch(id, { op: 'replace', path: 'title', value: 'Chief' });
    expect(title.body).to.deep.include({ title: 'Chief', active: false });
    const put = await it.scim('put', `/Users/${id}`, { ...it.resources[1], active: false });
    expect(put.body).to.include({ active: false });
    expect((await it.held()).map(({ userId }) => userId)).to.deep.equal([id]);
    expect((await it.patch(id, on)).body).to.include({ active: true });
    expect(await it.held()).to.deep.equal([]);
    expect((await user(id)).enabled).to.equal(true);
  });

  it('hides a deleted person from the directory, and gives them back to it when it makes them anew', async () => {
    const it = await given({ people: 1 });
    const [, id = '', other = ''] = it.ids;
    await it.patch(it.ids[0]!, off);
    for (const one of [id, other]) expect((await it.scim('delete', `/Users/${one}`)).status).to.equal(204);
    expect((await it.scim('delete', `/Users/${id}`)).status).to.equal(404);
    expect((await it.scim('get', `/Users/${id}`)).status).to.equal(404);
    const { userName } = it.resources[1]!;
    expect(await it.found(`userName eq "${userName}"`)).to.equal(0);
    expect((await it.members()).map(({ value }) => value)).to.not.include(id);
    const kept = await user(id);
    expect(kept.enabled).to.equal(true);
    expect(kept.directory?.id).to.equal(it.directory);
    expect(await rolesOf(id)).to.deep.equal(['crm:agent']);
    const { externalId: _, ...anew } = newUser({ userName });
    const again = await it.scim('post', '/Users', { ...anew, title: 'Back' });
    expect(again.status, again.text).to.equal(201);
    expect(again.body).to.deep.include({ id, title: 'Back', active: true });
    expect((await it.members()).map(({ value }) => value)).to.include(id);
    expect((await it.held()).map(({ userId }) => userId)).to.deep.equal([other]);
    const taken = newUser({ userName: it.resources[2]!.userName, externalId: 'somebody-else' });
    await app.core.store
      .tenant(acme.tenant._id)
      .collection('users')
      .update(other, (stored) => ({ ...stored, externalId: 'one' }));
    expect((await it.scim('post', '/Users', taken)).status).to.equal(409);
  });

  const ways: [string, (it: Given) => PromiseLike<{ status: number }>][] = [
    [
      'PATCH',
      ({ scim, group }) =>
        scim('patch', `/Groups/${group.id}`, {
          schemas: [urn.patch],
          Operations: [{ op: 'remove', path: 'members' }],
        }),
    ],
    ['PUT', ({ scim, group }) => scim('put', `/Groups/${group.id}`, { ...group, members: [] })],
    ['DELETE', ({ scim, group }) => scim('delete', `/Groups/${group.id}`)],
    [
      'bulk',
      ({ scim, group }) =>
        scim('post', '/Bulk', {
          schemas: [urn.bulk],
          Operations: [{ method: 'PUT', path: `/Groups/${group.id}`, data: { ...group, displayName: 'X' } }],
        }),
    ],
  ];
  for (const [name, way] of ways) {
    it(`keeps the roles that a ${name} of a group would take from more people than may lose them`, async () => {
      const it = await given({ people: 1 });
      expect((await way(it)).status).to.be.oneOf([200, 204]);
      const roles = await Promise.all(it.ids.map(rolesOf));
      expect(roles.filter((list) => list.includes('crm:agent'))).to.have.length(3);
      const held = await it.held();
      expect(held.map((one) => one.roles)).to.deep.equal([['crm:agent'], ['crm:agent'], ['crm:agent']]);
    });
  }

  it('releases all in one act: access ends, people go, roles are taken, as by the request itself', async () => {
    const it = await given({ people: 1 });
    const [first = '', gone = '', disabled = '', demoted = ''] = it.ids;
    await it.patch(first, off);
    await it.scim('delete', `/Users/${gone}`);
    await it.patch(disabled, off);
    await ways[0]![1](it);
    const sessions = app.core.store.tenant(acme.tenant._id).collection('users');
    expect((await sessions.get(disabled))?.accessRevokedAt).to.equal(null);
    const { job } = await runBulk(acme, `${it.path}/release`, {});
    expect(job.counts).to.deep.equal({ done: 3, unchanged: 0, refused: 0 });
    expect((await acme.call('get', `/users/${gone}`)).status).to.equal(404);
    expect((await user(disabled)).enabled).to.equal(false);
    expect((await sessions.get(disabled))?.accessRevokedAt).to.not.equal(null);
    expect(await rolesOf(demoted)).to.deep.equal([]);
    expect((await events(disabled)).find(({ action }) => action === 'user.disabled')?.actor.type).to.equal(
      'api_key',
    );
    expect(await it.held()).to.deep.equal([]);
    expect(await it.since()).to.equal(null);
  });

  it('drops what was held: people keep their access, and their roles by hand', async () => {
    const it = await given({ people: 1 });
    const [first = '', gone = '', disabled = '', demoted = ''] = it.ids;
    await it.patch(first, off);
    await it.scim('delete', `/Users/${gone}`);
    await it.patch(disabled, off);
    await ways[0]![1](it);
    const { job } = await runBulk(acme, `${it.path}/drop`, { userIds: [gone, disabled, demoted] });
    expect(job.counts).to.deep.equal({ done: 3, unchanged: 0, refused: 0 });
    expect((await it.scim('get', `/Users/${disabled}`)).body).to.include({ active: true });
    expect((await it.scim('get', `/Users/${gone}`)).status).to.equal(200);
    const { roles } = await user(demoted);
    expect(roles.map(({ role, sources }) => [role, sources.map(({ type }) => type)])).to.deep.equal([
      ['crm:agent', ['manual']],
    ]);
    expect(await it.held()).to.deep.equal([]);
  });

  it('keeps the last holder of a role', async () => {
    const it = await given({ lastHolders: true }, 2);
    const others = await app.core.store
      .tenant(acme.tenant._id)
      .collection('users')
      .find({ 'grants.role': 'crm:agent', _id: { $nin: it.ids } });
    for (const { _id } of others)
      await app.core.store
        .tenant(acme.tenant._id)
        .collection('users')
        .update(_id, (stored) => ({ ...stored, enabled: false }));
    const answers = await Promise.all(it.ids.map((id) => it.patch(id, off)));
    expect(answers.map(({ status }) => status)).to.deep.equal([200, 200]);
    expect(await enabled(it)).to.equal(1);
    expect(await it.held()).to.have.length(1);
  });

  it('lets no more pass when many requests come at once', async () => {
    const it = await given({ people: 3 }, 8);
    const answers = await Promise.all(it.ids.map((id) => it.patch(id, off)));
    expect(new Set(answers.map(({ status }) => status))).to.deep.equal(new Set([200]));
    expect(await enabled(it)).to.equal(5);
    expect(await it.held()).to.have.length(5);
  });

  it('counts a share of the directory’s people within its window alone', async () => {
    const it = await given({ percent: 50, windowMinutes: 60 });
    for (const id of it.ids.slice(0, 3)) await it.patch(id, off);
    expect(await enabled(it)).to.equal(2);
    clock.advance(61 * 60_000);
    await it.patch(it.ids[3]!, off);
    expect(await enabled(it)).to.equal(1);
    expect((await it.held()).map(({ userId }) => userId)).to.deep.equal([it.ids[2]]);
  });

  it('does what nobody decided on, after the time that was set for it', async () => {
    const it = await given({ people: 1, releaseAfterHours: 4 }, 2);
    for (const id of it.ids) await it.patch(id, off);
    expect(await it.held()).to.have.length(1);
    clock.advance(4 * 3_600_000 + 1000);
    await eventually(async () => (await enabled(it)) === 0, 'the release of what was held');
  });

  it('ends with its directory, and is off unless it is asked for', async () => {
    const it = await given({ people: 1 });
    for (const id of it.ids) await it.patch(id, off);
    await it.scim('delete', `/Users/${it.ids[3]!}`);
    await acme.call('delete', `/directories/${it.directory}`);
    const left = () => app.core.store.tenant(acme.tenant._id).collection('users').get(it.ids[3]!);
    await eventually(
      async () => (await left())?.heldChange === null,
      'the people of a directory that is gone',
    );
    expect(await left()).to.deep.include({ directoryId: null, enabled: true });
    const free = await given(null);
    for (const id of free.ids) await free.patch(id, off);
    expect(await enabled(free)).to.equal(0);
    expect(
      await app.core.store.tenant(acme.tenant._id).collection('directory_guards').get(free.directory),
    ).to.equal(undefined);
    const none = await acme.call('post', '/directories').send({ name: 'none', changeGuard: {} });
    expect(none.status).to.equal(400);
  });

  it('is decided on by those alone who manage directories', async () => {
    const it = await given({ people: 1 });
    const key = await acme.givenKey(['users.read', 'users.enable']);
    expect((await acme.call('post', `${it.path}/release`, key).send({})).status).to.equal(403);
    expect((await acme.call('get', it.path, key)).status).to.equal(403);
  });
});
