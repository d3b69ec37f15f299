import { expect } from 'chai';
import { updateTenant } from '../../../src/identity/roles/tenant-change.js';
import { systemActor } from '../../../src/identity/actors.js';
import { sendActivation } from '../../../src/identity/invitations/activation.js';
import { setEnabled } from '../../../src/identity/users/actions.js';
import { getUser } from '../../../src/identity/users/users.js';
import { startApp, type TestApp } from '../../support/app.js';
import { openBrowser, type Page } from '../../support/browser.js';
import { startIdp } from '../../support/idp.js';
import { mailsTo, waitForMails } from '../../support/mailbox.js';
import { givenTenant, givenUser, goodPassword, unique } from '../../support/people.js';
import { attempt, signIn, typeEmail } from '../../support/sign-in.js';
import { givenConnection } from '../../support/sso.js';

const newPassword = 'seven ducks on a frozen pond';
const both = { password: newPassword, password2: newPassword };

describe('forgotten passwords', () => {
  let app: TestApp;
  let tenantId: string;
  let slug: string;

  before(async () => {
    app = await startApp({ config: { allowPrivateIssuers: true } });
    ({ tenantId, slug } = await givenTenant(app.core));
  });
  after(() => app.stop());

  const forgot = (email: string, headers = {}): Promise<Page> =>
    openBrowser(app.url).post('/forgot', { email }, headers);

  async function linkFor(email: string, mails = 1): Promise<string> {
    await forgot(email);
    return (await waitForMails(app.core, email, mails)).at(-1)!.link;
  }

  it('are asked for on one page, which looks the same for every address (M1-23)', async () => {
    const user = await givenUser(app.core, tenantId);
    const nobody = `${unique('nobody')}@local.test`;
    const [known, unknown] = [await forgot(user.userName), await forgot(nobody)];
    expect([known.status, unknown.status]).to.deep.equal([200, 200]);
    expect(known.text.replaceAll(user.userName, '')).to.equal(unknown.text.replaceAll(nobody, ''));
    await waitForMails(app.core, user.userName);
    expect(await mailsTo(app.core, nobody)).to.deep.equal([]);
  });

  it('are replaced by a link that names its period, and the next sign-in needs the new one (M1-25)', async () => {
    const user = await givenUser(app.core, tenantId);
    const signedIn = openBrowser(app.url);
    await signIn(signedIn, user.userName, goodPassword);
    const link = await linkFor(user.userName);
    expect(link).to.match(new RegExp(`^${app.url}/reset/gh_rst_`));
    const [mail] = await mailsTo(app.core, user.userName);
    expect(mail!.text).to.include('1 hour').and.include(link);
    expect(mail!.template).to.equal('password_reset');
    const browser = openBrowser(app.url);
    const form = await browser.get(link);
    expect(form.status).to.equal(200);
    expect(form.headers.get('referrer-policy')).to.equal('no-referrer');
    const done = await browser.post(link, both);
    expect(done.status).to.equal(303);
    expect(done.location).to.include(`/signin?tenant=${slug}`);
    expect((await browser.follow(done)).text).to.include('new password is set');
    expect((await signedIn.get('/account')).status).to.equal(303);
    expect((await attempt(app.url, user.userName, newPassword)).status).to.equal(303);
    expect((await attempt(app.url, user.userName, goodPassword)).status).to.equal(401);
  });

  it('need a link that is used once, in time, the newest, and never by a GET (M1-25)', async () => {
    const user = await givenUser(app.core, tenantId);
    const older = await linkFor(user.userName);
    const newer = await linkFor(user.userName, 2);
    const browser = openBrowser(app.url);
    // Dead by the newer one alone: that one is neither used nor late.
    expect((await browser.get(older)).status).to.equal(410);
    expect((await browser.post(older, both)).status).to.equal(410);
    for (let times = 0; times < 3; times += 1) expect((await browser.get(newer)).status).to.equal(200);
    const answers = await Promise.all([1, 2, 3].map(() => browser.post(newer, both)));
    expect(answers.map(({ status }) => status).sort()).to.deep.equal([303, 410, 410]);
    for (const link of [older, newer, `${app.url}/reset/invented`]) {
      for (const page of [await browser.get(link), await browser.post(link, both)]) {
        expect(page.status).to.equal(410);
        expect(page.text).to.not.include('type="password"');
      }
    }
  });

  it('remember the address: from the sign-in to /forgot and back, and to the sign-in behind the new password', async () => {
    const user = await givenUser(app.core, tenantId);
    const browser = openBrowser(app.url);
    const asked = await typeEmail(browser, user.userName);
    const path = /href="(\/forgot[^"]*)"/.exec(asked.text)![1]!;
    const page = await browser.get(path);
    expect(page.fields['email']).to.equal(user.userName);
    const mistyped = await browser.post('/forgot', { ...page.fields, email: 'no address' });
    expect([mistyped.status, mistyped.fields['email']]).to.deep.equal([400, 'no address']);
    const done = await browser.post('/forgot', page.fields);
    const back = /href="(\/signin[^"]*)"/.exec(done.text)![1]!;
    expect((await browser.get(back)).fields['email']).to.equal(user.userName);
    const [mail] = await waitForMails(app.core, user.userName);
    const set = await openBrowser(app.url).post(mail!.link, both);
    expect(set.status).to.equal(303);
    const other = openBrowser(app.url);
    const link = await linkFor(user.userName, 2);
    const next = await other.follow(await other.post(link, both));
    expect(next.fields['email']).to.equal(user.userName);
    expect(next.text).to.include('Your new password is set');
  });

  it('keep their link through a weak or mistyped new one', async () => {
    const user = await givenUser(app.core, tenantId);
    const link = await linkFor(user.userName);
    const browser = openBrowser(app.url);
    for (const form of [
      { password: 'short', password2: 'short' },
      { password: newPassword, password2: `${newPassword}!` },
      { password: user.userName, password2: user.userName },
      {},
    ]) {
      const page = await browser.post(link, form);
      expect(page.status).to.equal(400);
      expect(page.alert).to.be.a('string');
    }
    expect((await browser.post(link, both)).status).to.equal(303);
  });

  it('are not reset for people who may not sign in, before or after the link was sent (synapse GHSA-26c5)', async () => {
    const [early, late] = [await givenUser(app.core, tenantId), await givenUser(app.core, tenantId)];
    await setEnabled(app.core, systemActor(tenantId), early._id, false);
    await forgot(early.userName);
    const link = await linkFor(late.userName);
    await setEnabled(app.core, systemActor(tenantId), late._id, false);
    expect((await openBrowser(app.url).post(link, both)).status).to.equal(410);
    expect(await mailsTo(app.core, early.userName)).to.deep.equal([]);
  });

  it('are no way around a lockout (M0-32)', async () => {
    const user = await givenUser(app.core, tenantId);
    for (let count = 0; count < 5; count += 1) await attempt(app.url, user.userName, 'wrong wrong wrong');
    expect((await attempt(app.url, user.userName, goodPassword)).status).to.equal(429);
    await openBrowser(app.url).post(await linkFor(user.userName), both);
    expect((await attempt(app.url, user.userName, newPassword)).status).to.equal(429);
  });

  it('are a matter for the company where the domain is forwarded', async () => {
    const idp = await startIdp();
    try {
      const connection = await givenConnection(app.core, tenantId, idp);
      const user = await givenUser(app.core, tenantId, { email: `ann@${connection.verifiedDomains[0]!}` });
      await forgot(user.userName);
      const [mail] = await waitForMails(app.core, user.userName);
      expect(mail!.template).to.equal('password_reset_sso');
      expect(mail!.link).to.match(new RegExp(`^${app.url}/signin\\?tenant=[\\w-]+$`));
    } finally {
      await idp.stop();
    }
  });

  it('are a matter of the person’s own tenant where another one’s company answers for the domain', async () => {
    const idp = await startIdp();
    try {
      const other = (await givenTenant(app.core)).tenantId;
      const connection = await givenConnection(app.core, other, idp);
      const user = await givenUser(app.core, tenantId, { email: `guest@${connection.verifiedDomains[0]!}` });
      await forgot(user.userName);
      const [mail] = await waitForMails(app.core, user.userName);
      expect(mail!.template).to.equal('password_reset');
      expect(mail!.link).to.include('/reset/');
    } finally {
      await idp.stop();
    }
  });

  it('are mailed with links to our own address, whatever the request says (Zitadel CVE-2025-64101)', async () => {
    const user = await givenUser(app.core, tenantId);
    await forgot(user.userName, { 'x-forwarded-host': 'evil.test', forwarded: 'host=evil.test' });
    const [mail] = await waitForMails(app.core, user.userName);
    expect(mail!.link).to.match(new RegExp(`^${app.url}/`));
    expect(JSON.stringify(mail)).to.not.include('evil.test');
  });

  it('take one plain address (GitLab CVE-2023-7028)', async () => {
    const victim = await givenUser(app.core, tenantId);
    for (const body of [
      `email=${victim.userName}&email=x%40evil.test`,
      `email[]=${victim.userName}`,
      'email=nobody',
    ]) {
      const page = await openBrowser(app.url).post('/forgot', new URLSearchParams(body));
      expect(page.status).to.equal(400);
      expect(page.alert).to.include('valid email');
    }
    expect(await mailsTo(app.core, victim.userName)).to.deep.equal([]);
  });

  it('fill no mailbox', async () => {
    const user = await givenUser(app.core, tenantId);
    for (let times = 0; times < 8; times += 1) await forgot(user.userName);
    await waitForMails(app.core, user.userName, 5);
    const other = await givenUser(app.core, tenantId);
    await forgot(other.userName);
    await waitForMails(app.core, other.userName);
    expect(await mailsTo(app.core, user.userName)).to.have.length(5);
  });

  it('leave no token in clear in the store', async () => {
    const user = await givenUser(app.core, tenantId);
    const token = (await linkFor(user.userName)).split('/').at(-1)!;
    const tokens = await app.core.store
      .tenant(tenantId)
      .collection('one_time_tokens')
      .find({ userId: user._id });
    expect(tokens).to.have.length(1);
    expect(JSON.stringify(tokens)).to.not.include(token.slice(7));
  });
});

