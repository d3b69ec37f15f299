import { expect } from 'chai';
import { auditHead } from '../../../src/identity/audit/head.js';
import { createDirectory } from '../../../src/identity/directories/directories.js';
import { createToken } from '../../../src/identity/directories/tokens.js';
import { operatorTenant } from '../../../src/identity/tenants/operator-tenant.js';
import { findTenantBySlug } from '../../../src/identity/tenants/tenants.js';
import { collectionNames } from '../../../src/persistence/collections/index.js';
import { newId } from '../../../src/shared/ids.js';
import { givenTenant, type ApiTenant } from '../../support/api.js';
import { startApp, type TestApp } from '../../support/app.js';
import { world } from '../../support/bootstrap.js';
import { applyBootstrap, parseBootstrap } from '../../../src/identity/bootstrap/bootstrap.js';
import { ManualClock } from '../../support/clock.js';
import { eventually } from '../../support/eventually.js';
import { browserOf, makeApplication, makeUser, relyingParty } from '../../support/oidc.js';
import { givenOperator, type TestOperator } from '../../support/operator.js';
import { openBrowser } from '../../support/browser.js';
import { typeEmail } from '../../support/sign-in.js';
import { startReceiver, type Receiver } from '../../support/receiver.js';

describe('the erasure of a tenant', () => {
  let app: TestApp;
  let clock: ManualClock;
  let operator: TestOperator;
  let receiver: Receiver;
  before(async () => {
    receiver = await startReceiver();
    clock = new ManualClock();
    app = await startApp({ clock, config: { allowPrivateIssuers: true } });
    operator = await givenOperator(app);
  });
  after(async () => {
    await app.stop();
    await receiver.stop();
  });

  const isGone = (slug: string) =>
    eventually(async () => (await findTenantBySlug(app.core, slug)) === undefined, `${slug} is erased`);

  /** A tenant with something in every collection that a tenant writes to, and a sign-in of its own application under way. */
  async function furnished(): Promise<ApiTenant & { told: string }> {
    const acme = await givenTenant(app);
    const { core } = app;
    const directory = await createDirectory(core, acme.system, { name: 'Directory' });
    await createToken(core, acme.system, directory._id, { name: 't' });
    await acme.call('post', '/groups').send({ displayName: 'Everybody' }).expect(201);
    await acme.givenInvitation();
    const application = await makeApplication(core, acme.tenant, { backchannelLogoutUri: receiver.url });
    const user = await makeUser(core, acme.tenant);
    const party = await relyingParty(core, application);
    await party.signIn(await browserOf(core, user));
    const browser = openBrowser(app.url);
    await typeEmail(browser, `someone@${acme.tenant.slug}.test`, `?tenant=${acme.tenant.slug}`);
    const { url } = await party.request();
    await fetch(url, { redirect: 'manual' });
    return { ...acme, told: user._id };
  }

  /** Every document of the database that holds one of these texts, but for the operator's own trail. */
  async function holdersOf(texts: readonly string[]): Promise<string[]> {
    const found: string[] = [];
    for (const name of collectionNames) {
      for await (const document of app.core.store.server.collection(name).iterate({})) {
        const isProof = name === 'audit_events' && document.tenantId === operatorTenant.id;
        const text = JSON.stringify(document);
        if (!isProof && texts.some((one) => text.includes(one))) found.push(`${name}: ${text}`);
      }
    }
    return found;
  }

  it('needs the slug typed again', async () => {
    const { tenant } = await givenTenant(app);
    for (const query of ['', '?confirm=', '?confirm=another', `?confirm=${tenant._id}`]) {
      const res = await operator.call('delete', `/tenants/${tenant._id}${query}`).expect(400);
      expect((res.body as { errors: { pointer: string }[] }).errors[0]?.pointer).to.equal('?confirm');
    }
    await operator.call('get', `/tenants/${tenant._id}`).expect(200);
  });

  it('answers 202 with the job; the tenant is 404 at once, and its slug is free when the job is done', async () => {
    const externalId = newId();
    const slug = `e${newId().replaceAll('-', '')}`;
    const made = await operator.call('post', '/tenants').send({ slug, name: 'Acme', externalId }).expect(201);
    const { id } = made.body as { id: string };
    const res = await operator.call('delete', `/tenants/${slug}?confirm=${slug}`).expect(202);
    const { job } = res.body as { job: { id: string; status: string } };
    expect(job).to.deep.equal({ id: job.id, status: 'waiting' });
    expect(job.id).to.be.a('string');
    for (const name of [slug, id]) {
      await operator.call('get', `/tenants/${name}`).expect(404);
      await operator.call('get', '/users', name).expect(404);
      await operator.call('delete', `/tenants/${name}?confirm=${slug}`).expect(404);
    }
    await isGone(slug);
    await operator.call('post', '/tenants').send({ slug, name: 'Acme', externalId }).expect(201);
  });

  it('leaves nothing of the tenant in any collection but a proof: what there was, and the hash of its trail', async () => {
    const acme = await furnished();
    const { core } = app;
    const { _id: id, slug } = acme.tenant;
    const counted = await core.store.tenant(id).collection('users').count({});
    expect(await holdersOf([id])).not.to.deep.equal([]);
    await operator.call('delete', `/tenants/${id}?confirm=${slug}`).expect(202);
    await isGone(slug);
    expect(await auditHead(core, id)).to.equal(await auditHead(core, newId()));
    clock.advance(61_000);
    await eventually(
      async () => (await holdersOf([id, slug, acme.told])).length === 0,
      () => 'nothing is left of it',
    );
    const events = await core.store
      .tenant(operatorTenant.id)
      .collection('audit_events')
      .find({ 'target.id': id });
    expect(events.map(({ action }) => action)).to.deep.equal(['tenant.erasure_requested', 'tenant.erased']);
    const proof = new Map(events[1]!.changes.map(({ path, before }) => [path, before]));
    expect(proof.get('users')).to.equal(counted);
    expect(proof.get('tenants')).to.equal(1);
    expect([...proof.keys()]).to.include.members([
      'groups',
      'directories',
      'audit_events',
      'credentials',
      'sessions',
    ]);
    expect(proof.get('auditHead')).to.match(/^[\w-]{43}$/);
    expect(events[1]!.actor).to.deep.equal({ type: 'operator', id: operator.id, label: operator.name });
  });

  it('signs its people out of their applications first', async () => {
    const acme = await furnished();
    await operator.call('delete', `/tenants/${acme.tenant._id}?confirm=${acme.tenant.slug}`).expect(202);
    await receiver.until((received) =>
      received.some((form) => {
        const [, payload = ''] = (form.get('logout_token') ?? '').split('.');
        return Buffer.from(payload, 'base64url').toString().includes(acme.told);
      }),
    );
    await isGone(acme.tenant.slug);
  });

  it('is one erasure of parallel calls, and leaves other tenants alone', async () => {
    const [acme, globex] = [await givenTenant(app), await givenTenant(app)];
    const calls = Array.from({ length: 5 }, () =>
      operator.call('delete', `/tenants/${acme.tenant._id}?confirm=${acme.tenant.slug}`),
    );
    const statuses = (await Promise.all(calls)).map(({ status }) => status).sort();
    expect(statuses).to.deep.equal([202, 404, 404, 404, 404]);
    await isGone(acme.tenant.slug);
    await globex.call('get', '/users').expect(200);
  });

  it('is not undone by the bootstrap file that made the tenant', async () => {
    const slug = `b${newId().replaceAll('-', '')}`;
    const file = parseBootstrap(world(slug));
    await applyBootstrap(app.core, file);
    await operator.call('delete', `/tenants/${slug}?confirm=${slug}`).expect(202);
    await isGone(slug);
    const outcome = await applyBootstrap(app.core, file);
    expect(outcome).to.include({ created: 0, updated: 0 });
    expect(await findTenantBySlug(app.core, slug)).to.equal(undefined);
  });
});
