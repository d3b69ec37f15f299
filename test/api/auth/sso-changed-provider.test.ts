import { expect } from 'chai';
import { startApp, type TestApp } from '../../support/app.js';
import { givenTenant, type ApiTenant } from '../../support/api.js';
import { openBrowser, type Browser, type Page } from '../../support/browser.js';
import { idpClient, startIdp, type Idp } from '../../support/idp.js';
import { unique } from '../../support/people.js';
import { typeEmail } from '../../support/sign-in.js';
import { atProvider, givenConnection, signInAtProvider } from '../../support/sso.js';

describe('people of a provider that was changed', () => {
  let app: TestApp;
  let idp: Idp;
  let next: Idp;
  let acme: ApiTenant;

  before(async () => {
    [app, idp, next] = await Promise.all([
      startApp({ config: { allowPrivateIssuers: true } }),
      startIdp(),
      startIdp({ host: '127.0.0.3' }),
    ]);
    acme = await givenTenant(app);
  });
  after(() => Promise.all([app.stop(), idp.stop(), next.stop()]));

  const arrive = (
    email: string,
    at: Idp,
    sub: string,
    browser: Browser = openBrowser(app.url),
  ): Promise<Page> => {
    at.person = { sub, email };
    return signInAtProvider(browser, email);
  };

  async function givenLinked(roles: string[] = []) {
    const connection = await givenConnection(app.core, acme.tenant._id, idp);
    const email = `${unique('ann')}@${connection.verifiedDomains[0]!}`;
    const user = await acme.givenUser({ email, roles });
    expect((await arrive(email, idp, `old-${email}`)).status).to.equal(303);
    return { connection, email, user };
  }

  const move = (id: string, key = acme.key) =>
    acme
      .call('patch', `/sso-connections/${id}`, key)
      .send({ issuer: next.issuer, clientSecret: idpClient.clientSecret })
      .expect(200);
  const relink = (id: string) => acme.call('post', `/sso-connections/${id}/relink`).expect(200);

  it('are connected to nobody there until an administrator allows it, and then by their address', async () => {
    const { connection, email, user } = await givenLinked();
    await move(connection._id);
    const refused = await arrive(email, next, 'new');
    expect(refused.status).to.equal(403);
    expect(refused.alert).to.include('administrator');
    await relink(connection._id);
    const browser = openBrowser(app.url);
    expect((await arrive(email, next, 'new', browser)).status).to.equal(303);
    expect(JSON.parse((await browser.get('/api/v1/me')).text)).to.include({ id: user._id });
    const other = await arrive(email, next, 'somebody else');
    expect(other.status).to.equal(403);
    expect(other.alert).to.include('another identity');
  });

  it('are refused anew when the provider changes once more after that', async () => {
    const { connection, email } = await givenLinked();
    await move(connection._id);
    await relink(connection._id);
    expect((await arrive(email, next, 'second')).status).to.equal(303);
    await acme
      .call('patch', `/sso-connections/${connection._id}`)
      .send({ issuer: idp.issuer, clientSecret: idpClient.clientSecret })
      .expect(200);
    expect((await arrive(email, idp, 'third')).status).to.equal(403);
  });

  it('who manage something are not connected without an administrator’s word, linked before or not', async () => {
    const connection = await givenConnection(app.core, acme.tenant._id, idp);
    const domain = connection.verifiedDomains[0]!;
    const [boss, clerk] = [`boss@${domain}`, `clerk@${domain}`];
    await acme.givenUser({ email: boss, roles: ['administrator'] });
    await acme.givenUser({ email: clerk });
    await move(connection._id);
    expect((await arrive(clerk, next, unique('clerk'))).status).to.equal(303);
    expect((await arrive(boss, next, unique('boss'))).status).to.equal(403);
    await relink(connection._id);
    expect((await arrive(boss, next, unique('boss'))).status).to.equal(303);
  });

  it('are not forwarded to the provider of somebody who may not do everything', async () => {
    const { connection, email } = await givenLinked(['administrator']);
    await move(connection._id, await acme.givenKey(['sso.manage']));
    const page = await typeEmail(openBrowser(app.url), email);
    expect(page.status).to.equal(200);
    next.person = { sub: 'thief', email };
    const browser = openBrowser(app.url);
    const start = await browser.get(`/sso/${connection._id}/start`);
    expect((await atProvider(browser, start)).status).to.equal(403);
  });

  describe('identities', () => {
    const identities = (id: string, key = acme.key) => acme.call('get', `/users/${id}/identities`, key);

    it('are shown and unlinked, which ends the sessions they opened and is recorded', async () => {
      const connection = await givenConnection(app.core, acme.tenant._id, idp);
      const email = `${unique('ann')}@${connection.verifiedDomains[0]!}`;
      const user = await acme.givenUser({ email });
      const browser = openBrowser(app.url);
      const since = Date.now();
      expect((await arrive(email, idp, 'before', browser)).status).to.equal(303);
      const { body } = await identities(user._id).expect(200);
      expect(body.total).to.equal(1);
      const [identity] = body.items;
      expect(identity).to.include({ connectionId: connection._id, issuer: idp.issuer, subject: 'before' });
      expect(Object.keys(identity)).to.have.members([
        'id',
        'connectionId',
        'issuer',
        'subject',
        'lastUsedAt',
      ]);
      expect(Date.parse(identity.lastUsedAt)).to.be.at.least(since);
      expect((await arrive(email, idp, 'after')).status).to.equal(403);
      await acme.call('delete', `/users/${user._id}/identities/${identity.id}`).expect(204);
      expect((await browser.get('/api/v1/me')).status).to.equal(401);
      expect((await identities(user._id)).body.items).to.deep.equal([]);
      expect((await arrive(email, idp, 'after')).status).to.equal(303);
      const events = await acme.call('get', `/audit-events?action=sso.identity_unlinked`).expect(200);
      expect(events.body.items[0].target.id).to.equal(user._id);
    });

    it('are used anew at each sign-in', async () => {
      const { email, user } = await givenLinked();
      const first = (await identities(user._id)).body.items[0];
      expect((await arrive(email, idp, `old-${email}`)).status).to.equal(303);
      const second = (await identities(user._id)).body.items[0];
      expect(second.id).to.equal(first.id);
      expect(Date.parse(second.lastUsedAt)).to.be.greaterThan(Date.parse(first.lastUsedAt));
    });

    it('are nobody else’s to see or take, and of those above nobody’s', async () => {
      const { user } = await givenLinked(['administrator']);
      const identity = (await identities(user._id)).body.items[0];
      const path = `/users/${user._id}/identities/${identity.id}`;
      await identities(user._id, await acme.givenKey(['users.update'])).expect(403);
      await acme.call('delete', path, await acme.givenKey(['users.read'])).expect(403);
      const above = await acme.call('delete', path, await acme.givenKey(['users.read', 'users.update']));
      expect([above.status, above.body.code]).to.deep.equal([403, 'user.above_actor']);
      const other = await acme.givenUser();
      await acme.call('delete', `/users/${other._id}/identities/${identity.id}`).expect(404);
      const stranger = await givenTenant(app);
      await stranger.call('get', `/users/${user._id}/identities`).expect(404);
      await stranger.call('delete', path).expect(404);
      expect((await identities(user._id)).body.total).to.equal(1);
    });
  });
});
