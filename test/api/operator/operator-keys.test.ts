import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import supertest from 'supertest';
import { systemActor } from '../../../src/identity/actors.js';
import { createOperatorKey, revokeOperatorKey } from '../../../src/identity/operator/keys.js';
import { operatorTenant } from '../../../src/identity/tenants/operator-tenant.js';
import { newId } from '../../../src/shared/ids.js';
import { givenTenant, type ApiTenant } from '../../support/api.js';
import { startApp, type TestApp } from '../../support/app.js';
import { openBrowser } from '../../support/browser.js';
import { runLine } from '../../support/cli.js';
import { ManualClock } from '../../support/clock.js';
import { givenOperator, type Method, type TestOperator } from '../../support/operator.js';
import { givenUser } from '../../support/people.js';
import { signIn } from '../../support/sign-in.js';

interface Event {
  action: string;
  actor: { type: string; id: string; label: string };
}

describe('the key of an operator', () => {
  let app: TestApp;
  let clock: ManualClock;
  let operator: TestOperator;
  let acme: ApiTenant;
  let globex: ApiTenant;
  before(async () => {
    clock = new ManualClock();
    app = await startApp({ clock });
    operator = await givenOperator(app);
    acme = await givenTenant(app);
    globex = await givenTenant(app);
  });
  after(() => app.stop());

  const eventsOf = async (tenant: ApiTenant): Promise<Event[]> => {
    const { body } = await tenant.call('get', '/audit-events').expect(200);
    return (body as { items: Event[] }).items;
  };

  it('opens every route of a tenant that the header names by slug or by id', async () => {
    for (const tenant of [acme.tenant.slug, acme.tenant._id]) {
      await operator.call('get', '/users', tenant).expect(200);
      await operator.call('get', '/settings', tenant).expect(200);
      await operator.call('get', '/audit-events', tenant).expect(200);
    }
  });

  it('acts as an administrator of the tenant alone that the header names', async () => {
    const email = `new${newId()}@acme.test`;
    await operator
      .call('post', '/users', acme.tenant.slug)
      .send({ email, roles: ['administrator'] })
      .expect(201);
    const here = await acme.call('get', `/users?q=${email}`);
    const there = await globex.call('get', `/users?q=${email}`);
    expect((here.body as { total: number }).total).to.equal(1);
    expect((there.body as { total: number }).total).to.equal(0);
  });

  it('leaves an audit event in the tenant with the actor type operator', async () => {
    await operator
      .call('post', '/groups', acme.tenant.slug)
      .send({ displayName: 'By the operator' })
      .expect(201);
    const [event] = await eventsOf(acme);
    expect(event?.action).to.equal('group.created');
    expect(event?.actor).to.deep.equal({ type: 'operator', id: operator.id, label: operator.name });
    expect((await eventsOf(globex)).map(({ actor }) => actor.type)).not.to.include('operator');
  });

  it('needs the header where a tenant is needed, and answers 404 for one that is not there', async () => {
    const without = await operator.call('get', '/users').expect(400);
    expect(without.body).to.include({ code: 'tenant.header_missing' });
    const unknown = await operator.call('get', '/users', 'no-such-tenant').expect(404);
    expect(unknown.body).to.include({ code: 'tenant.not_found' });
  });

  it('is not a person: what is about oneself is refused', async () => {
    await operator.call('get', '/me', acme.tenant.slug).expect(403);
  });

  it('says 403 to a key of a tenant that names another tenant or none, and lets it name its own', async () => {
    const call = (tenant: string) => acme.call('get', '/users').set('Gatehouse-Tenant', tenant);
    const foreign = await call(globex.tenant.slug).expect(403);
    const unknown = await call('no-such-tenant').expect(403);
    const told = ({ code, detail }: Record<string, unknown>) => ({ code, detail });
    expect(told(foreign.body as Record<string, unknown>)).to.deep.equal(
      told(unknown.body as Record<string, unknown>),
    );
    await call(globex.tenant._id).expect(403);
    await call(acme.tenant.slug).expect(200);
    await call(acme.tenant._id).expect(200);
  });

  it('is dead at once when it is revoked, and at its end', async () => {
    const actor = systemActor(operatorTenant.id);
    const expiresAt = new Date(clock.now().getTime() + 60_000);
    const { document, key } = await createOperatorKey(app.core, actor, { name: newId() });
    const short = await createOperatorKey(app.core, actor, { name: newId(), expiresAt });
    const status = async (token: string) =>
      (await acme.call('get', '/users', token).set('Gatehouse-Tenant', acme.tenant.slug)).status;
    expect([await status(key), await status(short.key)]).to.deep.equal([200, 200]);
    await revokeOperatorKey(app.core, actor, document._id);
    clock.advance(60_000);
    expect([await status(key), await status(short.key)]).to.deep.equal([401, 401]);
  });

  it('counts like every other failed credential when it is wrong', async () => {
    const limits = { ...app.core.config.limits, failedCredentialsPerMinute: 2 };
    const strict = await startApp({ config: { limits } });
    try {
      const statuses = [];
      for (let turn = 0; turn < 3; turn += 1) {
        const res = await supertest(strict.url)
          .get('/api/v1/users')
          .set('Authorization', 'Bearer gh_op_a-key-that-does-not-exist');
        statuses.push(res.status);
      }
      expect(statuses).to.deep.equal([401, 401, 429]);
    } finally {
      await strict.stop();
    }
  });

  it('is stored as a hash, and no audit event holds it', async () => {
    const stored = await app.core.store.server.collection('operator_keys').find({});
    const events = await app.core.store.tenant(operatorTenant.id).collection('audit_events').find({});
    expect(JSON.stringify([stored, events])).not.to.contain(operator.key);
    expect(events.map(({ action }) => action)).to.include('operator_key.created');
  });

  it('reads roles and makes people in the tenant operator, whose role operator it may give', async () => {
    const roles = await operator.call('get', '/roles', 'operator').expect(200);
    const keys = (roles.body as { items: { key: string }[] }).items.map(({ key }) => key);
    expect(keys).to.have.members(['administrator', 'operator']);
    const email = `staff${newId()}@vendor.test`;
    await operator
      .call('post', '/users', 'operator')
      .send({ email, roles: ['operator'] })
      .expect(201);
  });

  describe('and a person of the staff', () => {
    const password = 'a long enough password';

    async function session(role: string) {
      const email = `${role}${newId()}@vendor.test`;
      await givenUser(app.core, operatorTenant.id, { email, roles: [role], password });
      const browser = openBrowser(app.url);
      await signIn(browser, email, password, '?tenant=operator');
      const cookie = await browser.jar.getCookieString(app.url);
      const me = await supertest(app.url).get('/api/v1/me').set('Cookie', cookie).expect(200);
      const token = me.headers['x-csrf-token'] ?? '';
      const call = (method: Method, path: string, tenant?: string) => {
        const test = supertest(app.url)
          [method](`/api/v1${path}`)
          .set({ Cookie: cookie, 'X-CSRF-Token': token });
        return tenant === undefined ? test : test.set('Gatehouse-Tenant', tenant);
      };
      return { call, cookie, email };
    }

    it('does with a session what the key does, by the role operator, and stands so in the tenant’s trail', async () => {
      const { call, email } = await session('operator');
      await call('post', '/groups', acme.tenant.slug)
        .send({ displayName: `By ${email}` })
        .expect(201);
      const [event] = await eventsOf(acme);
      expect(event?.actor).to.include({ type: 'operator', label: email });
      await call('get', '/users', 'no-such-tenant').expect(404);
    });

    it('is an ordinary person of the operator’s tenant without the header, and with its own', async () => {
      const { call, email } = await session('operator');
      for (const tenant of [undefined, 'operator']) {
        const { body } = await call('get', `/users?q=${email}`, tenant).expect(200);
        expect((body as { total: number }).total).to.equal(1);
      }
    });

    it('sends the token of forms with every change', async () => {
      const { cookie } = await session('operator');
      const res = await supertest(app.url)
        .post('/api/v1/groups')
        .set({ Cookie: cookie, 'Gatehouse-Tenant': acme.tenant.slug })
        .send({ displayName: 'Forged' });
      expect(res.body).to.include({ status: 403, code: 'csrf.invalid' });
    });

    it('enters no other tenant with another role', async () => {
      const { call } = await session('administrator');
      await call('get', '/users', acme.tenant.slug).expect(403);
      await call('get', '/users').expect(200);
    });

    it('is nothing that a role of a customer’s tenant can hold', async () => {
      const role = { key: 'staff', name: 'Staff', permissions: ['tenants.manage'] };
      await acme.call('post', '/roles').send(role).expect(400);
      await operator.call('post', '/roles', acme.tenant.slug).send(role).expect(400);
    });
  });
});

describe('gatehouse operator-key', () => {
  it('makes a key that is shown once, lists and revokes it', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'gatehouse-operator-'));
    try {
      const env = { DATA_DIR: folder };
      const run = (line: string) => runLine(line, env);
      const made = (await run('operator-key create --name platform --json')).json() as { key: string };
      expect(made.key).to.match(/^gh_op_[\w-]{43}$/);
      expect((await run('operator-key create --name platform')).code).to.equal(1);
      const listed = await run('operator-key list --json');
      expect(listed.out).not.to.contain(made.key);
      expect((listed.json()['items'] as { name: string }[]).map(({ name }) => name)).to.deep.equal([
        'platform',
      ]);
      expect((await run('operator-key revoke --name platform')).code).to.equal(0);
      expect((await run('operator-key list --json')).json()['items']).to.deep.equal([]);
      expect((await run('operator-key revoke --name platform')).code).to.equal(1);
      expect((await run('operator-key create --name x --expires yesterday')).code).to.equal(64);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
});
