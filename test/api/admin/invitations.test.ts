import { expect } from 'chai';
import { givenTenant, type ApiTenant } from '../../support/api.js';
import { startApp, type TestApp } from '../../support/app.js';
import { openBrowser } from '../../support/browser.js';
import { ManualClock } from '../../support/clock.js';
import { startIdp } from '../../support/idp.js';
import { mailsTo, waitForMails } from '../../support/mailbox.js';
import { attempt, signIn } from '../../support/sign-in.js';
import { givenConnection } from '../../support/sso.js';

interface Result {
  email: string;
  outcome: string;
  reason: string | null;
}

interface Invitation {
  id: string;
  email: string;
  status: string;
  sender: { id: string; name: string };
  createdAt: string;
  respondedAt: string | null;
  expiresAt: string;
}

const week = 604_800;
const password = 'a long enough password';
const chosen = { password, password2: password, terms: 'on' };

describe('invitations', () => {
  const clock = new ManualClock();
  let app: TestApp;
  let acme: ApiTenant;
  let query: string;

  before(async () => {
    app = await startApp({ clock, config: { allowPrivateIssuers: true } });
  });
  beforeEach(async () => {
    acme = await givenTenant(app);
    query = `?tenant=${acme.tenant.slug}`;
  });
  after(() => app.stop());

  let serial = 0;
  const newAddress = (): string => `invited${(serial += 1)}@home.test`;

  const invite = async (input: object, key?: string): Promise<Result[]> => {
    const res = await acme.call('post', '/invitations', key).send(input).expect(200);
    return (res.body as { results: Result[] }).results;
  };
  const list = async (search = ''): Promise<Invitation[]> => {
    const res = await acme.call('get', `/invitations${search}`).expect(200);
    return (res.body as { items: Invitation[] }).items;
  };
  /** Somebody who has been invited, and the link mailed to them. */
  const givenInvited = async (input: object = {}) => {
    const email = newAddress();
    await invite({ emails: [email], ...input });
    const [invitation] = await list(`?q=${encodeURIComponent(email)}`);
    const [mail] = await waitForMails(app.core, email);
    return { email, invitation: invitation!, mail: mail! };
  };
  const userOf = async (email: string): Promise<Record<string, unknown>> => {
    const res = await acme
      .call('get', `/users?q=${encodeURIComponent(email)}&showNonActivated=true`)
      .expect(200);
    return (res.body as { items: Record<string, unknown>[] }).items[0]!;
  };

  it('make a user who waits, with the roles of the invitation, and mail a link (M0-14, M2-11, M2-12, M2-13, M2-14, M2-19, M4-4)', async () => {
    await acme.givenApplication('crm');
    const { email, invitation, mail } = await givenInvited({
      roles: ['crm:agent'],
      message: 'See you <there>',
    });
    expect(invitation).to.deep.include({
      email,
      status: 'waiting',
      roles: ['crm:agent'],
      loginType: 'local',
      accessExpiresAt: null,
      respondedAt: null,
      createdAt: clock.now().toISOString(),
      expiresAt: new Date(clock.now().getTime() + week * 1000).toISOString(),
    });
    expect(invitation.sender.name).to.equal('tests');
    const user = await userOf(email);
    expect(user).to.deep.include({ status: 'pending_activation', source: 'invite', loginType: 'local' });
    expect(user).to.have.nested.property('roles[0].role', 'crm:agent');
    expect(user).to.have.nested.property('roles[0].sources[0].type', 'invite');
    expect(mail).to.deep.include({ template: 'activation', to: email });
    expect(mail.link).to.match(new RegExp(`^${app.url}/activate/`));
    expect(mail.text).to.include('See you <there>').and.include('7 days');
    expect(mail.html).to.include('See you &lt;there&gt;');
    expect((await attempt(app.url, email, password, query)).status).to.equal(401);
  });

  it('to an address on the domain of another tenant’s connection lead to a local sign-in', async () => {
    const idp = await startIdp();
    try {
      const other = await givenTenant(app);
      const connection = await givenConnection(app.core, other.tenant._id, idp);
      const email = `guest@${connection.verifiedDomains[0]!}`;
      expect(await invite({ emails: [email] })).to.have.nested.property('[0].outcome', 'invited');
      expect(await invite({ emails: [`sso-${email}`], loginType: 'sso' })).to.have.nested.property(
        '[0].outcome',
        'invalid',
      );
      const [invitation] = await list(`?q=${encodeURIComponent(email)}`);
      expect(invitation).to.include({ loginType: 'local' });
      const [mail] = await waitForMails(app.core, email);
      expect(mail).to.include({ template: 'activation' });
      const browser = openBrowser(app.url);
      expect((await browser.post(mail!.link, chosen)).status).to.equal(303);
      expect((await signIn(browser, email, password, query)).location).to.equal(`${app.url}/account`);
    } finally {
      await idp.stop();
    }
  });

  it('are completed by the person who sets a password and accepts the terms, and by nothing else of the form (M2-5; Keycloak CVE-2026-1529)', async () => {
    await acme.call('patch', '/settings').send({ 'terms.url': 'https://acme.test/terms' }).expect(200);
    const { email, invitation, mail } = await givenInvited();
    clock.advance(60_000);
    const browser = openBrowser(app.url);
    expect((await browser.post(mail.link, { password, password2: password })).status).to.equal(400);
    const forged = { email: 'boss@acme.test', tenant: 'other', roles: 'administrator', userId: 'x' };
    expect((await browser.post(mail.link, { ...forged, ...chosen })).status).to.equal(303);
    expect((await signIn(browser, email, password, query)).status).to.equal(303);
    const read = await acme.call('get', `/invitations/${invitation.id}`).expect(200);
    expect(read.body).to.include({ status: 'completed', respondedAt: clock.now().toISOString() });
    expect(await userOf(email)).to.deep.include({ status: 'active', email, roles: [] });
    const late = await acme.call('post', `/invitations/${invitation.id}/revoke`).expect(409);
    expect(late.body).to.include({ code: 'invitation.closed' });
  });

  it('judge each address by itself: new, twice, known, waiting, none at all (F-8)', async () => {
    const [fresh, known] = [newAddress(), newAddress()];
    await acme.givenUser({ email: known });
    const { email: waiting } = await givenInvited();
    const emails = [fresh, fresh.toUpperCase(), known, waiting, 'nobody', 'a@b@c.test'];
    const results = await invite({ emails });
    expect(results.map(({ outcome }) => outcome)).to.deep.equal([
      'invited',
      'pending',
      'already_user',
      'pending',
      'invalid',
      'invalid',
    ]);
    expect(results[0]).to.deep.equal({ email: fresh, outcome: 'invited', reason: null });
    expect(results[4]!.reason).to.include('valid email');
    expect(await waitForMails(app.core, fresh)).to.have.length(1);
    expect(await mailsTo(app.core, known)).to.deep.equal([]);
  });

  it('give everybody of one batch the same roles, one or several (M0-12, M0-13)', async () => {
    for (const key of ['crm', 'desk']) await acme.givenApplication(key);
    const emails = [newAddress(), newAddress(), newAddress()];
    const roles = ['crm:agent', 'desk:agent'];
    await invite({ emails, roles });
    for (const email of emails) {
      const held = (await userOf(email))['roles'] as { role: string }[];
      expect(held.map(({ role }) => role).sort()).to.deep.equal(roles);
    }
  });

  it('invite an address once, however many ask at the same moment', async () => {
    const email = newAddress();
    const results = await Promise.all(Array.from({ length: 8 }, () => invite({ emails: [email] })));
    const outcomes = results.flat().map(({ outcome }) => outcome);
    expect(outcomes.filter((outcome) => outcome === 'invited')).to.have.length(1);
    expect(outcomes.filter((outcome) => outcome === 'pending')).to.have.length(7);
    expect(await list(`?q=${email}`)).to.have.length(1);
  });

  it('expire, and live again when they are sent again: the older link is dead (M2-10, M4-11, F-6)', async () => {
    const { email, invitation, mail } = await givenInvited();
    clock.advance(week * 1000);
    expect((await list('?status=expired')).map(({ id }) => id)).to.deep.equal([invitation.id]);
    expect((await openBrowser(app.url).post(mail.link, chosen)).status).to.equal(410);
    const res = await acme.call('post', `/invitations/${invitation.id}/resend`).expect(200);
    expect(res.body).to.include({ status: 'waiting' });
    const [, second] = await waitForMails(app.core, email, 2);
    expect((await openBrowser(app.url).get(mail.link)).status).to.equal(410);
    expect((await openBrowser(app.url).post(second!.link, chosen)).status).to.equal(303);
    expect((await list('?status=completed')).map(({ id }) => id)).to.deep.equal([invitation.id]);
  });

  it('have one good link: the older one is dead the moment a newer one is mailed, before either is used or late', async () => {
    const { email, invitation, mail } = await givenInvited();
    expect((await openBrowser(app.url).get(mail.link)).status).to.equal(200);
    await acme.call('post', `/invitations/${invitation.id}/resend`).expect(200);
    const [, second] = await waitForMails(app.core, email, 2);
    expect((await openBrowser(app.url).get(mail.link)).status).to.equal(410);
    expect((await openBrowser(app.url).post(mail.link, chosen)).status).to.equal(410);
    expect((await openBrowser(app.url).get(second!.link)).status).to.equal(200);
  });

  it('are renewed by resending the activation of their user as well', async () => {
    const { email, invitation } = await givenInvited();
    clock.advance(week * 1000);
    const { id } = await userOf(email);
    await acme.call('post', `/users/${String(id)}/resend-activation`).expect(200);
    expect((await list('?status=waiting')).map((one) => one.id)).to.deep.equal([invitation.id]);
  });

  it('are revoked with the user they made; the address may be invited again, without its old roles (M1-31)', async () => {
    await acme.givenApplication('crm');
    const { email, invitation, mail } = await givenInvited({ roles: ['crm:agent'] });
    const res = await acme.call('post', `/invitations/${invitation.id}/revoke`).expect(200);
    expect(res.body).to.include({ status: 'revoked' });
    expect((await openBrowser(app.url).get(mail.link)).status).to.equal(410);
    expect(await userOf(email)).to.equal(undefined);
    await acme.call('post', `/invitations/${invitation.id}/resend`).expect(409);
    expect((await invite({ emails: [email] }))[0]).to.include({ outcome: 'invited' });
    expect(await userOf(email)).to.deep.include({ roles: [] });
    expect(await list('?status=revoked')).to.have.length(1);
  });

  it('are closed when their user is deleted before answering', async () => {
    const { email, invitation } = await givenInvited();
    await acme.call('delete', `/users/${String((await userOf(email))['id'])}`).expect(204);
    const read = await acme.call('get', `/invitations/${invitation.id}`).expect(200);
    expect(read.body).to.include({ status: 'revoked' });
  });

  it('can be temporary: access ends then (M2-15, M2-17, M2-18)', async () => {
    const until = new Date(clock.now().getTime() + 86_400_000).toISOString();
    const { email, invitation, mail } = await givenInvited({ accessExpiresAt: until });
    expect(invitation).to.include({ accessExpiresAt: until });
    await openBrowser(app.url).post(mail.link, chosen);
    clock.advance(86_400_000);
    expect((await attempt(app.url, email, password, query)).status).to.equal(403);
    const past = { emails: [newAddress()], accessExpiresAt: '2020-01-01T00:00:00Z' };
    const refused = await acme.call('post', '/invitations').send(past).expect(400);
    expect(refused.body).to.have.nested.property('errors[0].pointer', '/accessExpiresAt');
    const permanent = await givenTenant(app, { settings: { 'invites.temporaryAllowed': false } });
    const ended = { emails: [newAddress()], accessExpiresAt: '2090-01-01T00:00:00Z' };
    await permanent.call('post', '/invitations').send(ended).expect(400);
  });

  it('are sent by whoever may create users, and give roles by whoever may assign them (B5, M0-7)', async () => {
    await acme.givenApplication('crm');
    const [reader, creator] = [await acme.givenKey(['users.read']), await acme.givenKey(['users.create'])];
    const emails = [newAddress()];
    await acme.call('post', '/invitations', reader).send({ emails }).expect(403);
    await acme
      .call('post', '/invitations', creator)
      .send({ emails, roles: ['crm:agent'] })
      .expect(403);
    expect((await invite({ emails }, creator))[0]).to.include({ outcome: 'invited' });
    const assigner = await acme.givenKey(['users.create', 'roles.assign']);
    const lifted = await acme
      .call('post', '/invitations', assigner)
      .send({ emails: [newAddress()], roles: ['administrator'] });
    expect(lifted.status).to.equal(403);
    expect(lifted.body).to.include({ code: 'role.not_grantable' });
  });

  const bad: Record<string, [body: object, pointer: string]> = {
    'no address': [{ emails: [] }, '/emails'],
    'an empty choice of roles (M0-10)': [{ emails: ['a@b.test'], roles: [] }, '/roles'],
    'a role nobody knows': [{ emails: ['a@b.test'], roles: ['nothing'] }, '/roles/0'],
    'an unknown field': [{ emails: ['a@b.test'], admin: true }, '/admin'],
  };
  for (const [what, [body, pointer]] of Object.entries(bad)) {
    it(`refuse ${what}, and invite nobody`, async () => {
      const res = await acme.call('post', '/invitations').send(body).expect(400);
      expect(res.body).to.have.nested.property('errors[0].pointer', pointer);
      expect(await list()).to.deep.equal([]);
    });
  }

  it('are listed newest first, in pages, found by address or sender (M2-6, M2-9)', async () => {
    const emails = Array.from({ length: 5 }, newAddress);
    for (const email of emails) await invite({ emails: [email] });
    const pages: string[] = [];
    let cursor = '';
    do {
      const res = await acme.call('get', `/invitations?limit=2${cursor}`).expect(200);
      const body = res.body as { items: Invitation[]; total: number; next: string | null };
      expect(body.total).to.equal(5);
      pages.push(...body.items.map(({ email }) => email));
      cursor = body.next === null ? '' : `&cursor=${encodeURIComponent(body.next)}`;
    } while (cursor !== '');
    expect(pages).to.deep.equal([...emails].reverse());
    expect(await list(`?q=${emails[2]!.toUpperCase()}`)).to.have.length(1);
    expect(await list('?q=TESTS')).to.have.length(5);
    expect(await list('?q=somebody')).to.deep.equal([]);
  });

  it('leave a trail: who invited, sent again and revoked whom', async () => {
    const { email, invitation } = await givenInvited();
    await acme.call('post', `/invitations/${invitation.id}/resend`).expect(200);
    await acme.call('post', `/invitations/${invitation.id}/revoke`).expect(200);
    const res = await acme.call('get', '/audit-events?limit=20').expect(200);
    const events = (res.body as { items: { action: string; target: { label: string } | null }[] }).items;
    const actions = events.filter(({ target }) => target?.label === email).map(({ action }) => action);
    expect(actions).to.include.members([
      'user.invited',
      'invitation.sent',
      'invitation.resent',
      'invitation.revoked',
      'user.deleted',
    ]);
  });

  describe('with a temporary password', () => {
    const passwordIn = (text: string): string => /^password: (\S+)$/m.exec(text)![1]!;
    beforeEach(async () => {
      acme = await givenTenant(app, { settings: { 'invites.method': 'temporary_password' } });
      query = `?tenant=${acme.tenant.slug}`;
    });

    it('let the person in only as far as choosing their own (M0-14, B2)', async () => {
      const { email, mail } = await givenInvited();
      expect(mail).to.include({ template: 'temporary_password', link: `${app.url}/signin${query}` });
      const browser = openBrowser(app.url);
      const page = await signIn(browser, email, passwordIn(mail.text), query);
      expect(page.status).to.equal(303);
      expect(page.location).to.match(new RegExp(`^${app.url}/activate/`));
      expect((await browser.get('/account')).status).to.equal(303);
      expect((await browser.get('/api/v1/me')).status).to.equal(401);
      expect((await browser.post(page.location!, chosen)).status).to.equal(303);
      expect((await attempt(app.url, email, passwordIn(mail.text), query)).status).to.equal(401);
      clock.advance(10_000);
      expect((await signIn(browser, email, password, query)).location).to.equal(`${app.url}/account`);
    });

    it('open nothing once their time is over, until they are sent again with another password', async () => {
      const { email, invitation, mail } = await givenInvited();
      clock.advance(week * 1000);
      expect((await attempt(app.url, email, passwordIn(mail.text), query)).status).to.equal(403);
      await acme.call('post', `/invitations/${invitation.id}/resend`).expect(200);
      const [, second] = await waitForMails(app.core, email, 2);
      expect((await attempt(app.url, email, passwordIn(mail.text), query)).status).to.equal(401);
      clock.advance(10_000);
      const page = await attempt(app.url, email, passwordIn(second!.text), query);
      expect(page.location).to.include('/activate/');
    });
  });

  it('lead people of a company with SSO to its provider, whose first sign-in completes them', async () => {
    const idp = await startIdp();
    try {
      const connection = await givenConnection(app.core, acme.tenant._id, idp);
      const email = `ann@${connection.verifiedDomains[0]!}`;
      await invite({ emails: [email], loginType: 'local' });
      const [mail] = await waitForMails(app.core, email);
      expect(mail).to.include({ template: 'company_sign_in', link: `${app.url}/signin${query}` });
      expect(await userOf(email)).to.include({ status: 'pending_activation', loginType: 'sso' });
      idp.person = { sub: 'ann', email, email_verified: true };
      const browser = openBrowser(app.url);
      const first = await browser.get(mail!.link);
      const forwarded = await browser.post('/signin', { _csrf: first.fields['_csrf']!, email });
      expect((await browser.follow(forwarded)).url).to.equal(`${app.url}/account`);
      expect(await userOf(email)).to.include({ status: 'active' });
      expect((await list())[0]).to.include({ status: 'completed' });
      const [elsewhere] = await invite({ emails: [newAddress()], loginType: 'sso' });
      expect(elsewhere).to.include({ outcome: 'invalid' });
    } finally {
      await idp.stop();
    }
  });
});
