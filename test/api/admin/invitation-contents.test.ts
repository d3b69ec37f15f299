import { expect } from 'chai';
import { sendPasswordReset } from '../../../src/identity/credentials/reset.js';
import { givenTenant, type ApiTenant } from '../../support/api.js';
import { startApp, type TestApp } from '../../support/app.js';
import { openBrowser } from '../../support/browser.js';
import { ManualClock } from '../../support/clock.js';
import { eventually } from '../../support/eventually.js';
import { waitForMails } from '../../support/mailbox.js';
import { attempt, signIn } from '../../support/sign-in.js';

type Json = Record<string, unknown>;

const day = 86_400_000;
const password = 'a long enough password';
const chosen = { password, password2: password };

describe('what an invitation holds', () => {
  const clock = new ManualClock();
  let app: TestApp;
  let acme: ApiTenant;

  before(async () => {
    app = await startApp({ clock });
    acme = await givenTenant(app);
    await acme.givenApplication('crm');
  });
  after(() => app.stop());

  let serial = 0;
  const newAddress = (): string => `guest${(serial += 1)}@home.test`;

  async function invited(body: Json = {}, tenant = acme) {
    const email = newAddress();
    await tenant
      .call('post', '/invitations')
      .send({ emails: [email], ...body })
      .expect(200);
    const found = await tenant.call('get', `/invitations?q=${email}`).expect(200);
    const [invitation] = (found.body as { items: (Json & { id: string; expiresAt: string })[] }).items;
    const [mail] = await waitForMails(app.core, email);
    return { email, invitation: invitation!, mail: mail! };
  }

  const userOf = async (email: string): Promise<Json> => {
    const { body } = await acme.call('get', `/users?q=${email}&showNonActivated=true`).expect(200);
    return (body as { items: Json[] }).items[0]!;
  };

  it('takes addresses with commas, semicolons, spaces and line breaks between them, each judged once (M0-9, M0-11, M2-7)', async () => {
    const [a, b, c, d, e] = Array.from({ length: 5 }, newAddress);
    const emails = `${a}, ${b};${c}\n${d}\r\n\t${e} ;, not-an-address`;
    const { body } = await acme.call('post', '/invitations').send({ emails }).expect(200);
    const { results } = body as { results: { email: string; outcome: string }[] };
    expect(results.map(({ email, outcome }) => [email, outcome])).to.deep.equal([
      ...[a, b, c, d, e].map((email) => [email, 'invited']),
      ['not-an-address', 'invalid'],
    ]);
    const again = await acme.call('post', '/invitations').send({ emails: [`${a};${b}`, a] });
    const outcomes = (again.body as { results: { outcome: string }[] }).results;
    expect(outcomes.map(({ outcome }) => outcome)).to.deep.equal(['pending', 'pending', 'pending']);
    for (const emails of ['', ' ,; ', [], ['', ' ']]) {
      const refused = await acme.call('post', '/invitations').send({ emails });
      expect([refused.status, JSON.stringify(emails)]).to.deep.equal([400, JSON.stringify(emails)]);
    }
  });

  it('must name a role where the tenant says so, as under the preset contact-center (M0-10)', async () => {
    const strict = await givenTenant(app, { preset: 'contact-center' });
    const email = newAddress();
    for (const roles of [undefined, []]) {
      const refused = await strict.call('post', '/invitations').send({ emails: [email], roles });
      expect(refused.status).to.equal(400);
      expect(refused.body).to.have.nested.property('errors[0].pointer', '/roles');
    }
    await strict
      .call('post', '/invitations')
      .send({ emails: [email], roles: ['viewer'] })
      .expect(200);
    await strict.call('patch', '/settings').send({ 'invites.rolesRequired': false }).expect(200);
    await strict
      .call('post', '/invitations')
      .send({ emails: [newAddress()] })
      .expect(200);
  });

  it('puts the person into groups and services, and repeats its message when it is sent again', async () => {
    const group = (await acme.call('post', '/groups').send({ displayName: 'Support' })).body as {
      id: string;
    };
    const { email, invitation, mail } = await invited({
      groups: [group.id],
      services: ['crm'],
      message: 'Welcome aboard',
    });
    expect(invitation).to.deep.include({ groups: [group.id], services: ['crm'], message: 'Welcome aboard' });
    const user = await userOf(email);
    expect(user).to.deep.include({ services: ['crm'], groups: [{ id: group.id, displayName: 'Support' }] });
    expect(mail.text).to.include('Welcome aboard');
    await acme.call('post', `/invitations/${invitation.id}/resend`).expect(200);
    const [, second] = await waitForMails(app.core, email, 2);
    expect(second!.text).to.include('Welcome aboard');
  });

  it('invites nobody with a group or service that is not there, is provisioned, or gives more than the sender may', async () => {
    const emails = [newAddress()];
    for (const [body, pointer] of [
      [{ groups: ['none'] }, '/groups/0'],
      [{ services: ['none'] }, undefined],
    ] as const) {
      const refused = await acme.call('post', '/invitations').send({ emails, ...body });
      expect(refused.status, JSON.stringify(body)).to.equal(400);
      if (pointer) expect(refused.body).to.have.nested.property('errors[0].pointer', pointer);
    }
    const made = { displayName: 'Bosses', roles: ['administrator'] };
    const { id } = (await acme.call('post', '/groups').send(made).expect(201)).body as { id: string };
    const key = await acme.givenKey(['users.create', 'groups.manage', 'users.read']);
    const refused = await acme.call('post', '/invitations', key).send({ emails, groups: [id] });
    expect([refused.status, (refused.body as Json)['code']]).to.deep.equal([403, 'role.not_grantable']);
    expect(await userOf(emails[0]!)).to.equal(undefined);
  });

  it('expires when it is told to, with the link that was mailed', async () => {
    const { email, invitation, mail } = await invited();
    const sooner = new Date(clock.now().getTime() + day).toISOString();
    const read = await acme.call('get', `/invitations/${invitation.id}`).expect(200);
    const etag = read.headers['etag'] ?? '';
    const changed = await acme
      .call('patch', `/invitations/${invitation.id}`)
      .set('If-Match', etag)
      .send({ expiresAt: sooner })
      .expect(200);
    expect(changed.body).to.include({ expiresAt: sooner, status: 'waiting' });
    await acme
      .call('patch', `/invitations/${invitation.id}`)
      .set('If-Match', etag)
      .send({ expiresAt: sooner })
      .expect(412);
    for (const expiresAt of [clock.now().toISOString(), '2099-01-01T00:00:00Z', 'soon', null])
      await acme.call('patch', `/invitations/${invitation.id}`).send({ expiresAt }).expect(400);
    clock.advance(day - 1000);
    expect((await openBrowser(app.url).get(mail.link)).status).to.equal(200);
    clock.advance(1000);
    expect((await openBrowser(app.url).post(mail.link, chosen)).status).to.equal(410);
    const late = await acme.call('patch', `/invitations/${invitation.id}`).send({ expiresAt: sooner });
    expect(late.status).to.equal(409);
    expect(await userOf(email)).to.include({ status: 'pending_activation' });
  });

  it('goes on being good as long as it is told to, a temporary password too', async () => {
    const settings = { 'invites.method': 'temporary_password', 'invites.ttlSeconds': 3600 } as const;
    const other = await givenTenant(app, { settings });
    const { email, invitation, mail } = await invited({}, other);
    const given = /^password: (\S+)$/m.exec(mail.text)![1]!;
    const later = new Date(clock.now().getTime() + 3 * day).toISOString();
    await other.call('patch', `/invitations/${invitation.id}`).send({ expiresAt: later }).expect(200);
    clock.advance(2 * day);
    const query = `?tenant=${other.tenant.slug}`;
    expect((await attempt(app.url, email, given, query)).location).to.include('/activate/');
    clock.advance(day);
    expect((await attempt(app.url, email, given, query)).status).to.equal(403);
  });

  it('shows what became of its mail, and so does the user', async () => {
    const { email, invitation } = await invited();
    const sent = await eventually(async () => {
      const { body } = await acme.call('get', `/invitations/${invitation.id}`);
      const { mail } = body as { mail: { state: string } | null };
      return mail?.state === 'sent' && mail;
    }, 'the mail is sent');
    expect(sent).to.deep.include({ to: email, template: 'activation', state: 'sent', reason: null });
    const { id } = (await userOf(email)) as { id: string };
    const { body } = await acme.call('get', `/users/${id}/mails`).expect(200);
    expect((body as { items: Json[] }).items).to.have.lengthOf(1);
    const events = app.core.store.tenant(acme.tenant._id).collection('audit_events');
    expect(await events.count({ action: 'mail.sent', 'target.label': email })).to.equal(1);
  });

  it('and a reset are written in the language of the person, with everything there is to say', async () => {
    const until = new Date(clock.now().getTime() + 30 * day).toISOString();
    const { email, mail } = await invited({ language: 'de', accessExpiresAt: until, message: 'Bis bald' });
    expect(mail.subject).to.equal('Ihr Konto bei Acme');
    expect(mail.html).to.include('<html lang="de">');
    for (const part of ['7 Tage', 'Ihr Zugang endet am', 'Bis bald', 'weil für', 'Acme'])
      expect(mail.text).to.include(part);
    const browser = openBrowser(app.url);
    expect((await browser.post(mail.link, chosen)).status).to.equal(303);
    await signIn(browser, email, password, `?tenant=${acme.tenant.slug}`);
    const user = await app.core.store
      .tenant(acme.tenant._id)
      .collection('users')
      .findOne({ emailKey: email });
    await sendPasswordReset(app.core, acme.system, user!);
    const reset = await eventually(async () => {
      const mails = await waitForMails(app.core, email, 2);
      return mails.find(({ template }) => template === 'password_reset');
    }, 'the reset mail');
    expect(reset.text).to.include('1 Stunde').and.include('neues Passwort');
    expect(await userOf(email)).to.include({ language: 'de' });
  });
});
