import { expect } from 'chai';
import { directoryActor } from '../../../src/identity/actors.js';
import { createApiKey } from '../../../src/identity/applications/api-keys.js';
import { createDirectory } from '../../../src/identity/directories/directories.js';
import { deleteRole } from '../../../src/identity/roles/remove-role.js';
import { createRole } from '../../../src/identity/roles/roles.js';
import { setManualRoles } from '../../../src/identity/users/actions.js';
import { givenTenant, type ApiTenant } from '../../support/api.js';
import { startApp, type TestApp } from '../../support/app.js';
import { givenProvisioned } from '../../support/people.js';

type Json = Record<string, unknown>;
interface Fault {
  pointer: string;
  detail: string;
}

describe('role rules in the API', () => {
  let app: TestApp;
  let acme: ApiTenant;
  before(async () => {
    const schema = { id: 'urn:acme:2.0:User', name: 'Acme', attributes: [{ name: 'badge', type: 'string' }] };
    const extensionSchemas = [{ alias: 'acme', resource: 'User', schema }];
    app = await startApp({ config: { scim: { extensionSchemas } as never } });
  });
  beforeEach(async () => {
    acme = await givenTenant(app);
    await acme.givenApplication('crm');
  });
  after(() => app.stop());

  const givenDirectory = async (): Promise<string> =>
    (await createDirectory(app.core, acme.system, { name: 'Okta' }))._id;
  const rule = (path: string, is = 'x'): Json => ({ when: { path, is }, grant: ['crm:agent'] });

  it('answer with the very rule that was added, also when it stood already', async () => {
    const path = `/directories/${await givenDirectory()}/rules`;
    const ids: string[] = [];
    for (const is of ['a', 'b', 'c']) {
      const added = await acme.call('post', path).send(rule('title', is));
      expect(added.body).to.deep.include({ when: { path: 'title', is } });
      ids.push((added.body as { id: string }).id);
    }
    for (const [index, is] of ['a', 'b', 'c'].entries()) {
      const again = await acme.call('post', path).send(rule(' title ', is));
      expect(again.body).to.deep.include({ id: ids[index], when: { path: 'title', is } });
    }
    expect(((await acme.call('get', path)).body as { total: number }).total).to.equal(3);
  });

  it('are added and removed side by side, and only in the version that If-Match names', async () => {
    const path = `/directories/${await givenDirectory()}/rules`;
    const names = ['a', 'b', 'c', 'd', 'e'];
    const added = await Promise.all(names.map((is) => acme.call('post', path).send(rule('title', is))));
    expect(added.map(({ status }) => status)).to.deep.equal(names.map(() => 201));
    const ids = added.map(({ body }) => (body as { id: string }).id);
    const stale = added[0]!.headers['etag'] ?? '';
    await acme.call('put', path).send({ rules: names.map((is) => rule('title', is)).reverse() });
    for (const [method, at] of [
      ['post', path],
      ['delete', `${path}/${ids[0]}`],
    ] as const) {
      const refused = await acme.call(method, at).set('If-Match', stale).send(rule('title', 'z'));
      expect(refused.status, method).to.equal(412);
    }
    const removed = await Promise.all(ids.slice(1).map((id) => acme.call('delete', `${path}/${id}`)));
    expect(removed.map(({ status }) => status)).to.deep.equal([204, 204, 204, 204]);
    const left = await acme.call('get', path);
    expect((left.body as { items: { id: string }[] }).items.map(({ id }) => id)).to.deep.equal([ids[0]]);
    const current = left.headers['etag'] ?? '';
    await acme.call('delete', `${path}/${ids[0]}`).set('If-Match', current).expect(204);
    await acme.call('delete', `${path}/${ids[0]}`).expect(404);
  });

  const enterprise = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';
  for (const path of [
    ...[
      'title',
      'userName',
      'externalId',
      'active',
      'name.familyName',
      'emails',
      'emails.value',
      'EMAILS.TYPE',
    ],
    ...[
      'roles.value',
      'entitlements',
      'groups',
      'groups.displayName',
      'department',
      `${enterprise}:department`,
    ],
    ...[`${enterprise}:manager.displayName`, 'badge', 'urn:acme:2.0:User:badge'],
    'urn:ietf:params:scim:schemas:core:2.0:User:title',
  ]) {
    it(`take the path ${path}`, async () => {
      const res = await acme.call('post', `/directories/${await givenDirectory()}/rules`).send(rule(path));
      expect(res.status, res.text).to.equal(201);
    });
  }

  const misspelt: [string, string | undefined][] = [
    ['departmnt', 'department'],
    ['group.displayName', 'groups.displayName'],
    ['roles.valeu', 'roles.value'],
    [`${enterprise}:departmnt`, `${enterprise}:department`],
    ['urn:acme:2.0:User:bagde', 'urn:acme:2.0:User:badge'],
    ['emails.vlaue', 'emails.value'],
    ['nmae.familyName', 'name.familyName'],
    ['groups.displyName', undefined],
    ['password', undefined],
    ['urn:nobody:2.0:User:x', undefined],
    ['name.familyName.more', undefined],
    ['zzzzzz', undefined],
  ];
  for (const [path, meant] of misspelt) {
    it(`refuse the path ${path}${meant === undefined ? '' : ` and ask for ${meant}`}, wherever a rule is given`, async () => {
      const id = await givenDirectory();
      const calls: ['post' | 'put', string, Json, string][] = [
        ['post', `/directories/${id}/rules`, rule(path), '/when/path'],
        ['put', `/directories/${id}/rules`, { rules: [rule('title'), rule(path)] }, '/rules/1/when/path'],
        ['post', '/directories', { name: 'Other', roleRules: [rule(path)] }, '/roleRules/0/when/path'],
      ];
      for (const [method, at, body, pointer] of calls) {
        const res = await acme.call(method, at).send(body);
        expect(res.status, at).to.equal(400);
        const fault = (res.body as { errors: Fault[] }).errors[0];
        expect(fault?.pointer).to.equal(pointer);
        if (meant !== undefined) expect(fault?.detail).to.contain(`did you mean ${meant}?`);
      }
    });
  }

  it('are named, with their directory, by the explanation of what they gave', async () => {
    const directory = await createDirectory(app.core, acme.system, {
      name: 'Okta',
      roleRules: [{ when: { path: 'title', is: 'x' }, grant: ['crm:agent'] }],
    });
    const user = await givenProvisioned(app.core, directoryActor(directory, { name: 't' }), {
      attributes: { title: 'x' },
    });
    await setManualRoles(app.core, acme.system, user._id, ['crm:agent']);
    const res = await acme.call('get', `/users/${user._id}/role-explanation`);
    const [role] = (res.body as { roles: { sources: Json[] }[] }).roles;
    const by = (type: string) => role?.sources.find((source) => source['type'] === type);
    expect(by('rule')).to.deep.include({
      rule: directory.roleRules[0]?.id,
      directory: { id: directory._id, name: 'Okta' },
    });
    expect(by('manual')).to.deep.include({ rule: null, directory: null });
  });
});

