import { expect } from 'chai';
import {
  beginTwoFactor,
  confirmTwoFactor,
  removeTwoFactor,
} from '../../../src/identity/credentials/two-factor.js';
import { planFile } from '../../../src/identity/bootstrap/plan.js';
import type { SsoConnectionDocument } from '../../../src/identity/sso/connections.js';
import { tenantSettings } from '../../../src/identity/tenants/settings.js';
import type { UserDocument } from '../../../src/persistence/collections/users.js';
import { startApp, type TestApp } from '../../support/app.js';
import { givenTenant, type ApiTenant } from '../../support/api.js';
import { openBrowser, type Browser, type Page } from '../../support/browser.js';
import { ManualClock } from '../../support/clock.js';
import { startIdp, type Idp } from '../../support/idp.js';
import { waitForMails } from '../../support/mailbox.js';
import { goodPassword, unique } from '../../support/people.js';
import { countsOf } from '../../support/planned.js';
import { signIn, typeEmail } from '../../support/sign-in.js';
import { givenConnection } from '../../support/sso.js';
import { codeNow } from '../../support/totp.js';

describe('administrators for emergencies', () => {
  const clock = new ManualClock();
  let app: TestApp;
  let idp: Idp;
  let acme: ApiTenant;
  let connection: SsoConnectionDocument;

  before(async () => {
    [app, idp] = await Promise.all([startApp({ clock, config: { allowPrivateIssuers: true } }), startIdp()]);
    acme = await givenTenant(app);
    connection = await givenConnection(app.core, acme.tenant._id, idp);
  });
  after(() => Promise.all([app.stop(), idp.stop()]));

  const inDays = (days: number): string => new Date(clock.now().getTime() + days * 86_400_000).toISOString();
  const arm = (user: UserDocument, armedUntil: string | null = inDays(1)) =>
    acme.call('put', `/users/${user._id}/break-glass`).send({ armedUntil });
  const codeOf = (answer: { body: { code?: string } }): string | undefined => answer.body.code;

  async function enrol(user: UserDocument): Promise<string> {
    const { secret } = await beginTwoFactor(app.core, user, await tenantSettings(app.core, acme.tenant._id));
    await confirmTwoFactor(app.core, acme.system, user, codeNow(secret, clock));
    clock.advance(60_000);
    return secret;
  }

  async function givenAdministrator(roles = ['administrator']) {
    const email = `${unique('root')}@${connection.verifiedDomains[0]!}`;
    const user = await acme.givenUser({ email, password: goodPassword, roles });
    return { email, user, secret: await enrol(user) };
  }

  const typeCode = (browser: Browser, page: Page, secret: string): Promise<Page> =>
    browser.post('/signin/2fa', { _csrf: page.fields['_csrf']!, code: codeNow(secret, clock) });
  const isSignedIn = async (browser: Browser): Promise<boolean> =>
    (await browser.get('/api/v1/me')).status === 200;

  it('come in past a required company sign-in with password and second factor; it is audited, and every administrator gets a mail', async () => {
    const { email, secret, user } = await givenAdministrator();
    const other = await acme.givenUser({ email: `${unique('other')}@home.test`, roles: ['administrator'] });
    await arm(user).expect(204);
    const browser = openBrowser(app.url);
    expect((await typeEmail(browser, email)).location).to.include(idp.issuer);
    const page = await signIn(browser, email, goodPassword, '?local=1');
    expect(page.status).to.equal(200);
    expect(await isSignedIn(browser)).to.equal(false);
    expect((await typeCode(browser, page, secret)).status).to.equal(303);
    expect(await isSignedIn(browser)).to.equal(true);
    const { body } = await acme.call('get', '/audit-events?action=break_glass.used').expect(200);
    expect(body.items[0]).to.deep.include({ target: { type: 'user', id: user._id, label: email } });
    expect(body.items[0].changes[0]).to.include({ path: 'connection', after: connection.name });
    const isNotice = ({ template }: { template?: string }): boolean => template === 'break_glass_used';
    expect((await waitForMails(app.core, other.email!)).find(isNotice)!.text).to.include(email);
    await arm(user, null).expect(204);
    await acme.call('delete', `/users/${user._id}/break-glass`).expect(204);
  });

  it('are let in no longer than they are armed, not without a second factor, and not when it is taken away', async () => {
    const { email, secret, user } = await givenAdministrator();
    await arm(user).expect(204);
    const browser = openBrowser(app.url);
    const page = await signIn(browser, email, goodPassword, '?local=1');
    await arm(user, null).expect(204);
    expect((await typeCode(browser, page, secret)).status).to.equal(403);
    expect((await typeEmail(openBrowser(app.url), email, '?local=1')).location).to.include(idp.issuer);
    await arm(user).expect(204);
    await removeTwoFactor(app.core, acme.system, user);
    expect((await signIn(openBrowser(app.url), email, goodPassword, '?local=1')).status).to.equal(403);
    await enrol(user);
    clock.advance(2 * 86_400_000);
    expect((await typeEmail(openBrowser(app.url), email, '?local=1')).location).to.include(idp.issuer);
    await acme.call('delete', `/users/${user._id}/break-glass`).expect(204);
    await acme.call('delete', `/users/${user._id}/break-glass`).expect(404);
  });

  it('open the way for nobody else of the domain', async () => {
    const { user } = await givenAdministrator();
    await arm(user).expect(204);
    const email = `${unique('bob')}@${connection.verifiedDomains[0]!}`;
    await acme.givenUser({ email, password: goodPassword });
    const page = await signIn(openBrowser(app.url), email, goodPassword, '?local=1');
    expect(page.status).to.equal(403);
    expect((await signIn(openBrowser(app.url), email, 'a wrong one', '?local=1')).status).to.equal(401);
    await acme.call('delete', `/users/${user._id}/break-glass`).expect(204);
  });

  it('are active administrators of the tenant’s own with a second factor, at most five, armed for at most 90 days', async () => {
    const { user: person } = await givenAdministrator([]);
    expect(codeOf(await arm(person).expect(409))).to.equal('break_glass.not_fit');
    const bare = await acme.givenUser({ password: goodPassword, roles: ['administrator'] });
    expect(codeOf(await arm(bare).expect(409))).to.equal('break_glass.not_fit');
    const { user } = await givenAdministrator();
    for (const wrong of [inDays(91), inDays(-1)]) await arm(user, wrong).expect(400);
    const key = await acme.givenKey(['sso.manage', 'users.read']);
    await acme
      .call('put', `/users/${user._id}/break-glass`, key)
      .send({ armedUntil: inDays(1) })
      .expect(403);
    const named = [user];
    await arm(user).expect(204);
    while (named.length < 5) {
      const { user: next } = await givenAdministrator();
      await arm(next).expect(204);
      named.push(next);
    }
    const { user: sixth } = await givenAdministrator();
    expect(codeOf(await arm(sixth).expect(409))).to.equal('break_glass.too_many');
    const { body } = await acme.call('get', '/break-glass').expect(200);
    expect(body.items.map((item: { user: { id: string } }) => item.user.id)).to.deep.equal(
      named.map(({ _id }) => _id),
    );
    expect(body.items[0]).to.include({ armed: true, hasSecondFactor: true });
    for (const one of named) await acme.call('delete', `/users/${one._id}/break-glass`).expect(204);
  });

  it('are let in no longer once they are no administrator any more, though the end of it has not come', async () => {
    const { email, secret, user } = await givenAdministrator();
    await acme.givenUser({ email: `${unique('other')}@home.test`, roles: ['administrator'] });
    await arm(user).expect(204);
    const browser = openBrowser(app.url);
    const page = await signIn(browser, email, goodPassword, '?local=1');
    await acme.call('patch', `/users/${user._id}`).send({ roles: [] }).expect(200);
    expect((await typeCode(browser, page, secret)).status).to.equal(403);
    expect(await isSignedIn(browser)).to.equal(false);
    expect((await typeEmail(openBrowser(app.url), email, '?local=1')).location).to.include(idp.issuer);
    const { body } = await acme.call('get', '/break-glass').expect(200);
    expect(body.items.map(({ armed }: { armed: boolean }) => armed)).to.deep.equal([false]);
    await acme.call('delete', `/users/${user._id}/break-glass`).expect(204);
  });

  it('are missed by a connection that is required', async () => {
    const read = async () => (await acme.call('get', `/sso-connections/${connection._id}`).expect(200)).body;
    const codes = async () => (await read()).warnings.map(({ code }: { code: string }) => code);
    expect(await codes()).to.include('no_break_glass');
    const { user } = await givenAdministrator();
    await arm(user).expect(204);
    expect(await codes()).not.to.include('no_break_glass');
    const plan = async () => {
      const { body } = await acme
        .call('patch', `/sso-connections/${connection._id}?dryRun=true`)
        .send({ mode: 'optional' })
        .expect(200);
      const of = (kind: string) =>
        body.changes.find((one: { kind: string }) => one.kind === kind)?.users ?? 0;
      return of('not_forwarded') as number;
    };
    const forwarded = await plan();
    await removeTwoFactor(app.core, acme.system, user);
    expect(await codes(), 'without a second factor').to.include('no_break_glass');
    expect(await plan()).to.equal(forwarded + 1);
    await enrol(user);
    expect(await codes()).not.to.include('no_break_glass');
    const settings = { 'mails.language': 'de' };
    const file = { tenants: [{ slug: acme.tenant.slug, name: 'Acme', settings }] };
    expect(countsOf((await planFile(app.core, file)).tenants[0]!)).to.deep.equal({});
    await acme.call('post', `/users/${user._id}/disable`).send({}).expect(200);
    expect(await codes(), 'disabled').to.include('no_break_glass');
    await acme.call('delete', `/users/${user._id}/break-glass`).expect(204);
  });
});
