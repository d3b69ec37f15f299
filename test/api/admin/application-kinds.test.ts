import { expect } from 'chai';
import { givenTenant, type ApiTenant } from '../../support/api.js';
import { startApp, type TestApp } from '../../support/app.js';
import { unique } from '../../support/people.js';

interface Body {
  id: string;
  code?: string;
  errors?: { pointer: string }[];
  [name: string]: unknown;
}

describe('kinds of applications and their APIs', () => {
  let app: TestApp;
  let acme: ApiTenant;
  before(async () => {
    app = await startApp();
    acme = await givenTenant(app);
  });
  after(() => app.stop());

  const resources = () => [{ resource: `https://${unique('api')}.example.test`, scopes: ['orders.read'] }];
  const web = { name: 'App', redirectUris: ['https://app.example.test/cb'] };
  const create = async (fields: Record<string, unknown>, as = acme) => {
    const res = await as.call('post', '/applications').send({ key: unique('app'), name: 'App', ...fields });
    const body = res.body as Body;
    return { status: res.status, body, pointers: (body.errors ?? []).map(({ pointer }) => pointer) };
  };

  const kinds: [string, Record<string, unknown>, boolean][] = [
    ['web', web, true],
    ['spa', { ...web, kind: 'spa' }, false],
    ['native', { kind: 'native', redirectUris: ['com.example.app:/cb', 'http://127.0.0.1/cb'] }, false],
    ['machine', { kind: 'machine', resources: resources() }, true],
    ['native', { isPublic: true, redirectUris: ['http://127.0.0.1/cb'] }, false],
    ['spa', { ...web, isPublic: true }, false],
  ];
  for (const [kind, fields, hasSecret] of kinds) {
    it(`registers ${JSON.stringify(Object.keys(fields))} as ${kind}, ${hasSecret ? 'with' : 'without'} a secret`, async () => {
      const { status, body } = await create(fields);
      expect(status).to.equal(201);
      expect(body).to.include({ kind, isPublic: !hasSecret });
      expect(typeof body['clientSecret']).to.equal(hasSecret ? 'string' : 'object');
    });
  }

  const bad: [string, Record<string, unknown>, string][] = [
    ['no redirect address', {}, '/redirectUris'],
    ['a machine people are sent to', { ...web, kind: 'machine', resources: resources() }, '/redirectUris'],
    ['a machine without an API', { kind: 'machine' }, '/resources'],
    ['a page with a secret', { ...web, kind: 'spa', isPublic: false }, '/kind'],
    ['a server without one', { ...web, kind: 'web', isPublic: true }, '/kind'],
    [
      'a page with a scheme of its own',
      { kind: 'spa', redirectUris: ['com.example.app:/cb'] },
      '/redirectUris/0',
    ],
    [
      'an overlap without a secret',
      { ...web, kind: 'spa', refreshOverlapSeconds: 10 },
      '/refreshOverlapSeconds',
    ],
    ['a long overlap', { ...web, refreshOverlapSeconds: 61 }, '/refreshOverlapSeconds'],
    [
      'an API that is no URI',
      { ...web, resources: [{ resource: 'orders', scopes: [] }] },
      '/resources/0/resource',
    ],
    ...['javascript:alert(1)', 'https://u:p@a.test', 'https://A.test', 'https://a.test:443'].map(
      (resource) =>
        [
          `the API ${resource}`,
          { ...web, resources: [{ resource, scopes: [] }] },
          '/resources/0/resource',
        ] as [string, Record<string, unknown>, string],
    ),
    [
      'an API with a fragment',
      { ...web, resources: [{ resource: 'https://a.test/#x', scopes: [] }] },
      '/resources/0/resource',
    ],
    [
      'a scope of OpenID',
      { ...web, resources: [{ resource: 'https://a.test', scopes: ['email'] }] },
      '/resources/0/scopes/0',
    ],
    [
      'a scope with a space',
      { ...web, resources: [{ resource: 'https://a.test', scopes: ['a b'] }] },
      '/resources/0/scopes/0',
    ],
    [
      'an API twice',
      { ...web, resources: [...Array(2)].map(() => ({ resource: 'https://a.test', scopes: [] })) },
      '/resources/1/resource',
    ],
  ];
  for (const [what, fields, pointer] of bad) {
    it(`refuses ${what} (${pointer})`, async () => {
      const { status, pointers } = await create(fields);
      expect(status).to.equal(400);
      expect(pointers).to.include(pointer);
    });
  }

  it('refuses this server’s own addresses as an API', async () => {
    const { pointers } = await create({
      ...web,
      resources: [{ resource: `${app.url}/scim/v2`, scopes: [] }],
    });
    expect(pointers).to.deep.equal(['/resources/0/resource']);
  });

  it('lets one owner alone have an API, also when two ask at the same moment; its end sets it free', async () => {
    const other = await givenTenant(app);
    const api = resources();
    const mine = { ...web, resources: api };
    const [first, second] = await Promise.all([create(mine), create(mine, other)]);
    expect([first.status, second.status].sort()).to.deep.equal([201, 409]);
    const [owner, late] = first.status === 201 ? [acme, other] : [other, acme];
    const { body } = first.status === 201 ? first : second;
    const refused = await create(mine, late);
    expect([refused.body.code, refused.pointers[0]]).to.deep.equal([
      'application.resource_taken',
      '/resources/0/resource',
    ]);
    const slashed = {
      ...web,
      resources: api.map(({ resource, scopes }) => ({ resource: `${resource}/`, scopes })),
    };
    expect((await create(slashed, late)).status).to.equal(409);
    expect((await create(mine, owner)).status).to.equal(201);
    const later = await create(web, late);
    await late.call('patch', `/applications/${later.body.id}`).send({ resources: api }).expect(409);
    const { items } = (await owner.call('get', '/applications?limit=100')).body as { items: Body[] };
    for (const { id, resources: held } of items) {
      if (JSON.stringify(held) !== JSON.stringify(api)) continue;
      await owner.call('delete', `/applications/${id}`).expect(204);
    }
    await late.call('patch', `/applications/${later.body.id}`).send({ resources: api }).expect(200);
    expect(body['resources']).to.deep.equal(api);
  });

  it('are changed one by one, and told in the audit trail', async () => {
    const { body } = await create(web);
    const change = { requireDpop: true, requirePar: true, refreshOverlapSeconds: 10, isThirdParty: true };
    const changed = await acme.call('patch', `/applications/${body.id}`).send(change).expect(200);
    expect(changed.body).to.include(change);
    const events = await acme.call('get', `/audit-events?action=application.updated&target=${body.id}`);
    const { items } = events.body as { items: { changes: { path: string }[] }[] };
    expect(items[0]!.changes.map(({ path }) => path)).to.have.members(Object.keys(change));
  });

  it('gives no secret to what runs in a browser', async () => {
    const { body } = await create({ ...web, kind: 'spa' });
    const refused = await acme.call('post', `/applications/${body.id}/secret`).send({});
    expect(refused.status).to.equal(400);
  });
});
