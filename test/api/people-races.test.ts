import { expect } from 'chai';
import supertest from 'supertest';
import { createDirectory } from '../../src/identity/directories/directories.js';
import { createToken } from '../../src/identity/directories/tokens.js';
import { givenTenant, type ApiTenant } from '../support/api.js';
import { startApp, type TestApp } from '../support/app.js';
import { openBrowser } from '../support/browser.js';
import { waitForMails } from '../support/mailbox.js';
import { goodPassword, unique } from '../support/people.js';
import { newUser } from '../support/scim-data.js';
import { attempt } from '../support/sign-in.js';

const words = ['seven ducks', 'eight geese', 'nine swans', 'ten herons'].map(
  (birds) => `${birds} on a frozen pond`,
);

describe('two who act on one person at the same moment', () => {
  let app: TestApp;
  let acme: ApiTenant;
  let token: string;
  before(async () => {
    app = await startApp();
    acme = await givenTenant(app);
    const directory = await createDirectory(app.core, acme.system, { name: 'Okta' });
    token = (await createToken(app.core, acme.system, directory._id, { name: 't' })).token;
  });
  after(() => app.stop());

  const query = () => `?tenant=${acme.tenant.slug}`;
  const eventsOf = (id: string, action: string): Promise<number> =>
    app.core.store.tenant(acme.tenant._id).collection('audit_events').count({ action, 'target.id': id });
  const usersOf = (email: string) =>
    app.core.store.tenant(acme.tenant._id).collection('users').find({ loginKeys: email });
  const invited = async (): Promise<{ email: string; link: string; id: string }> => {
    const email = `${unique('race')}@home.test`;
    const results = (
      await acme
        .call('post', '/invitations')
        .send({ emails: [email] })
        .expect(200)
    ).body as {
      results: { outcome: string }[];
    };
    expect(results.results[0]?.outcome).to.equal('invited');
    const [mail] = await waitForMails(app.core, email);
    const [user] = await usersOf(email);
    return { email, link: mail!.link, id: user!._id };
  };

  it('make one user of an invitation and a SCIM create of one address', async () => {
    for (let round = 0; round < 3; round += 1) {
      const email = `${unique('race')}@home.test`;
      const body = newUser({ userName: email, emails: [{ value: email, primary: true }] });
      const [asked, pushed] = await Promise.all([
        acme.call('post', '/invitations').send({ emails: [email] }),
        supertest(app.url)
          .post('/scim/v2/Users')
          .set('Authorization', `Bearer ${token}`)
          .set('Content-Type', 'application/scim+json')
          .send(JSON.stringify(body)),
      ]);
      const outcome = (asked.body as { results: { outcome: string }[] }).results[0]?.outcome;
      const pair = `${outcome} ${pushed.status}`;
      expect(pair).to.be.oneOf(['invited 409', 'already_user 201', 'pending 201']);
      expect(await usersOf(email)).to.have.length(1);
    }
  });

  it('activate an account once: one password is chosen, the others find a used link', async () => {
    const { email, link, id } = await invited();
    const answers = await Promise.all(
      words.map((password) => openBrowser(app.url).post(link, { password, password2: password })),
    );
    expect(answers.map(({ status }) => status).sort()).to.deep.equal([303, 410, 410, 410]);
    const chosen = words[answers.findIndex(({ status }) => status === 303)] ?? '';
    expect((await attempt(app.url, email, chosen, query())).status).to.equal(303);
    expect(await eventsOf(id, 'user.activated')).to.equal(1);
  });

  it('either activate an account or take its invitation back', async () => {
    const { email, link, id } = await invited();
    const { body } = await acme.call('get', `/invitations?q=${encodeURIComponent(email)}`).expect(200);
    const [invitation] = (body as { items: { id: string }[] }).items;
    const [page, revoked] = await Promise.all([
      openBrowser(app.url).post(link, { password: goodPassword, password2: goodPassword }),
      acme.call('post', `/invitations/${invitation!.id}/revoke`),
    ]);
    expect(`${page.status} ${revoked.status}`).to.be.oneOf(['303 409', '410 200']);
    const left = (await usersOf(email)).map(({ _id }) => _id);
    expect(left).to.deep.equal(page.status === 303 ? [id] : []);
  });

  it('reset a password once', async () => {
    const user = await acme.givenUser({ password: goodPassword });
    await acme.call('post', `/users/${user._id}/password-reset`).expect(200);
    const [mail] = await waitForMails(app.core, user.userName);
    const answers = await Promise.all(
      words.map((password) => openBrowser(app.url).post(mail!.link, { password, password2: password })),
    );
    expect(answers.map(({ status }) => status).sort()).to.deep.equal([303, 410, 410, 410]);
    const chosen = words[answers.findIndex(({ status }) => status === 303)] ?? '';
    expect((await attempt(app.url, user.userName, chosen, query())).status).to.equal(303);
  });

  it('keep every change when one edits and the other disables', async () => {
    const user = await acme.givenUser();
    const path = `/users/${user._id}`;
    const changes = await Promise.all([
      acme.call('patch', path).send({ givenName: 'Grace' }),
      acme.call('post', `${path}/disable`),
      acme.call('patch', path).send({ phone: '+49 1' }),
    ]);
    expect(changes.map(({ status }) => status)).to.deep.equal([200, 200, 200]);
    const { body } = await acme.call('get', path).expect(200);
    expect(body).to.include({ givenName: 'Grace', phone: '+49 1', status: 'disabled' });
  });
});