describe('a name of a role', () => {
  let app: TestApp;
  before(async () => {
    app = await startApp();
  });
  after(() => app.stop());

  const role = (key: string) => ({ key, applicationKey: null, name: key, description: '', permissions: [] });

  /** Ways to hold a powerless role of a name that another preset gives power. */
  const holders: [string, (acme: ApiTenant, key: string) => Promise<unknown>][] = [
    ['a user', async (acme, key) => acme.givenUser({ roles: [key] })],
    ['an API key', (acme, key) => createApiKey(app.core, acme.system, { name: 'k', role: key })],
    ['a group', async (acme, key) => acme.call('post', '/groups').send({ displayName: 'G', roles: [key] })],
    [
      'a rule',
      (acme, key) =>
        createDirectory(app.core, acme.system, {
          name: 'D',
          roleRules: [{ when: { path: 'title', is: 'x' }, grant: [key] }],
        }),
    ],
  ];
  const armed: [string, string, string][] = [
    ['default', 'marketing', 'full_admin'],
    ['growth', 'contact-center', 'viewer'],
    ['default', 'service-portal', 'account_manager'],
  ];
  for (const [from, to, key] of armed) {
    for (const [who, hold] of holders) {
      it(`that ${who} holds under ${from} is not armed by the preset ${to}, but by who holds what ${key} holds there`, async () => {
        const acme = await givenTenant(app, { preset: from });
        const weak = await acme.givenKey(['account.settings', 'roles.manage']);
        if (from === 'default') await createRole(app.core, acme.system, role(key));
        await hold(acme, key);
        const res = await acme.call('post', '/settings/preset', weak).send({ preset: to });
        expect(res.body, res.text).to.include({ status: 403, code: 'role.not_grantable' });
        expect((await acme.call('post', '/settings/preset').send({ preset: to })).status).to.equal(200);
      });
    }
  }

  for (const [from, key] of [
    ['marketing', 'full_admin'],
    ['contact-center', 'manager'],
    ['service-portal', 'account'],
  ] as const) {
    for (const [who, hold] of holders) {
      it(`that ${who} holds under ${from} is not taken by another preset, but by who holds what ${key} holds`, async () => {
        const acme = await givenTenant(app, { preset: from });
        await acme.givenUser({ roles: ['administrator'] });
        const weak = await acme.givenKey(['account.settings']);
        await hold(acme, key);
        const res = await acme.call('post', '/settings/preset', weak).send({ preset: 'default' });
        expect(res.body, res.text).to.include({ status: 403, code: 'role.not_grantable' });
        expect((await acme.call('post', '/settings/preset').send({ preset: 'default' })).status).to.equal(
          200,
        );
      });
    }
  }

  it('that nobody holds hinders no change of preset', async () => {
    const acme = await givenTenant(app);
    const weak = await acme.givenKey(['account.settings']);
    const res = await acme.call('post', '/settings/preset', weak).send({ preset: 'marketing' });
    expect(res.status, res.text).to.equal(200);
  });

  it('that is deleted while a key is made for it leaves no key behind that a later role would arm', async () => {
    const acme = await givenTenant(app);
    for (let round = 0; round < 10; round += 1) {
      await createRole(app.core, acme.system, role(`x${round}`));
      const [made, gone] = await Promise.allSettled([
        createApiKey(app.core, acme.system, { name: `k${round}`, role: `x${round}` }),
        deleteRole(app.core, acme.system, `x${round}`),
      ]);
      const won = [made, gone].filter(({ status }) => status === 'fulfilled');
      expect(won, `round ${round}`).to.have.length(1);
    }
  });

  it('that somebody still holds from another preset is not taken by a new role', async () => {
    const acme = await givenTenant(app, { preset: 'growth' });
    await acme.givenUser({ roles: ['editor'] });
    await acme.call('post', '/settings/preset').send({ preset: 'default' });
    const res = await acme
      .call('post', '/roles')
      .send({ key: 'editor', name: 'E', permissions: ['users.read'] });
    expect(res.body).to.include({ status: 409, code: 'role.in_use' });
  });
});
