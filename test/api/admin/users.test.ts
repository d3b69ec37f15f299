import { userFilters } from '../../../src/admin/present/user-filter.js';
import { once } from 'node:events';
import { connect } from 'node:net';
import { expect } from 'chai';
import type supertest from 'supertest';
import { newCredential } from '../../../src/identity/users/credentials.js';
import { createDirectory } from '../../../src/identity/directories/directories.js';
import { directoryActor } from '../../../src/identity/actors.js';
import { createGroup } from '../../../src/identity/groups/groups.js';
import { changeMembers } from '../../../src/identity/groups/members.js';
import { setEnabled } from '../../../src/identity/users/actions.js';
import { createConnection } from '../../../src/identity/sso/connections.js';
import { givenTenant, type ApiTenant } from '../../support/api.js';
import { startApp, type TestApp } from '../../support/app.js';
import { ManualClock } from '../../support/clock.js';
import { mailsTo, waitForMails } from '../../support/mailbox.js';
import { givenProvisioned } from '../../support/people.js';

interface Problem {
  code: string;
  errors: { pointer: string; detail: string }[];
}

interface UserBody {
  id: string;
  email: string;
  displayName: string;
  status: string;
  roles: { role: string; sources: { type: string }[] }[];
}

describe('users in the API', () => {
  let app: TestApp;
  let clock: ManualClock;
  let acme: ApiTenant;

  before(async () => {
    clock = new ManualClock();
    app = await startApp({ clock });
  });
  beforeEach(async () => {
    acme = await givenTenant(app);
  });
  after(() => app.stop());

  const pointersOf = (res: supertest.Response): string[] =>
    (res.body as Problem).errors.map((fault) => fault.pointer);
  const emailsOf = (res: supertest.Response): string[] =>
    (res.body as { items: UserBody[] }).items.map((user) => user.email).sort();

  describe('POST /users', () => {
    it('mails the way in to whoever has to activate the account, and to nobody else (M3-12)', async () => {
      const { core } = app;
      const create = (email: string, more: object = {}) =>
        acme
          .call('post', '/users')
          .send({ email, ...more })
          .expect(201);
      const [ada, bo, cy] = ['ada', 'bo', 'cy'].map((name) => `${name}@${acme.tenant.slug}.test`);
      await createConnection(core, acme.system, {
        name: 'Company',
        issuer: 'https://login.company.test',
        clientId: 'gh',
        mode: 'required',
        domains: [{ domain: `sso.${acme.tenant.slug}.test`, verified: true }],
      });
      await create(bo!, { enabled: false });
      await create(`di@sso.${acme.tenant.slug}.test`);
      await create(ada!);
      const [mail] = await waitForMails(core, ada!);
      expect(mail).to.include({ template: 'activation' });
      expect(mail!.link).to.match(/\/activate\/[\w-]+$/);
      const page = await fetch(mail!.link);
      expect([page.status, (await page.text()).includes(ada!)]).to.deep.equal([200, true]);
      await create(cy!);
      await waitForMails(core, cy!);
      expect(await mailsTo(core, bo!)).to.deep.equal([]);
      expect(await mailsTo(core, `di@sso.${acme.tenant.slug}.test`)).to.deep.equal([]);
    });

    it('creates a user with the shape of the contract, waiting for activation (M1-4, M2-8, M3-2, M3-3)', async () => {
      await acme.givenApplication('crm');
      const input = {
        email: 'Ada@acme.test',
        givenName: 'Ada',
        familyName: 'Lovelace',
        phone: '+30 1',
        roles: ['crm:agent'],
      };
      const res = await acme.call('post', '/users').send(input);
      expect(res.status).to.equal(201);
      expect(res.headers['location']).to.equal(`/api/v1/users/${(res.body as UserBody).id}`);
      expect(res.headers['etag']).to.equal('W/"1"');
      expect(res.body).to.deep.include({
        email: 'Ada@acme.test',
        userName: 'Ada@acme.test',
        givenName: 'Ada',
        familyName: 'Lovelace',
        displayName: 'Ada Lovelace',
        phone: '+30 1',
        status: 'pending_activation',
        enabled: true,
        approved: true,
        loginType: 'local',
        source: 'created',
        groups: [],
        accessExpiresAt: null,
        lockedUntil: null,
        lastLoginAt: null,
        twoFactor: false,
        directory: null,
      });
      const [role] = (res.body as UserBody).roles;
      expect(role).to.nested.include({ role: 'crm:agent', 'sources[0].type': 'manual' });
    });

    it('refuses unknown fields, lists where texts belong, and bad addresses with a pointer each (M1-22)', async () => {
      const res = await acme
        .call('post', '/users')
        .send({ email: 'no', givenName: ['x'], nick: 1, password: 'x' });
      expect(res.status).to.equal(400);
      expect(res.headers['content-type']).to.contain('application/problem+json');
      expect(pointersOf(res)).to.have.members(['/email', '/givenName', '/nick', '/password']);
    });

    it('refuses a taken address with 409, in any case', async () => {
      const user = await acme.givenUser();
      const res = await acme.call('post', '/users').send({ email: user.userName.toUpperCase() });
      expect(res.status).to.equal(409);
      expect(res.body).to.include({ code: 'user.name_taken' });
      expect(pointersOf(res)).to.deep.equal(['/email']);
    });

    it('refuses roles that are not there with 400, and roles beyond the caller’s own power with 403', async () => {
      const unknown = await acme.call('post', '/users').send({ email: 'a@acme.test', roles: ['nobody'] });
      expect(unknown.status).to.equal(400);
      const weak = await acme.givenKey(['users.create', 'users.read', 'roles.assign']);
      const strong = await acme
        .call('post', '/users', weak)
        .send({ email: 'b@acme.test', roles: ['administrator'] });
      expect(strong.status).to.equal(403);
      expect(strong.body).to.include({ code: 'role.not_grantable' });
    });

    it('asks for roles.assign when roles are given', async () => {
      const key = await acme.givenKey(['users.create']);
      await acme.call('post', '/users', key).send({ email: 'a@acme.test' }).expect(201);
      const res = await acme.call('post', '/users', key).send({ email: 'b@acme.test', roles: [] });
      expect(res.status).to.equal(403);
    });
  });

  describe('the body of a request', () => {
    it('is refused with 415 unless it is JSON', async () => {
      const res = await acme.call('post', '/users').set('Content-Type', 'text/plain').send('email=x');
      expect(res.status).to.equal(415);
      expect(res.body).to.include({ code: 'input.unsupported_type' });
    });

    it('is refused with 400 when it is malformed, missing or no object', async () => {
      const json = (text: string) =>
        acme.call('post', '/users').set('Content-Type', 'application/json').send(text);
      expect((await json('{"email":')).body).to.include({ status: 400, code: 'input.malformed' });
      expect((await json('"text"')).body).to.include({ status: 400, code: 'input.invalid' });
      expect((await acme.call('post', '/users')).body).to.include({ status: 400, code: 'input.invalid' });
    });

    it('is refused with 413 when it is too large', async () => {
      const res = await acme.call('post', '/users').send({ email: 'x'.repeat(1_100_000) });
      expect(res.status).to.equal(413);
    });

    it('is refused by its length before it comes, and in pieces at the limit', async () => {
      const { hostname, port } = new URL(app.url);
      const begin = (framing: string, sent: string): Promise<string> => {
        const socket = connect(Number(port), hostname);
        const head = [
          'POST /api/v1/users HTTP/1.1',
          `Host: ${hostname}`,
          `Authorization: Bearer ${acme.key}`,
        ];
        socket.write([...head, 'Content-Type: application/json', framing, '', sent].join('\r\n'));
        return once(socket, 'data').then(([answer]) => {
          socket.destroy();
          return String(answer);
        });
      };
      expect(await begin('Content-Length: 100000000', '')).to.match(/^HTTP\/1\.1 413 /);
      const piece = `fffff\r\n${' '.repeat(0xfffff)}\r\n`;
      expect(await begin('Transfer-Encoding: chunked', `${piece}${piece}`)).to.match(/^HTTP\/1\.1 413 /);
    });
  });

  it('answers unknown addresses with 404, wrong methods with 405 and Allow, malformed escapes with 400', async () => {
    expect((await acme.call('get', '/nothing')).body).to.include({ status: 404, code: 'route.not_found' });
    const wrong = await acme.call('put', '/users');
    expect(wrong.body).to.include({ status: 405, code: 'route.method_not_allowed' });
    expect(wrong.headers['allow']).to.equal('GET, POST, HEAD, OPTIONS');
    expect((await acme.call('get', '/users/%E0%A4%A')).status).to.equal(400);
  });

  describe('PATCH /users/{id}', () => {
    it('changes what is given, sets the manual grants alone, and moves the ETag (M0-17, M0-18)', async () => {
      const user = await acme.givenUser({ roles: ['administrator'] });
      await acme.givenUser({ roles: ['administrator'] });
      const res = await acme
        .call('patch', `/users/${user._id}`)
        .set('If-Match', 'W/"1"')
        .send({ givenName: 'Grace', roles: [] });
      expect(res.status).to.equal(200);
      expect(res.body).to.deep.include({ givenName: 'Grace', roles: [] });
      expect(res.headers['etag']).to.equal('W/"2"');
    });

    it('judges If-Match before the body: 412, and nothing changes', async () => {
      const user = await acme.givenUser();
      const res = await acme.call('patch', `/users/${user._id}`).set('If-Match', '"7"').send({ bogus: 1 });
      expect(res.status).to.equal(412);
      expect(res.body).to.include({ code: 'resource.version_mismatch' });
    });

    it('takes *, a list of tags, and strong ones', async () => {
      const user = await acme.givenUser();
      const patch = (tag: string) =>
        acme.call('patch', `/users/${user._id}`).set('If-Match', tag).send({ phone: '1' });
      await patch('"1"').expect(200);
      await patch('*').expect(200);
      await patch('W/"9", W/"2"').expect(200);
    });

    it('lets the userName follow the address when they were one', async () => {
      const user = await acme.givenUser();
      const res = await acme.call('patch', `/users/${user._id}`).send({ email: 'new@acme.test' });
      expect(res.body).to.include({ email: 'new@acme.test', userName: 'new@acme.test' });
    });

    it('refuses an end of access that has passed, and knows expired from disabled', async () => {
      const user = await acme.givenUser();
      const past = await acme
        .call('patch', `/users/${user._id}`)
        .send({ accessExpiresAt: '2020-01-01T00:00:00Z' });
      expect(pointersOf(past)).to.deep.equal(['/accessExpiresAt']);
      const end = new Date(clock.now().getTime() + 1000).toISOString();
      await acme.call('patch', `/users/${user._id}`).send({ accessExpiresAt: end }).expect(200);
      clock.advance(1001);
      expect((await acme.call('get', `/users/${user._id}`)).body).to.include({ status: 'expired' });
    });

    it('leaves the fields of a provisioned user to its directory', async () => {
      const directory = await createDirectory(app.core, acme.system, { name: 'Okta' });
      const user = await givenProvisioned(app.core, directoryActor(directory, { name: 't' }));
      const res = await acme.call('patch', `/users/${user._id}`).send({ givenName: 'X' });
      expect(res.body).to.include({ status: 403, code: 'user.provisioned' });
      const read = await acme.call('get', `/users/${user._id}`);
      expect(read.body).to.deep.include({ source: 'scim', directory: { id: directory._id, name: 'Okta' } });
    });
  });

  describe('the last administrator (F-11)', () => {
    it('cannot be deleted, disabled or demoted: 403', async () => {
      const { _id } = await acme.givenUser({ roles: ['administrator'] });
      const expected = { status: 403, code: 'user.last_administrator' };
      expect((await acme.call('delete', `/users/${_id}`)).body).to.include(expected);
      expect((await acme.call('post', `/users/${_id}/disable`)).body).to.include(expected);
      expect((await acme.call('patch', `/users/${_id}`).send({ roles: [] })).body).to.include(expected);
    });
  });

  it('walks through disable, enable, approve, end-sessions and delete (M0-20, M1-3, M1-29, M3-15, M4-12)', async () => {
    const user = await acme.givenUser();
    const act = (name: string) => acme.call('post', `/users/${user._id}/${name}`);
    expect((await act('disable')).body).to.include({ status: 'disabled', enabled: false });
    expect((await act('enable')).body).to.include({ status: 'active', enabled: true });
    expect((await act('approve')).body).to.include({ approved: true });
    expect((await act('end-sessions')).status).to.equal(200);
    await acme.call('delete', `/users/${user._id}`).expect(204);
    expect((await acme.call('get', `/users/${user._id}`)).status).to.equal(404);
  });

  describe('GET /users', () => {
    it('answers items, total and next, and leads through all pages without gaps', async () => {
      for (let n = 0; n < 5; n += 1) await acme.givenUser({ givenName: `N${n}` });
      const seen: string[] = [];
      let next: string | null = '';
      do {
        const cursor: string = next === '' ? '' : `&cursor=${next}`;
        const res = await acme.call('get', `/users?limit=2&sort=-displayName${cursor}`);
        expect(res.status).to.equal(200);
        const body = res.body as { items: UserBody[]; total: number; next: string | null };
        expect(body.total).to.equal(5);
        seen.push(...body.items.map((user) => user.displayName.slice(0, 2)));
        next = body.next;
      } while (next !== null);
      expect(seen).to.deep.equal(['N4', 'N3', 'N2', 'N1', 'N0']);
    });

    it('leads through users without the field that sorts them, in both directions', async () => {
      for (let n = 0; n < 6; n += 1) {
        const user = await acme.givenUser({ familyName: `F${n}` });
        const bare = { givenName: null, familyName: null };
        if (n % 2 === 0) await acme.call('patch', `/users/${user._id}`).send(bare).expect(200);
      }
      for (const sort of ['familyName', '-familyName', 'email', '-updatedAt']) {
        const seen = new Set<string>();
        let next: string | null = null;
        do {
          const cursor: string = next === null ? '' : `&cursor=${next}`;
          const res = await acme.call('get', `/users?limit=2&sort=${sort}${cursor}`);
          const body = res.body as { items: UserBody[]; next: string | null };
          body.items.forEach((user) => seen.add(user.id));
          next = body.next;
        } while (next !== null);
        expect(seen.size, sort).to.equal(6);
      }
    });

    it('refuses a cursor that was changed, or belongs to another question', async () => {
      for (let n = 0; n < 3; n += 1) await acme.givenUser();
      const res = await acme.call('get', '/users?limit=1');
      const { next } = res.body as { next: string };
      for (const path of [
        `/users?limit=1&q=a&cursor=${next}`,
        `/users?limit=1&cursor=x${next}`,
        `/groups?cursor=${next}`,
      ]) {
        const refused = await acme.call('get', path);
        expect(refused.status, path).to.equal(400);
        expect(pointersOf(refused)).to.deep.equal(['?cursor']);
      }
    });

    it('refuses unknown parameters and values rather than list everything', async () => {
      const res = await acme.call('get', '/users?stauts=active&status=alive&limit=0&sort=age');
      expect(res.status).to.equal(400);
      expect(pointersOf(res)).to.include.members(['?stauts', '?limit', '?sort']);
    });

    it('finds by name, address, phone, role and day of creation, any case, and takes signs as they are (M3-6)', async () => {
      await acme.givenUser({ email: 'grace@navy.test', givenName: 'Grace', familyName: 'Hopper' });
      await acme.givenUser({ email: 'admin@acme.test', givenName: 'Boss', roles: ['administrator'] });
      const find = async (q: string) => emailsOf(await acme.call('get', `/users?q=${encodeURIComponent(q)}`));
      expect(await find('HOPP')).to.deep.equal(['grace@navy.test']);
      expect(await find('navy.t')).to.deep.equal(['grace@navy.test']);
      expect(await find('istrator')).to.deep.equal(['admin@acme.test']);
      expect(await find('2026-01')).to.have.length(2);
      expect(await find('1999')).to.have.length(0);
      expect(await find('.*')).to.have.length(0);
    });

    it('filters by every status, the first that holds', async () => {
      const at = (name: string) => `${name}@acme.test`;
      await acme.givenUser({ email: at('active') });
      await acme.givenUser({ email: at('pending'), activated: false });
      const locked = await acme.givenUser({ email: at('locked') });
      await app.core.store
        .tenant(acme.tenant._id)
        .collection('credentials')
        .insert({
          ...newCredential(acme.tenant._id, locked._id),
          lockedUntil: new Date(clock.now().getTime() + 60_000),
        });
      const disabled = await acme.givenUser({ email: at('disabled'), activated: false });
      await setEnabled(app.core, acme.system, disabled._id, false);
      const by = async (status: string) => emailsOf(await acme.call('get', `/users?status=${status}`));
      expect(await by('active')).to.deep.equal([at('active')]);
      expect(await by('pending_activation')).to.deep.equal([at('pending')]);
      expect(await by('locked')).to.deep.equal([at('locked')]);
      expect(await by('disabled')).to.deep.equal([at('disabled')]);
      expect(await by('expired')).to.deep.equal([]);
      expect(await by('deleted')).to.deep.equal([]);
      expect(await by('active,disabled')).to.deep.equal([at('active'), at('disabled')]);
      expect((await acme.call('get', `/users/${locked._id}`)).body).to.include({ status: 'locked' });
    });

    it('looks for a status once, however often it is named', () => {
      const parse = (text: string) => userFilters.status.parse(text);
      expect(parse(Array(4000).fill('active,locked').join())).to.deep.equal(['active', 'locked']);
    });

    it('filters by role (key or id), group, login type, source and creation', async () => {
      const application = await acme.givenApplication('crm');
      const agent = await acme.givenUser({ email: 'agent@acme.test', roles: ['crm:agent'] });
      await acme.givenUser({ email: 'other@acme.test' });
      const group = await createGroup(app.core, acme.system, {
        displayName: 'G',
        externalId: null,
        attributes: {},
      });
      await changeMembers(app.core, acme.system, group._id, { add: [agent._id] });
      const roles = await acme.call('get', `/roles?application=${application.key}`);
      const roleId = (roles.body as { items: { id: string }[] }).items[0]?.id ?? '';
      for (const query of ['role=crm:agent', `role=${roleId}`, `group=${group._id}`]) {
        expect(emailsOf(await acme.call('get', `/users?${query}`)), query).to.deep.equal(['agent@acme.test']);
      }
      expect(emailsOf(await acme.call('get', '/users?loginType=sso'))).to.have.length(0);
      expect(emailsOf(await acme.call('get', '/users?source=created'))).to.have.length(2);
      expect(
        emailsOf(await acme.call('get', '/users?createdFrom=2026-01-05&createdTo=2026-01-05')),
      ).to.have.length(2);
      expect(emailsOf(await acme.call('get', '/users?createdTo=2026-01-05T00:00:00Z'))).to.have.length(0);
    });

    it('takes an empty parameter for an absent one', async () => {
      await acme.givenUser({ email: 'ada@acme.test' });
      const empty = '?q=&status=&role=&group=&createdFrom=&createdTo=&showDisabled=&sort=&cursor=&limit=';
      expect(emailsOf(await acme.call('get', `/users${empty}`))).to.deep.equal(['ada@acme.test']);
    });

    it('hides disabled and non-activated users where the tenant says so, unless asked (M3-7, M3-8, M3-9)', async () => {
      const records = await givenTenant(app, { preset: 'records' });
      await records.givenUser({ email: 'on@acme.test' });
      await records.givenUser({ email: 'new@acme.test', activated: false });
      const off = await records.givenUser({ email: 'off@acme.test' });
      await setEnabled(app.core, records.system, off._id, false);
      const list = async (query: string) => emailsOf(await records.call('get', `/users${query}`));
      expect(await list('')).to.deep.equal(['on@acme.test']);
      expect(await list('?showDisabled=true')).to.deep.equal(['off@acme.test', 'on@acme.test']);
      expect(await list('?showNonActivated=true')).to.deep.equal(['new@acme.test', 'on@acme.test']);
    });
  });

  it('never deletes where the tenant deletes nobody (M3-21): 403', async () => {
    const records = await givenTenant(app, { preset: 'records' });
    const user = await records.givenUser();
    const res = await records.call('delete', `/users/${user._id}`);
    expect(res.body).to.include({ status: 403, code: 'user.deletion_off' });
  });

  it('exports CSV that no spreadsheet takes for a formula, and writes it down (M4-17)', async () => {
    await acme.givenUser({ email: 'eve@acme.test', givenName: '=HYPERLINK("x")', familyName: 'A, "B"' });
    const off = await acme.givenUser();
    await setEnabled(app.core, acme.system, off._id, false);
    const headers = { Authorization: `Bearer ${acme.key}` };
    const res = await fetch(`${app.url}/api/v1/users/export.csv`, { headers });
    expect(res.status).to.equal(200);
    expect(res.headers.get('content-type')).to.equal('text/csv; charset=utf-8');
    expect(res.headers.get('content-disposition')).to.match(
      /^attachment; filename="users-20260105-\d{4}\.csv"$/,
    );
    const lines = Buffer.from(await res.arrayBuffer())
      .toString('utf8')
      .trimEnd()
      .split('\r\n');
    expect(lines).to.have.length(2);
    expect(lines[0]).to.match(/^\uFEFFName,Surname,Email,/);
    expect(lines[1]).to.match(/^"'=HYPERLINK\(""x""\)","A, ""B""",eve@acme\.test,/);
    const audit = await acme.call('get', '/audit-events?action=users.exported');
    expect(audit.body).to.include({ total: 1 });
  });

  it('counts failed keys of an address, and answers 429 with Retry-After past the limit', async () => {
    const strict = await startApp({
      config: { limits: { ...app.core.config.limits, failedCredentialsPerMinute: 2 } },
    });
    try {
      const tenant = await givenTenant(strict);
      for (let n = 0; n < 2; n += 1) await tenant.call('get', '/users', 'gh_sk_wrong').expect(401);
      const res = await tenant.call('get', '/users', 'gh_sk_wrong');
      expect(res.status).to.equal(429);
      expect(Number(res.headers['retry-after'])).to.be.within(1, 60);
      await tenant.call('get', '/users').expect(200);
    } finally {
      await strict.stop();
    }
  });
});
