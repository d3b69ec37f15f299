import { expect } from 'chai';
import { setEnabled, setManualRoles } from '../../../src/identity/users/actions.js';
import { createApiKey } from '../../../src/identity/applications/api-keys.js';
import { isAllowedFrom, permissionsOf } from '../../../src/identity/applications/key-limits.js';
import { createRole } from '../../../src/identity/roles/roles.js';
import { givenTenant, type ApiTenant } from '../../support/api.js';
import { startApp, type TestApp } from '../../support/app.js';
import { ManualClock } from '../../support/clock.js';
import { sessionCall } from '../../support/session-call.js';

interface Key {
  id: string;
  key: string;
  scopes: string[] | null;
  ownerId: string | null;
}

describe('API keys', () => {
  const clock = new ManualClock();
  let app: TestApp;
  let acme: ApiTenant;
  before(async () => {
    app = await startApp({ clock });
    acme = await givenTenant(app);
  });
  after(() => app.stop());

  let serial = 0;
  const make = async (more: object = {}): Promise<Key> => {
    serial += 1;
    const body = { name: `key ${serial}`, role: 'administrator', ...more };
    const res = await acme.call('post', '/api-keys').send(body);
    expect(res.status, res.text).to.equal(201);
    return res.body as Key;
  };
  const statusOf = async (key: string, path = '/users'): Promise<number> =>
    (await acme.call('get', path, key)).status;

  it('are cut down to their scopes', async () => {
    const { id, key } = await make({ scopes: ['users.read'] });
    expect(await statusOf(key)).to.equal(200);
    expect(await statusOf(key, '/api-keys')).to.equal(403);
    const wider = { scopes: ['users.read', 'account.settings'] };
    await acme.call('patch', `/api-keys/${id}`).send(wider).expect(200);
    expect(await statusOf(key, '/api-keys')).to.equal(200);
    await acme
      .call('patch', `/api-keys/${id}`)
      .send({ scopes: ['users.fly'] })
      .expect(400);
  });

  it('are good from their addresses alone', async () => {
    expect(await statusOf((await make({ addresses: ['127.0.0.0/8', '::1'] })).key)).to.equal(200);
    const { key } = await make({ addresses: ['10.1.0.0/16'] });
    expect(await statusOf(key)).to.equal(403);
    const res = await acme
      .call('post', '/api-keys')
      .send({ name: 'odd', role: 'administrator', addresses: ['10.0.0.0/8', '10.0.0.0/99', 'home'] })
      .expect(400);
    expect(
      (res.body as { errors: { pointer: string }[] }).errors.map(({ pointer }) => pointer),
    ).to.deep.equal(['/addresses/1', '/addresses/2']);
  });

  const places: readonly [string[], string | null, boolean][] = [
    [[], null, true],
    [['10.0.0.0/8'], '10.255.0.1', true],
    [['10.0.0.0/8'], '::ffff:10.255.0.1', true],
    [['10.0.0.0/8'], '11.0.0.1', false],
    [['2001:db8::/32'], '2001:db8::7', true],
    [['2001:db8::/32'], '2001:db9::7', false],
    [['192.0.2.7'], '192.0.2.7', true],
    [['192.0.2.7'], 'not an address', false],
    [['192.0.2.7'], null, false],
  ];
  for (const [addresses, ip, isAllowed] of places) {
    it(`${isAllowed ? 'may' : 'may not'} be used from ${ip} with the list [${addresses.join()}]`, () => {
      expect(isAllowedFrom({ addresses }, ip)).to.equal(isAllowed);
    });
  }

  it('never hold more than role, scopes and owner hold together', () => {
    const held = ['a', 'b', 'c'];
    expect([...permissionsOf(held, {}, undefined)]).to.deep.equal(held);
    expect([...permissionsOf(held, { scopes: ['b', 'x'] }, undefined)]).to.deep.equal(['b']);
    expect([...permissionsOf(held, { scopes: null }, new Set(['c']))]).to.deep.equal(['c']);
  });

  it('end with their owner, and may do no more than the owner may', async () => {
    const { core } = app;
    const owner = await acme.givenUser({ roles: ['administrator'] });
    await acme.givenUser({ roles: ['administrator'] });
    const input = { name: 'mine', role: 'administrator', userId: owner._id };
    const { key, document } = await createApiKey(core, acme.system, input);
    expect(await statusOf(key)).to.equal(200);
    const made = (await acme.call('post', '/api-keys', key).send({ name: 'its', role: 'administrator' }))
      .body as Key;
    expect(made.ownerId).to.equal(owner._id);
    await createRole(core, acme.system, {
      ...{
        key: 'reader',
        applicationKey: null,
        name: 'Reader',
        description: '',
        permissions: ['users.read'],
      },
    });
    await setManualRoles(core, acme.system, owner._id, ['reader']);
    expect([await statusOf(key), await statusOf(key, '/api-keys')]).to.deep.equal([200, 403]);
    await setEnabled(core, acme.system, owner._id, false);
    expect([await statusOf(key), await statusOf(made.key)]).to.deep.equal([401, 401]);
    await acme.call('delete', `/users/${owner._id}`).expect(204);
    expect(await statusOf(key)).to.equal(401);
    const shown = await acme.call('get', `/api-keys/${document._id}`).expect(200);
    expect(shown.body).to.include({ ownerId: owner._id });
  });

  it('get another value, while the one they had is good for the time asked for', async () => {
    const { id, key } = await make();
    const rotated = (
      await acme.call('post', `/api-keys/${id}/rotate`).send({ overlapSeconds: 60 }).expect(200)
    ).body as Key;
    expect(rotated.key)
      .to.match(/^gh_sk_/)
      .and.not.equal(key);
    expect([await statusOf(key), await statusOf(rotated.key)]).to.deep.equal([200, 200]);
    clock.advance(60_000);
    expect([await statusOf(key), await statusOf(rotated.key)]).to.deep.equal([401, 200]);
    const last = (await acme.call('post', `/api-keys/${id}/rotate`).expect(200)).body as Key;
    expect([await statusOf(rotated.key), await statusOf(last.key)]).to.deep.equal([401, 200]);
  });

  it('give no key, themselves included, a later end or other addresses than they have', async () => {
    const at = (seconds: number) => new Date(clock.now().getTime() + seconds * 1000).toISOString();
    const [soon, end, late] = [at(1800), at(3600), at(7200)];
    const home = ['127.0.0.0/8', '::1'];
    const [limited, other, free] = [
      await make({ expiresAt: end, addresses: home }),
      await make({ expiresAt: end, addresses: home }),
      await make(),
    ];
    const patch = (id: string, body: object, key = limited.key) =>
      acme.call('patch', `/api-keys/${id}`, key).send(body);
    const wider = [
      { expiresAt: null },
      { expiresAt: late },
      { addresses: [] },
      { addresses: [...home, '10.0.0.1'] },
    ];
    for (const body of wider) {
      for (const { id } of [limited, other])
        expect((await patch(id, body)).body).to.include({ status: 403, code: 'auth.forbidden' });
      const fresh = { name: 'fresh', role: 'administrator', expiresAt: end, addresses: home, ...body };
      const res = await acme.call('post', '/api-keys', limited.key).send(fresh);
      expect(res.body).to.include({ status: 403, code: 'auth.forbidden' });
    }
    await patch(free.id, { name: 'of no limits still', expiresAt: late }).expect(200);
    await patch(other.id, { addresses: ['::1'], expiresAt: soon }).expect(200);
    await patch(limited.id, { expiresAt: soon }).expect(200);
    const narrow = { name: 'narrow', role: 'administrator', expiresAt: soon, addresses: ['::1'] };
    await acme.call('post', '/api-keys', limited.key).send(narrow).expect(201);
    await patch(limited.id, { expiresAt: null, addresses: [] }, acme.key).expect(200);
  });

  it('are under the self rules of the person who rotated them, and keep their maker when they rotate themselves', async () => {
    const ada = await acme.givenUser({ roles: ['administrator'] });
    const { id, key } = await make();
    const disable = (value: string) => acme.call('post', `/users/${ada._id}/disable`, value);
    const session = await sessionCall(app, ada);
    const mine = (await session('post', `/api-keys/${id}/rotate`).expect(200)).body as Key;
    expect(mine).to.include({ createdBy: ada._id });
    expect((await disable(mine.key)).body).to.include({ status: 403, code: 'user.self_change' });
    const again = (await acme.call('post', `/api-keys/${id}/rotate`, mine.key).expect(200)).body as Key;
    expect(again).to.include({ createdBy: ada._id });
    expect((await disable(again.key)).body).to.include({ status: 403, code: 'user.self_change' });
    expect(await statusOf(key)).to.equal(401);
  });

  it('give no new value to keys of wider limits than theirs', async () => {
    const end = new Date(clock.now().getTime() + 3_600_000).toISOString();
    const limits = { expiresAt: end, addresses: ['127.0.0.0/8', '::1'] };
    const [limited, like, free] = [await make(limits), await make(limits), await make()];
    const rotate = (id: string) => acme.call('post', `/api-keys/${id}/rotate`, limited.key);
    expect((await rotate(free.id)).body).to.include({ status: 403, code: 'auth.forbidden' });
    expect(await statusOf(free.key)).to.equal(200);
    await rotate(like.id).expect(200);
    await rotate(limited.id).expect(200);
  });

  it('keep the self rules of whoever made the value that is used, while two are good', async () => {
    const people = [await acme.givenUser({ roles: ['administrator'] })];
    people.push(await acme.givenUser({ roles: ['administrator'] }));
    const [ada, bob] = [await sessionCall(app, people[0]!), await sessionCall(app, people[1]!)];
    const { body } = await ada('post', '/api-keys').send({ name: 'of Ada', role: 'administrator' });
    const { id, key } = body as Key;
    const rotated = await bob('post', `/api-keys/${id}/rotate`).send({ overlapSeconds: 60 }).expect(200);
    const codeOf = async (value: string, of: number) => {
      const res = await acme.call('patch', `/users/${people[of]!._id}`, value).send({ roles: [] });
      return (res.body as { code?: string }).code;
    };
    expect(await codeOf(key, 0)).to.equal('user.self_change');
    expect(await codeOf((rotated.body as Key).key, 1)).to.equal('user.self_change');
    expect(await codeOf(key, 1)).to.equal(undefined);
  });

  it('hold to the version that a change was decided on', async () => {
    const { id } = await make();
    const read = await acme.call('get', `/api-keys/${id}`).expect(200);
    expect(read.text)
      .to.not.contain('gh_sk_' + 'x')
      .and.not.contain('keyHash');
    const stale = () => ({ 'If-Match': 'W/"99"' });
    await acme.call('patch', `/api-keys/${id}`).set(stale()).send({ name: 'n' }).expect(412);
    await acme.call('post', `/api-keys/${id}/rotate`).set(stale()).expect(412);
    await acme.call('delete', `/api-keys/${id}`).set(stale()).expect(412);
    const etag = read.headers['etag'] ?? '';
    await acme.call('patch', `/api-keys/${id}`).set('If-Match', etag).send({ expiresAt: null }).expect(200);
    await acme.call('delete', `/api-keys/${id}`).expect(204);
    await acme.call('get', `/api-keys/${id}`).expect(404);
  });
});
