import { expect } from 'chai';
import type supertest from 'supertest';
import { createConnection } from '../../../src/identity/sso/connections.js';
import { givenTenant, type ApiTenant } from '../../support/api.js';
import { startApp, type TestApp } from '../../support/app.js';

interface Body {
  id: string;
  items: Record<string, unknown>[];
  errors: { pointer: string; detail: string }[];
  [name: string]: unknown;
}

const bodyOf = (res: supertest.Response): Body => res.body as Body;
const pointersOf = (res: supertest.Response): string[] => bodyOf(res).errors.map((fault) => fault.pointer);

describe('administration in the API', () => {
  let app: TestApp;
  let acme: ApiTenant;

  before(async () => {
    app = await startApp();
  });
  beforeEach(async () => {
    acme = await givenTenant(app);
  });
  after(() => app.stop());

  describe('settings', () => {
    it('are flat and dotted, changed by name, and taken over from a preset', async () => {
      const read = await acme.call('get', '/settings').expect(200);
      expect(read.body).to.include({
        'lockout.lockSeconds': 900,
        'sessions.idleSeconds': 900,
        'users.deletion': true,
      });
      const patched = await acme
        .call('patch', '/settings')
        .set('If-Match', read.headers['etag'] ?? '')
        .send({ 'lockout.lockSeconds': 60 });
      expect(patched.body).to.include({ 'lockout.lockSeconds': 60, 'lockout.threshold': 5 });
      const preset = await acme.call('post', '/settings/preset').send({ preset: 'records' });
      expect(preset.body).to.include({ 'lockout.lockSeconds': 900, 'users.deletion': false });
      const audit = await acme.call('get', '/audit-events?action=settings.changed');
      expect(bodyOf(audit).items).to.have.length(2);
    });

    it('refuse unknown names and wrong values with a pointer each', async () => {
      const res = await acme
        .call('patch', '/settings')
        .send({ 'lockout.lockSecond': 1, 'users.deletion': 'yes' });
      expect(res.status).to.equal(400);
      expect(pointersOf(res)).to.have.members(['/lockout.lockSecond', '/users.deletion']);
      await acme.call('post', '/settings/preset').send({ preset: 'nothing' }).expect(400);
    });
  });

  describe('roles', () => {
    it('are read by id or key, made, changed and deleted (M2-3)', async () => {
      const builtIn = await acme.call('get', '/roles/administrator').expect(200);
      expect(builtIn.body).to.include({ key: 'administrator', builtIn: true });
      const made = await acme
        .call('post', '/roles')
        .send({ key: 'support', name: 'Support', permissions: ['users.read'] });
      expect(made.status).to.equal(201);
      const changed = await acme
        .call('patch', '/roles/support')
        .send({ permissions: ['users.read', 'audit.read'] });
      expect(changed.body).to.deep.include({ permissions: ['users.read', 'audit.read'] });
      await acme.call('delete', `/roles/${bodyOf(made).id}`).expect(204);
      await acme.call('get', '/roles/support').expect(404);
    });

    it('that are built in cannot be changed, those in use not deleted, unknown permissions not given', async () => {
      expect((await acme.call('patch', '/roles/administrator').send({ name: 'X' })).body).to.include({
        code: 'role.built_in',
      });
      await acme.call('post', '/roles').send({ key: 'used', name: 'Used' }).expect(201);
      await acme.givenUser({ roles: ['used'] });
      expect((await acme.call('delete', '/roles/used')).body).to.include({
        status: 409,
        code: 'role.in_use',
      });
      const unknown = await acme
        .call('post', '/roles')
        .send({ key: 'x', name: 'X', permissions: ['users.read', 'moon.fly'] });
      expect(pointersOf(unknown)).to.deep.equal(['/permissions/1']);
    });

    it('beyond one’s own power cannot be made', async () => {
      const key = await acme.givenKey(['roles.manage', 'roles.read']);
      const res = await acme
        .call('post', '/roles', key)
        .send({ key: 'x', name: 'X', permissions: ['users.delete'] });
      expect(res.body).to.include({ status: 403, code: 'role.not_grantable' });
    });

    it('are not made where the tenant has the built-in ones only', async () => {
      await acme.call('patch', '/settings').send({ 'roles.custom': false }).expect(200);
      const res = await acme.call('post', '/roles').send({ key: 'x', name: 'X' });
      expect(res.body).to.include({ status: 403, code: 'role.custom_off' });
    });

    it('come with a catalogue of permissions', async () => {
      const res = await acme.call('get', '/permissions?q=users.re');
      expect(bodyOf(res).items.map((item) => item['key'])).to.include('users.read');
    });
  });

  describe('applications', () => {
    const input = { key: 'crm', name: 'CRM', redirectUris: ['http://localhost:4000/cb'] };

    it('show their secret once, and a new one when asked', async () => {
      const made = await acme.call('post', '/applications').send(input);
      expect(made.status).to.equal(201);
      const first = bodyOf(made)['clientSecret'];
      expect(first).to.be.a('string').with.length.above(20);
      const read = await acme.call('get', '/applications/crm');
      expect(read.body).to.include({ key: 'crm', isPublic: false }).and.to.not.have.property('clientSecret');
      const next = await acme.call('post', `/applications/${bodyOf(made).id}/secret`);
      expect(next.status).to.equal(201);
      expect(bodyOf(next)['clientSecret']).to.be.a('string').and.to.not.equal(first);
    });

    it('may be public, and tell their own roles', async () => {
      const made = await acme.call('post', '/applications').send({ ...input, isPublic: true });
      expect(made.body).to.include({ isPublic: true, clientSecret: null });
      await acme
        .call('post', '/roles')
        .send({ key: 'agent', application: 'crm', name: 'Agent', permissions: ['calls.read'] });
      const read = await acme.call('get', '/applications/crm');
      expect(bodyOf(read)['roles']).to.deep.equal([
        { key: 'agent', role: 'crm:agent', name: 'Agent', permissions: ['calls.read'] },
      ]);
    });

    it('say what their ID tokens are signed with: RS256 unless ES256 is asked for, and nothing else', async () => {
      const made = await acme.call('post', '/applications').send(input);
      expect(made.body).to.include({ idTokenSignedResponseAlg: 'RS256' });
      const change = acme.call('patch', '/applications/crm');
      expect((await change.send({ idTokenSignedResponseAlg: 'ES256' })).body).to.include({
        idTokenSignedResponseAlg: 'ES256',
      });
      const named = await acme.call('patch', '/applications/crm').send({ name: 'CRM 2' });
      expect(named.body).to.include({ idTokenSignedResponseAlg: 'ES256' });
      for (const alg of ['none', 'HS256', 'PS256', null]) {
        const bad = await acme.call('patch', '/applications/crm').send({ idTokenSignedResponseAlg: alg });
        expect(bad.status).to.equal(400);
        expect(pointersOf(bad)).to.deep.equal(['/idTokenSignedResponseAlg']);
      }
    });

    it('may be let off PKCE and have scim:me only when they say so, and without a secret never be let off', async () => {
      const made = await acme.call('post', '/applications').send(input);
      expect(made.body).to.include({ requirePkce: true, allowScimMe: false });
      const change = { requirePkce: false, allowScimMe: true };
      expect((await acme.call('patch', '/applications/crm').send(change)).body).to.include(change);
      const named = await acme.call('patch', '/applications/crm').send({ name: 'CRM 2' });
      expect(named.body).to.include(change);
      const open = { ...input, key: 'spa', isPublic: true, requirePkce: false };
      const refused = await acme.call('post', '/applications').send(open);
      expect(refused.status).to.equal(400);
      expect(pointersOf(refused)).to.deep.equal(['/requirePkce']);
      await acme
        .call('post', '/applications')
        .send({ ...open, requirePkce: true })
        .expect(201);
      const later = await acme.call('patch', '/applications/spa').send({ requirePkce: false });
      expect(later.status).to.equal(400);
      expect(pointersOf(later)).to.deep.equal(['/requirePkce']);
    });

    it('say how long the secret before the present one is good', async () => {
      await acme.call('post', '/applications').send(input).expect(201);
      const overlap = await acme.call('post', '/applications/crm/secret').send({ overlapSeconds: 3600 });
      expect(overlap.status).to.equal(201);
      expect(Date.parse(String(bodyOf(overlap)['previousSecretUntil'])) - Date.now()).to.be.within(
        3_500_000,
        3_600_000,
      );
      const none = await acme.call('post', '/applications/crm/secret');
      expect(bodyOf(none)['previousSecretUntil']).to.equal(null);
      for (const overlapSeconds of [-1, 1.5, '60', 2_592_001]) {
        const bad = await acme.call('post', '/applications/crm/secret').send({ overlapSeconds });
        expect(bad.status).to.equal(400);
        expect(pointersOf(bad)).to.deep.equal(['/overlapSeconds']);
      }
    });

    const native = 'com.example.app:/cb';
    const redirects: [string, { uris: string[]; isPublic: boolean; isTaken: boolean }][] = [
      ['a scheme of its own', { uris: [native], isPublic: true, isTaken: true }],
      ['a scheme of its own with a host', { uris: ['com.example.app://cb'], isPublic: true, isTaken: true }],
      [
        'all three kinds of native addresses',
        {
          uris: [native, 'https://app.example.com/cb', 'http://127.0.0.1/cb', 'http://[::1]/cb'],
          isPublic: true,
          isTaken: true,
        },
      ],
      ['a scheme of its own where there is a secret', { uris: [native], isPublic: false, isTaken: false }],
      ['a scheme anybody may use', { uris: ['myapp:/cb'], isPublic: true, isTaken: false }],
      ['a script', { uris: ['javascript:alert(1)'], isPublic: true, isTaken: false }],
      ['a file', { uris: ['file:///etc/passwd'], isPublic: true, isTaken: false }],
      ['plain http elsewhere', { uris: ['http://app.example.com/cb'], isPublic: true, isTaken: false }],
      [
        'plain http elsewhere beside a scheme of its own',
        { uris: [native, 'http://app.example.com/cb'], isPublic: true, isTaken: false },
      ],
      [
        'https on loopback beside a scheme of its own',
        { uris: [native, 'https://localhost/cb'], isPublic: true, isTaken: false },
      ],
      [
        'a scheme of its own with a fragment',
        { uris: ['com.example.app:/cb#x'], isPublic: true, isTaken: false },
      ],
    ];
    for (const [what, { uris, isPublic, isTaken }] of redirects) {
      it(`${isTaken ? 'take' : 'refuse'} ${what} as a redirect`, async () => {
        const made = await acme
          .call('post', '/applications')
          .send({ ...input, redirectUris: uris, isPublic });
        expect(made.status, made.text).to.equal(isTaken ? 201 : 400);
        if (!isTaken) expect(pointersOf(made)).to.deep.equal([`/redirectUris/${uris.length - 1}`]);
      });
    }

    it('refuse bad redirects, private logout addresses and taken client ids', async () => {
      const bad = await acme.call('post', '/applications').send({
        ...input,
        redirectUris: ['/cb', 'http://x.test/#a'],
        backchannelLogoutUri: 'http://127.0.0.1/x',
      });
      expect(bad.status).to.equal(400);
      expect(pointersOf(bad)).to.have.members([
        '/redirectUris/0',
        '/redirectUris/1',
        '/backchannelLogoutUri',
      ]);
      const strings = await acme
        .call('post', '/applications')
        .send({ ...input, redirectUris: 'http://x.test' });
      expect(pointersOf(strings)).to.deep.equal(['/redirectUris']);
      const clientId = `taken-${acme.tenant.slug}`;
      await acme
        .call('post', '/applications')
        .send({ ...input, clientId })
        .expect(201);
      const other = await givenTenant(app);
      expect((await other.call('post', '/applications').send({ ...input, clientId })).body).to.include({
        status: 409,
        code: 'application.client_id_taken',
      });
    });
  });

  describe('SSO connections', () => {
    const input = { name: 'Okta', issuer: 'https://acme.okta.com', clientId: 'gh', clientSecret: 's3cret' };

    it('never tell their secret, and say how a domain is proved', async () => {
      const made = await acme.call('post', '/sso-connections').send({ ...input, domains: ['Acme-Corp.com'] });
      expect(made.status).to.equal(201);
      expect(JSON.stringify(made.body)).to.not.contain('s3cret');
      expect(made.body).to.include({ hasClientSecret: true, mode: 'off' });
      expect(made.body).to.nested.include({
        'domains[0].domain': 'acme-corp.com',
        'domains[0].verified': false,
        'domains[0].record.name': '_gatehouse-challenge.acme-corp.com',
      });
      const { id } = bodyOf(made);
      const mode = await acme.call('patch', `/sso-connections/${id}`).send({ mode: 'required' });
      expect(mode.body).to.include({ mode: 'required', hasClientSecret: true });
    });

    it('refuse private issuers, public suffixes, and a say in what is verified', async () => {
      const priv = await acme
        .call('post', '/sso-connections')
        .send({ ...input, issuer: 'http://169.254.169.254/' });
      expect(pointersOf(priv)).to.deep.equal(['/issuer']);
      const suffix = await acme.call('post', '/sso-connections').send({ ...input, domains: ['co.uk'] });
      expect(pointersOf(suffix)).to.deep.equal(['/domains/0/domain']);
      const verified = { ...input, domains: [{ domain: 'acme-corp.com', verified: true }] };
      expect((await acme.call('post', '/sso-connections').send(verified)).status).to.equal(400);
    });

    it('trace where an address signs in, and why', async () => {
      const slug = `d${acme.tenant.slug}.com`;
      const domains = [{ domain: slug, verified: true }];
      await createConnection(app.core, acme.system, { ...input, mode: 'required', domains });
      const forwarded = await acme.call('get', `/sso-connections/trace?email=Nobody@${slug.toUpperCase()}`);
      expect(forwarded.body).to.deep.include({ outcome: 'forwarded', user: null });
      const local = await acme.call('get', `/sso-connections/trace?email=a@sub.${slug}`);
      expect(local.body).to.deep.include({ outcome: 'local', connection: null });
      expect(pointersOf(await acme.call('get', '/sso-connections/trace?email=a@b@c'))).to.deep.equal([
        '?email',
      ]);
    });

    it('test their provider and say what is wrong, without a request to private addresses', async () => {
      const made = await acme
        .call('post', '/sso-connections')
        .send({ ...input, issuer: 'https://nowhere.invalid' });
      const res = await acme.call('post', `/sso-connections/${bodyOf(made).id}/test`).expect(200);
      expect(res.body).to.nested.include({ ok: false, 'checks[0].name': 'discovery', 'checks[0].ok': false });
    });
  });

  describe('groups', () => {
    it('are made with members, read, renamed, and lose members one by one (M1-33)', async () => {
      const ada = await acme.givenUser({ givenName: 'Ada', familyName: 'L' });
      const bob = await acme.givenUser();
      const made = await acme.call('post', '/groups').send({ displayName: 'Staff', members: [ada._id] });
      expect(made.status).to.equal(201);
      const { id } = bodyOf(made);
      expect(made.body).to.deep.include({
        displayName: 'Staff',
        memberCount: 1,
        members: [{ id: ada._id, type: 'user', displayName: 'Ada L' }],
      });
      await acme
        .call('post', `/groups/${id}/members`)
        .send({ members: [bob._id] })
        .expect(200);
      await acme.call('delete', `/groups/${id}/members/${ada._id}`).expect(204);
      const again = await acme.call('delete', `/groups/${id}/members/${ada._id}`);
      expect(again.body).to.include({ status: 404, code: 'member.not_found' });
      const members = await acme.call('get', `/groups/${id}/members`);
      expect(members.body).to.nested.include({ total: 1, 'items[0].id': bob._id });
      const user = await acme.call('get', `/users/${bob._id}`);
      expect(bodyOf(user)['groups']).to.deep.equal([{ id, displayName: 'Staff' }]);
      expect(
        (await acme.call('patch', `/groups/${id}`).send({ displayName: 'Crew', members: [] })).body,
      ).to.include({
        displayName: 'Crew',
        memberCount: 0,
      });
      expect((await acme.call('get', '/groups?q=cre')).body).to.include({ total: 1 });
      await acme.call('delete', `/groups/${id}`).expect(204);
    });

    it('are not left behind when a member is not there', async () => {
      const res = await acme.call('post', '/groups').send({ displayName: 'Ghosts', members: ['nobody'] });
      expect(res.status).to.equal(400);
      expect(pointersOf(res)).to.deep.equal(['/members/0']);
      expect((await acme.call('get', '/groups')).body).to.include({ total: 0 });
    });

    it('name the place of a member who is not there, however the list is sent', async () => {
      const { _id } = await acme.givenUser();
      const made = await acme.call('post', '/groups').send({ displayName: 'Some' }).expect(201);
      const { id } = made.body as { id: string };
      const few = [_id, _id, 'nobody', _id];
      const many = [
        ...Array.from({ length: 300 }, () => _id),
        ...Array.from({ length: 300 }, (_, i) => `n${i}`),
      ];
      for (const [members, place] of [
        [few, 2],
        [many, 300],
      ] as const) {
        for (const call of [
          acme.call('post', '/groups').send({ displayName: 'Others', members }),
          acme.call('patch', `/groups/${id}`).send({ members }),
          acme.call('post', `/groups/${id}/members`).send({ members }),
        ]) {
          const res = await call;
          expect(res.status, res.text).to.equal(400);
          expect(pointersOf(res)).to.deep.equal([`/members/${place}`]);
        }
      }
      expect((await acme.call('get', `/groups/${id}/members`)).body).to.include({ total: 0 });
    });
  });

  describe('API keys', () => {
    it('are shown once, work, and are dead at once when revoked', async () => {
      const made = await acme.call('post', '/api-keys').send({ name: 'ci', role: 'administrator' });
      expect(made.status).to.equal(201);
      const key = String(bodyOf(made)['key']);
      await acme.call('get', '/users', key).expect(200);
      const list = await acme.call('get', '/api-keys?q=ci');
      expect(list.body).to.nested.include({ total: 1, 'items[0].role': 'administrator' });
      expect(list.text).to.not.contain(key);
      await acme.call('delete', `/api-keys/${bodyOf(made).id}`).expect(204);
      await acme.call('get', '/users', key).expect(401);
    });

    it('cannot do more than who makes them, and end at their time', async () => {
      const weak = await acme.givenKey(['account.settings']);
      const strong = await acme.call('post', '/api-keys', weak).send({ name: 'x', role: 'administrator' });
      expect(strong.body).to.include({ status: 403, code: 'role.not_grantable' });
      const past = { name: 'old', role: 'administrator', expiresAt: '2020-01-01T00:00:00Z' };
      const old = bodyOf(await acme.call('post', '/api-keys').send(past));
      await acme.call('get', '/users', String(old['key'])).expect(401);
    });

    it('are limited where the tenant says so: 429 with Retry-After', async () => {
      const limited = await givenTenant(app, { settings: { 'api.requestsPerSecond': 3 } });
      const answers = await Promise.all(
        Array.from({ length: 12 }, () => limited.call('get', '/permissions')),
      );
      const refused = answers.filter((answer) => answer.status === 429);
      expect(refused).to.not.be.empty;
      expect(refused[0]?.headers['retry-after']).to.equal('1');
      expect(answers.some((answer) => answer.status === 200)).to.equal(true);
    });
  });

  describe('audit events', () => {
    it('are listed newest first with who, what and to whom, filtered, and leafed through', async () => {
      const user = await acme.givenUser();
      await acme.call('post', `/users/${user._id}/disable`).expect(200);
      const res = await acme.call('get', `/audit-events?target=${user._id}`);
      expect(bodyOf(res).items.map((event) => event['action'])).to.deep.equal([
        'user.disabled',
        'user.created',
      ]);
      expect(bodyOf(res).items[0]).to.nested.include({
        'actor.type': 'api_key',
        'actor.label': 'tests',
        result: 'success',
      });
      expect(bodyOf(res).items[0]?.['changes']).to.deep.equal([
        { path: 'enabled', before: true, after: false },
      ]);
      const today = (bodyOf(res).items[0]?.['at'] as string).slice(0, 10);
      const byAddress = await acme.call(
        'get',
        `/audit-events?target=${encodeURIComponent(user.email ?? '')}&from=${today}&to=${today}`,
      );
      expect(bodyOf(byAddress).items).to.deep.equal(bodyOf(res).items);
      const first = await acme.call('get', '/audit-events?limit=1&sort=at');
      const { next } = first.body as { next: string };
      const second = await acme.call('get', `/audit-events?limit=1&sort=at&cursor=${next}`);
      expect(bodyOf(second).items[0]?.['id']).to.not.equal(bodyOf(first).items[0]?.['id']);
    });

    it('export as CSV', async () => {
      const res = await acme.call('get', '/audit-events/export.csv').expect(200);
      const rows = res.text.replace('\ufeff', '').trimEnd().split('\r\n');
      expect(rows[0]).to.equal('When,Actor,Action,Target,Target id,Changes,IP,Request,Result');
      const listed = await acme.call('get', '/audit-events?limit=1000').expect(200);
      // The export's own event came after what it tells of.
      const events = (listed.body as { items: { at: string; action: string }[] }).items.slice(-5);
      const told = rows.map((row) => row.split(',').filter((_, at) => at === 0 || at === 2));
      for (const { at, action } of events) expect(told).to.deep.include([at, action]);
      const times = rows
        .slice(1)
        .map((row) => row.split(',')[0] ?? '')
        .filter((cell) => /^\d{4}-/.test(cell));
      expect([[...times].sort(), [...times].sort().reverse()]).to.deep.include(times);
    });

    it('have no route that changes or removes them', async () => {
      await acme.call('delete', '/audit-events').expect(405);
      await acme.call('post', '/audit-events').expect(405);
    });
  });
});
