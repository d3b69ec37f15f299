import { expect } from 'chai';
import supertest from 'supertest';
import { givenTenant, type ApiTenant } from '../../support/api.js';
import { startApp, type TestApp } from '../../support/app.js';
import { newUser, urn } from '../../support/scim-data.js';

type Json = Record<string, unknown>;

describe('a person whom an administrator holds', () => {
  let app: TestApp;
  let acme: ApiTenant;
  before(async () => {
    app = await startApp();
    acme = await givenTenant(app);
  });
  after(() => app.stop());

  /** A person that a directory of this dialect provisions. */
  async function given(dialect = 'auto') {
    const made = await acme.call('post', '/directories').send({ name: `D${Math.random()}`, dialect });
    const directory = (made.body as { id: string }).id;
    const minted = await acme.call('post', `/directories/${directory}/tokens`).send({ name: 't' });
    const { token } = minted.body as { token: string };
    const scim = (method: 'get' | 'post' | 'put' | 'patch' | 'delete', path: string, body?: Json) => {
      const call = supertest(app.url)[method](`/scim/v2${path}`).set('Authorization', `Bearer ${token}`);
      return body ? call.set('Content-Type', 'application/scim+json').send(JSON.stringify(body)) : call;
    };
    const resource = (await scim('post', '/Users', newUser())).body as Json & { id: string };
    const { id } = resource;
    const active = async (): Promise<unknown> => ((await scim('get', `/Users/${id}`)).body as Json)['active'];
    const user = async (): Promise<Json> => (await acme.call('get', `/users/${id}`)).body as Json;
    const count = async (filter: string): Promise<number> => {
      const found = await scim('get', `/Users?filter=${encodeURIComponent(`id eq "${id}" and ${filter}`)}`);
      return (found.body as { totalResults: number }).totalResults;
    };
    return { id, resource, scim, active, user, count, directory };
  }
  type Given = Awaited<ReturnType<typeof given>>;
  const disable = (id: string, body?: Json) => acme.call('post', `/users/${id}/disable`).send(body);

  const patch = (...Operations: Json[]): Json => ({ schemas: [urn.patch], Operations });
  /** How the providers say that somebody is to be let in again. */
  const revivals: [string, string, (person: Given) => PromiseLike<{ status: number }>][] = [
    [
      'PATCH replace',
      'auto',
      ({ scim, id }) => scim('patch', `/Users/${id}`, patch({ op: 'replace', path: 'active', value: true })),
    ],
    [
      'PATCH add',
      'strict',
      ({ scim, id }) => scim('patch', `/Users/${id}`, patch({ op: 'add', path: 'active', value: true })),
    ],
    [
      'PATCH without a path',
      'okta',
      ({ scim, id }) => scim('patch', `/Users/${id}`, patch({ op: 'replace', value: { active: true } })),
    ],
    [
      'PATCH in Entra’s words',
      'entra',
      ({ scim, id }) =>
        scim('patch', `/Users/${id}`, patch({ op: 'Replace', path: 'active', value: 'True' })),
    ],
    ['PUT', 'okta', ({ scim, id, resource }) => scim('put', `/Users/${id}`, { ...resource, active: true })],
    [
      'PUT in other words',
      'onelogin',
      ({ scim, id, resource }) => scim('put', `/Users/${id}`, { ...resource, active: 'true' }),
    ],
    [
      'bulk',
      'auto',
      ({ scim, id }) =>
        scim('post', '/Bulk', {
          schemas: [urn.bulk],
          Operations: [
            {
              method: 'PATCH',
              path: `/Users/${id}`,
              data: patch({ op: 'replace', path: 'active', value: true }),
            },
          ],
        }),
    ],
  ];
  for (const [how, dialect, revive] of revivals) {
    it(`stays out when the directory says active: true by ${how}, which is taken and read back`, async () => {
      const person = await given(dialect);
      const out = await disable(person.id);
      expect(out.body, out.text).to.include({ status: 'disabled', enabled: false, held: true });
      expect(await person.active()).to.equal(false);
      const answer = await revive(person);
      expect(answer.status).to.equal(200);
      expect(await person.active()).to.equal(true);
      expect(await person.user()).to.include({ status: 'disabled', enabled: false, held: true });
      expect(await person.count('active eq true')).to.equal(1);
      expect(await person.count('active eq false')).to.equal(0);
      const { version } = (await person.scim('get', `/Users/${person.id}`)).body.meta as {
        version: string;
      };
      await revive(person);
      const again = (await person.scim('get', `/Users/${person.id}`)).body.meta as { version: string };
      expect(again.version, 'saying it again changes nothing').to.equal(version);
    });
  }

  it('stays out when the directory’s active: true is replayed from its request log, and in when its active: false is', async () => {
    const person = await given();
    const say = (value: boolean) =>
      person.scim('patch', `/Users/${person.id}`, patch({ op: 'replace', path: 'active', value }));
    const latest = async (): Promise<string> => {
      const log = `/directories/${person.directory}/requests?limit=1`;
      const { items } = (await acme.call('get', log)).body as { items: { id: string; status: number }[] };
      expect(items[0]).to.include({ status: 200 });
      return items[0]!.id;
    };
    const replay = async (id: string): Promise<void> => {
      const res = await acme.call('post', `/directories/${person.directory}/requests/${id}/replay`);
      expect(res.status, res.text).to.equal(200);
    };
    await disable(person.id);
    await say(true);
    const revival = await latest();
    await replay(revival);
    expect(await person.user()).to.include({ enabled: false, held: true });
    await say(false);
    const end = await latest();
    expect(end).to.not.equal(revival);
    await acme.call('post', `/users/${person.id}/enable`).expect(200);
    const before = await person.user();
    await replay(end);
    expect(await person.user()).to.deep.equal(before);
    expect(before).to.include({ enabled: true, held: false });
  });

  it('is let in by people: enable, and PATCH enabled', async () => {
    for (const enable of [
      (id: string) => acme.call('post', `/users/${id}/enable`),
      (id: string) => acme.call('patch', `/users/${id}`).send({ enabled: true }),
    ]) {
      const person = await given();
      await disable(person.id);
      expect((await enable(person.id)).body).to.include({ enabled: true, held: false });
      expect(await person.active()).to.equal(true);
      await person.scim(
        'patch',
        `/Users/${person.id}`,
        patch({ op: 'replace', path: 'active', value: false }),
      );
      expect(await person.user()).to.include({ enabled: false, held: false });
      await person.scim(
        'patch',
        `/Users/${person.id}`,
        patch({ op: 'replace', path: 'active', value: true }),
      );
      expect(await person.user()).to.include({ enabled: true });
    }
  });

  it('is anybody who is disabled with hold, and not who is disabled with hold: false', async () => {
    const person = await given();
    await disable(person.id, { hold: false });
    expect(await person.user()).to.include({ enabled: false, held: false });
    await person.scim('patch', `/Users/${person.id}`, patch({ op: 'replace', path: 'active', value: true }));
    expect(await person.user()).to.include({ enabled: true });
    await acme.call('patch', `/users/${person.id}`).send({ enabled: false });
    expect(await person.user(), 'PATCH holds as the action does').to.include({ held: true });
    const local = await acme.givenUser();
    expect((await disable(local._id)).body).to.include({ held: false });
    expect((await disable(local._id, { hold: true })).body).to.include({ held: true });
    expect((await disable(local._id, { hold: false })).body).to.include({ enabled: false, held: false });
  });

  it('may be one whom the directory has put out already', async () => {
    const person = await given();
    await person.scim('patch', `/Users/${person.id}`, patch({ op: 'replace', path: 'active', value: false }));
    expect((await disable(person.id, { hold: true })).body).to.include({ held: true });
    await person.scim('patch', `/Users/${person.id}`, patch({ op: 'replace', path: 'active', value: true }));
    expect(await person.user()).to.include({ status: 'disabled' });
  });

  it('stays so when the directory changes something else, sends no active, or goes and another one comes', async () => {
    const person = await given();
    await disable(person.id);
    await person.scim('patch', `/Users/${person.id}`, patch({ op: 'replace', path: 'title', value: 'x' }));
    const { active: _, ...rest } = person.resource;
    await person.scim('put', `/Users/${person.id}`, rest);
    expect(await person.user()).to.include({ held: true, enabled: false });
    expect(await person.active()).to.equal(false);
    await acme.call('delete', `/directories/${person.directory}`);
    const next = await given();
    await next.scim('put', `/Users/${person.id}`, { ...rest, active: true });
    expect(await person.user()).to.include({ held: true, enabled: false });
  });

  it('is told in the audit trail: who held, and what the directory said', async () => {
    const person = await given();
    await disable(person.id);
    await person.scim('patch', `/Users/${person.id}`, patch({ op: 'replace', path: 'active', value: true }));
    await acme.call('post', `/users/${person.id}/enable`);
    const { body } = await acme.call('get', `/audit-events?target=${person.id}&sort=at`);
    const events = (
      body as { items: { action: string; actor: { type: string }; changes: { path: string }[] }[] }
    ).items;
    const told = events.map(({ action, actor, changes }) => [
      action,
      actor.type,
      changes.map(({ path }) => path).sort(),
    ]);
    expect(told).to.deep.include(['user.disabled', 'api_key', ['active', 'enabled', 'held']]);
    expect(told).to.deep.include(['user.updated', 'scim', ['active']]);
    expect(told).to.deep.include(['user.enabled', 'api_key', ['active', 'enabled', 'held']]);
  });
});
