import { expect } from 'chai';
import supertest from 'supertest';
import { givenTenant } from '../../support/api.js';
import { startApp, type TestApp } from '../../support/app.js';
import { givenOperator, type TestOperator } from '../../support/operator.js';

interface Health {
  tenants: { active: number; suspended: number };
  jobs: { waiting: number; failed: number; lateSeconds: number };
  givenUp: { id: string; kind: string; tenant: { slug: string } | null; error: string | null }[];
  streams: { name: string; behind: number; failingSince: string | null }[];
}

describe('the operator of the server', () => {
  let app: TestApp;
  let operator: TestOperator;
  before(async () => {
    app = await startApp({ config: { eventStreams: ['https://user:secret@siem.invalid/in'] } });
    operator = await givenOperator(app);
  });
  after(() => app.stop());

  const health = async () => (await operator.call('get', '/server-health').expect(200)).body as Health;

  it('sees over all tenants how many there are, which jobs were given up, and how far streams are, without their secrets', async () => {
    const acme = await givenTenant(app);
    const before = await health();
    const failedAt = new Date();
    await app.core.store
      .tenant(acme.tenant._id)
      .collection('jobs')
      .insert({
        _id: 'given-up',
        tenantId: acme.tenant._id,
        kind: 'no.such',
        payload: {},
        runAt: new Date('9999-12-31T00:00:00Z'),
        attempts: 9,
        leasedUntil: null,
        failedAt,
        error: 'nobody answers',
      });
    await operator.call('post', `/tenants/${acme.tenant._id}/suspend`).expect(200);
    const after = await health();
    expect(after.tenants.suspended).to.equal(before.tenants.suspended + 1);
    expect(after.jobs.failed).to.equal(before.jobs.failed + 1);
    expect(after.givenUp.find(({ id }) => id === 'given-up')).to.deep.include({
      kind: 'no.such',
      tenant: { id: acme.tenant._id, slug: acme.tenant.slug },
      error: 'nobody answers',
    });
    expect(after.streams.map(({ name }) => name)).to.deep.equal(['https://siem.invalid/in']);
    expect(JSON.stringify(after)).not.to.include('secret@');
  });

  it('sees how late the jobs of this server are, whatever waits of kinds it does not do', async () => {
    const acme = await givenTenant(app);
    const tenantId = acme.tenant._id;
    const jobs = app.core.store.tenant(tenantId).collection('jobs');
    const foreign = { tenantId, kind: 'no.such', payload: {}, attempts: 0, leasedUntil: null };
    await jobs.insert({ ...foreign, _id: 'not-done-here', runAt: new Date('2020-01-01T00:00:00Z') });
    expect((await health()).jobs.lateSeconds).to.be.lessThan(86_400);
  });

  it('makes a key that is shown once and works until it is revoked', async () => {
    const made = await operator.call('post', '/operator-keys').send({ name: 'deploy' }).expect(201);
    const { id, key } = made.body as { id: string; key: string };
    const withKey = () => supertest(app.url).get('/api/v1/tenants').set('Authorization', `Bearer ${key}`);
    await withKey().expect(200);
    const listed = await operator.call('get', '/operator-keys').expect(200);
    expect(JSON.stringify(listed.body)).to.include('"deploy"').and.not.to.include(key);
    await operator.call('post', '/operator-keys').send({ name: 'deploy' }).expect(409);
    await operator.call('delete', `/operator-keys/${id}`).expect(204);
    await withKey().expect(401);
    await operator.call('delete', `/operator-keys/${id}`).expect(404);
  });

  it('alone: an administrator of a tenant is refused', async () => {
    const acme = await givenTenant(app);
    for (const path of ['/operator-keys', '/server-health']) await acme.call('get', path).expect(403);
  });
});