describe('activation', () => {
  let app: TestApp;
  let tenantId: string;

  before(async () => {
    app = await startApp({ config: { allowPrivateIssuers: true } });
    ({ tenantId } = await givenTenant(app.core));
  });
  after(() => app.stop());

  async function invited(email = `${unique('new')}@local.test`) {
    const user = await givenUser(app.core, tenantId, { email, password: null, activated: false });
    await app.core.store
      .tenant(tenantId)
      .collection('users')
      .update(user._id, (stored) => ({ ...stored, activatedAt: null }));
    await sendActivation(app.core, systemActor(tenantId), await getUser(app.core, tenantId, user._id));
    return { user, link: (await waitForMails(app.core, email)).at(-1)!.link };
  }

  it('sets the first password and accepts the terms, which are kept and recorded; the link is dead afterwards (M3-13)', async () => {
    const terms = { 'terms.url': 'https://acme.test/terms', 'terms.version': '2026-11' };
    await updateTenant(app.core, systemActor(tenantId), { settings: terms });
    const { user, link } = await invited();
    const browser = openBrowser(app.url);
    expect((await browser.get(link)).text)
      .to.include('name="terms"')
      .and.include('href="https://acme.test/terms"');
    expect((await browser.post(link, both)).status).to.equal(400);
    expect((await browser.post(link, { ...both, terms: 'on' })).status).to.equal(303);
    const stored = await getUser(app.core, tenantId, user._id);
    expect(stored.activatedAt).to.be.instanceOf(Date);
    expect(stored.terms?.version).to.equal('2026-11');
    expect(stored.terms?.acceptedAt).to.be.instanceOf(Date);
    const [event] = await app.core.store
      .tenant(tenantId)
      .collection('audit_events')
      .find({ action: 'terms.accepted', 'target.id': user._id });
    expect(event?.changes).to.deep.equal([{ path: 'terms.version', before: null, after: '2026-11' }]);
    await updateTenant(app.core, systemActor(tenantId), { settings: { 'terms.url': '' } });
    expect((await attempt(app.url, user.userName, newPassword)).status).to.equal(303);
    expect((await browser.get(link)).status).to.equal(410);
  });

  it('asks for no terms where the tenant has none', async () => {
    const { user, link } = await invited();
    const browser = openBrowser(app.url);
    expect((await browser.get(link)).text).to.not.include('terms');
    expect((await browser.post(link, both)).status).to.equal(303);
    expect((await getUser(app.core, tenantId, user._id)).terms).to.equal(undefined);
  });

  it('of a disabled user is refused', async () => {
    const { user, link } = await invited();
    await setEnabled(app.core, systemActor(tenantId), user._id, false);
    expect((await openBrowser(app.url).post(link, { ...both, terms: 'on' })).status).to.equal(410);
  });

  it('leads to the company where the domain is forwarded by now, and sets no password', async () => {
    const idp = await startIdp();
    try {
      const domain = `${unique('company')}.test`;
      const { link } = await invited(`ann@${domain}`);
      const domains = [{ domain, verified: true }];
      const connection = await givenConnection(app.core, tenantId, idp, { domains });
      const page = await openBrowser(app.url).get(link);
      expect(page.text).to.include(`/sso/${connection._id}/start`).and.not.include('type="password"');
      expect((await openBrowser(app.url).post(link, { ...both, terms: 'on' })).status).to.equal(410);
    } finally {
      await idp.stop();
    }
  });

  it('links and reset links are not each other', async () => {
    const { link } = await invited();
    expect((await openBrowser(app.url).get(link.replace('/activate/', '/reset/'))).status).to.equal(410);
  });
});
