import { expect } from 'chai';
import supertest from 'supertest';
import { createDirectory } from '../../../src/identity/directories/directories.js';
import { createToken } from '../../../src/identity/directories/tokens.js';
import { newId } from '../../../src/shared/ids.js';
import { givenTenant, type ApiTenant } from '../../support/api.js';
import { startApp, type TestApp } from '../../support/app.js';
import { openBrowser } from '../../support/browser.js';
import { ManualClock } from '../../support/clock.js';
import { eventually } from '../../support/eventually.js';
import { waitForMails } from '../../support/mailbox.js';
import {
  browserOf,
  introspect,
  makeApplication,
  makeUser,
  refresh,
  relyingParty,
} from '../../support/oidc.js';
import { givenOperator, type TestOperator } from '../../support/operator.js';
import { startReceiver, type Receiver } from '../../support/receiver.js';
import { attempt, signIn } from '../../support/sign-in.js';

const password = 'a long enough password';

describe('a suspended tenant', () => {
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

  const suspend = ({ tenant }: ApiTenant) => operator.call('post', `/tenants/${tenant.slug}/suspend`);
  async function resume({ tenant }: ApiTenant): Promise<void> {
    await operator.call('post', `/tenants/${tenant._id}/resume`).expect(200);
    clock.advance(1);
  }

  it('stays as it is when it is suspended or resumed twice, and its trail tells of each change once', async () => {
    const acme = await givenTenant(app);
    for (let turn = 0; turn < 2; turn += 1) {
      const res = await suspend(acme).expect(200);
      expect(res.body).to.include({ id: acme.tenant._id, status: 'suspended' });
    }
    await resume(acme);
    await resume(acme);
    const res = await acme.call('get', '/audit-events').expect(200);
    const events = (res.body as { items: { action: string; actor: { type: string } }[] }).items;
    const told = events.filter(({ action }) => action.startsWith('tenant.'));
    expect(told.map(({ action }) => action)).to.deep.equal([
      'tenant.resumed',
      'tenant.suspended',
      'tenant.created',
    ]);
    expect(told[0]?.actor.type).to.equal('operator');
  });

  it('refuses SCIM tokens and API keys with 403 until it is resumed; the operator still gets in', async () => {
    const acme = await givenTenant(app);
    const directory = await createDirectory(app.core, acme.system, { name: 'Directory' });
    const { token } = await createToken(app.core, acme.system, directory._id, { name: 't' });
    const scim = () => supertest(app.url).get('/scim/v2/Users').set('Authorization', `Bearer ${token}`);
    await scim().expect(200);
    await suspend(acme);
    const refused = await scim().expect(403);
    expect(refused.body).to.deep.include({ status: '403' });
    const key = await acme.call('get', '/users').expect(403);
    expect(key.body).to.include({ code: 'tenant.suspended' });
    await operator.call('get', '/users', acme.tenant.slug).expect(200);
    await resume(acme);
    await scim().expect(200);
    await acme.call('get', '/users').expect(200);
  });

  it('signs nobody in, and tells why to the right password alone', async () => {
    const acme = await givenTenant(app);
    const email = `ada@${acme.tenant.slug}.test`;
    await acme.givenUser({ email, password });
    await suspend(acme);
    const right = await attempt(app.url, email, password, `?tenant=${acme.tenant.slug}`);
    expect(right.status).to.equal(403);
    expect(right.text).to.contain('suspended');
    const wrong = await attempt(app.url, email, 'not the password', `?tenant=${acme.tenant.slug}`);
    expect(wrong.status).to.equal(401);
    expect(wrong.text).not.to.contain('suspended');
    await resume(acme);
    expect((await attempt(app.url, email, password, `?tenant=${acme.tenant.slug}`)).status).to.equal(303);
  });

  it('is not told of at a bare sign-in of somebody who has an account elsewhere too', async () => {
    const [acme, globex] = [await givenTenant(app), await givenTenant(app)];
    const email = `both${newId()}@acme.test`;
    await acme.givenUser({ email, password });
    await globex.givenUser({ email, password: 'quite another password' });
    await suspend(acme);
    const there = await attempt(app.url, email, password);
    expect(there.status).to.equal(401);
    expect(there.text).not.to.contain('suspended');
    expect((await attempt(app.url, email, 'quite another password')).status).to.equal(303);
  });

  it('ends the sessions of its people at once, and none comes back', async () => {
    const acme = await givenTenant(app);
    const email = `ada@${acme.tenant.slug}.test`;
    await acme.givenUser({ email, password });
    const browser = openBrowser(app.url);
    await signIn(browser, email, password, `?tenant=${acme.tenant.slug}`);
    const cookie = await browser.jar.getCookieString(app.url);
    const me = async () => (await supertest(app.url).get('/api/v1/me').set('Cookie', cookie)).status;
    expect(await me()).to.equal(200);
    await suspend(acme);
    expect(await me()).to.equal(401);
    await resume(acme);
    expect(await me()).to.equal(401);
  });

  it('ends the tokens of applications and tells them: refresh invalid_grant, introspection inactive, logout token', async () => {
    const acme = await givenTenant(app);
    const application = await makeApplication(app.core, acme.tenant, { backchannelLogoutUri: receiver.url });
    const user = await makeUser(app.core, acme.tenant);
    const party = await relyingParty(app.core, application);
    const tokens = await party.signIn(await browserOf(app.core, user));
    await suspend(acme).expect(200);
    const inactive = await introspect(app.core, application, tokens.access_token);
    expect(inactive).to.deep.equal({ active: false });
    const again = await refresh(app.core, application, tokens.refresh_token ?? '');
    expect(again.body['error']).to.equal('invalid_grant');
    const isTold = () =>
      receiver.received.some((form) => {
        const [, payload = ''] = (form.get('logout_token') ?? '').split('.');
        return Buffer.from(payload, 'base64url').toString().includes(user._id);
      });
    await eventually(isTold, 'a logout token');
    await resume(acme);
    expect((await refresh(app.core, application, tokens.refresh_token ?? '')).body['error']).to.equal(
      'invalid_grant',
    );
  });

  it('answers links in mails with 410 while it lasts', async () => {
    const acme = await givenTenant(app);
    const email = `new@${acme.tenant.slug}.test`;
    await acme
      .call('post', '/invitations')
      .send({ emails: [email], roles: ['administrator'] })
      .expect(200);
    const [mail] = await waitForMails(app.core, email);
    const path = new URL(mail!.link).pathname;
    await suspend(acme);
    const closed = await supertest(app.url).get(path).expect(410);
    expect(closed.text).not.to.contain('type="password"');
    await resume(acme);
    await supertest(app.url).get(path).expect(200);
  });
});
