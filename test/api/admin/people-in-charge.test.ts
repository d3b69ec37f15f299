import { expect } from 'chai';
import { setApproved } from '../../../src/identity/users/actions.js';
import { givenTenant, type ApiTenant } from '../../support/api.js';
import { startApp, type TestApp } from '../../support/app.js';
import { openBrowser } from '../../support/browser.js';
import { attempt, signIn } from '../../support/sign-in.js';

const password = 'a long enough password';

interface Listed {
  items: { id: string; email: string; displayName: string; enabled: boolean; approved: boolean }[];
  total: number;
}

describe('what those in charge do with people', () => {
  let app: TestApp;
  before(async () => {
    app = await startApp();
  });
  after(() => app.stop());

  const listed = async (acme: ApiTenant, query = ''): Promise<Listed> =>
    (await acme.call('get', `/users${query}`).expect(200)).body as Listed;

  it('they see everybody with name, address, enabled and approved (M1-2)', async () => {
    const acme = await givenTenant(app, { preset: 'service-portal' });
    const ada = await acme.givenUser({ email: 'ada@acme.test', familyName: 'Lovelace' });
    const bob = await acme.givenUser({ email: 'bob@acme.test', familyName: 'Byron' });
    await acme.call('post', `/users/${bob._id}/disable`).expect(200);
    const { items } = await listed(acme, '?sort=email');
    expect(items[0]).to.include({ id: ada._id, displayName: 'Ada Lovelace', email: 'ada@acme.test' });
    expect(items.map(({ enabled }) => enabled)).to.deep.equal([true, false]);
    expect(items.map(({ approved }) => typeof approved)).to.deep.equal(['boolean', 'boolean']);
  });

  it('they find those who wait for approval alone, and approve them at any time (M1-10, M1-11)', async () => {
    const acme = await givenTenant(app, { preset: 'service-portal' });
    const [waiting, other] = [await acme.givenUser(), await acme.givenUser()];
    await setApproved(app.core, acme.system, waiting._id, false);
    await setApproved(app.core, acme.system, other._id, true);
    const pending = async () => (await listed(acme, '?status=pending_approval')).items.map(({ id }) => id);
    expect(await pending()).to.deep.equal([waiting._id]);
    await acme.call('post', `/users/${waiting._id}/approve`).expect(200);
    expect(await pending()).to.deep.equal([]);
  });

  it('a new address ends the sessions begun with the old one, which no longer signs in (M0-16)', async () => {
    const acme = await givenTenant(app);
    const user = await acme.givenUser({ email: 'old@acme.test', password });
    const query = `?tenant=${acme.tenant.slug}`;
    const browser = openBrowser(app.url);
    expect((await signIn(browser, 'old@acme.test', password, query)).status).to.equal(303);
    await acme.call('patch', `/users/${user._id}`).send({ email: 'new@acme.test' }).expect(200);
    expect((await browser.get('/api/v1/me')).status).to.equal(401);
    expect((await attempt(app.url, 'old@acme.test', password, query)).status).to.equal(401);
    expect((await attempt(app.url, 'new@acme.test', password, query)).status).to.equal(303);
  });

  it('the roles in each service are set apart: one in the first gives none in the second (M1-19, M1-20)', async () => {
    const acme = await givenTenant(app, { preset: 'service-portal' });
    for (const service of ['desk', 'wiki']) {
      await acme.givenApplication(service);
      for (const role of ['admin', 'content_editor']) {
        const input = { key: role, application: service, name: role, permissions: [`${service}.${role}`] };
        await acme.call('post', '/roles').send(input).expect(201);
      }
    }
    const user = await acme.givenUser({ roles: ['desk:admin'] });
    const roles = ['desk:admin', 'wiki:content_editor'];
    await acme.call('patch', `/users/${user._id}`).send({ roles }).expect(200);
    const { body } = await acme.call('patch', `/users/${user._id}`).send({ roles: ['wiki:content_editor'] });
    const kept = (body as { roles: { role: string }[] }).roles.map(({ role }) => role);
    expect(kept).to.deep.equal(['wiki:content_editor']);
  });

  it('what was written down of somebody goes on naming them after they are deleted (M3-22)', async () => {
    const acme = await givenTenant(app);
    const user = await acme.givenUser({ email: 'gone@acme.test' });
    await acme.call('delete', `/users/${user._id}`).expect(204);
    const { body } = await acme.call('get', `/audit-events?target=${user._id}`).expect(200);
    const { items } = body as { items: { action: string; target: object }[] };
    expect(items.map(({ action }) => action)).to.deep.equal(['user.deleted', 'user.created']);
    for (const { target } of items)
      expect(target).to.include({ type: 'user', id: user._id, label: 'gone@acme.test' });
  });

  it('administrators add nobody where users come from elsewhere (M0-8)', async () => {
    for (const adding of ['staff_only', 'scim_only'] as const) {
      const acme = await givenTenant(app, { settings: { 'users.adding': adding } });
      const made = await acme.call('post', '/users').send({ email: 'new@acme.test' });
      expect(made.body).to.include({ status: 403, code: 'user.adding_off' });
      await acme.call('post', '/invitations').send({ emails: ['new@acme.test'] });
      expect((await listed(acme)).total).to.equal(0);
    }
  });
});
