import { expect } from 'chai';
import { givenTenant, type ApiTenant } from '../../support/api.js';
import { startApp, type TestApp } from '../../support/app.js';
import { openBrowser } from '../../support/browser.js';
import { ManualClock } from '../../support/clock.js';
import { waitForMails } from '../../support/mailbox.js';
import { signIn } from '../../support/sign-in.js';

const password = 'a long enough password';

describe('terms of use that change (terms.version)', () => {
  const clock = new ManualClock();
  let app: TestApp;
  let acme: ApiTenant;
  let query: string;

  before(async () => {
    app = await startApp({ clock });
    const settings = { 'terms.url': 'https://acme.test/terms', 'terms.version': '1' };
    acme = await givenTenant(app, { settings });
    query = `?tenant=${acme.tenant.slug}`;
  });
  after(() => app.stop());

  it('are accepted again at the next sign-in, on the way to where the person was going', async () => {
    const email = 'ada@home.test';
    await acme.call('post', '/users').send({ email }).expect(201);
    const [mail] = await waitForMails(app.core, email);
    const browser = openBrowser(app.url);
    await browser.post(mail!.link, { password, password2: password, terms: 'on' });
    expect((await signIn(browser, email, password, query)).location).to.equal(`${app.url}/account`);
    await acme.call('patch', '/settings').send({ 'terms.version': '2' }).expect(200);
    clock.advance(1000);

    const asked = await signIn(browser, email, password, `${query}&return_to=/docs/api`);
    expect(asked.location).to.equal(`${app.url}/account/terms?return_to=%2Fdocs%2Fapi`);
    expect((await browser.get('/account')).location).to.include('/account/terms');
    const page = await browser.get(asked.location!);
    expect(page.text).to.include('https://acme.test/terms');
    const { terms: _, ...fields } = page.fields;
    const refused = await browser.post('/account/terms', fields);
    expect([refused.status, refused.alert]).to.deep.equal([400, 'Please accept the terms of use.']);
    expect((await browser.post('/account/terms', { terms: 'on' })).status).to.equal(403);
    const accepted = await browser.post('/account/terms', { ...page.fields, terms: 'on' });
    expect(accepted.location).to.equal(`${app.url}/docs/api`);
    expect((await browser.get('/account')).status).to.equal(200);
    expect((await signIn(browser, email, password, query)).location).to.equal(`${app.url}/account`);
    const user = await app.core.store
      .tenant(acme.tenant._id)
      .collection('users')
      .findOne({ emailKey: email });
    expect(user?.terms).to.deep.equal({ acceptedAt: clock.now(), version: '2' });
    const events = app.core.store.tenant(acme.tenant._id).collection('audit_events');
    expect(await events.count({ action: 'terms.accepted', 'actor.id': user!._id })).to.equal(2);
  });

  it('lead nowhere but to our own pages, and are not asked of people who never were', async () => {
    const { userName } = await acme.givenUser({ password });
    const browser = openBrowser(app.url);
    expect((await signIn(browser, userName, password, query)).location).to.equal(`${app.url}/account`);
    const away = await browser.get('/account/terms?return_to=https://evil.test/');
    expect(away.location).to.equal(`${app.url}/account`);
  });
});
