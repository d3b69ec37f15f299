import { expect } from 'chai';
import supertest from 'supertest';
import { createConnection } from '../../src/identity/sso/connections.js';
import { createDirectory } from '../../src/identity/directories/directories.js';
import { createToken } from '../../src/identity/directories/tokens.js';
import { givenTenant, type ApiTenant } from '../support/api.js';
import { startApp, type TestApp } from '../support/app.js';
import { openBrowser } from '../support/browser.js';
import { ManualClock } from '../support/clock.js';
import { eventually } from '../support/eventually.js';
import { mailsTo, waitForMails } from '../support/mailbox.js';
import { attempt } from '../support/sign-in.js';
import { newUser, unique, urn } from '../support/scim-data.js';

type Json = Record<string, unknown>;

const day = 86_400_000;
const password = 'a long enough password';
const chosen = { password, password2: password };

describe('the life of an account (B2, B3)', () => {
  const clock = new ManualClock();
  let app: TestApp;
  let acme: ApiTenant;
  let scimToken: string;
  let companyDomain: string;

  before(async () => {
    app = await startApp({ clock });
    acme = await givenTenant(app, { settings: { 'approval.required': true } });
    const directory = await createDirectory(app.core, acme.system, { name: 'Okta' });
    scimToken = (await createToken(app.core, acme.system, directory._id, { name: 't' })).token;
    companyDomain = `${unique('company')}.test`;
    await createConnection(app.core, acme.system, {
      ...{ name: 'Company', issuer: 'https://login.company.test', clientId: 'gh', mode: 'required' },
      domains: [{ domain: companyDomain, verified: true }],
    });
  });
  after(() => app.stop());

  const scim = (method: 'post' | 'patch' | 'delete' | 'get', path: string, body?: object) => {
    const call = supertest(app.url)[method](`/scim/v2${path}`).set('Authorization', `Bearer ${scimToken}`);
    return body ? call.set('Content-Type', 'application/scim+json').send(JSON.stringify(body)) : call;
  };
  const patch = (value: unknown) => ({
    schemas: [urn.patch],
    Operations: [{ op: 'replace', path: 'active', value }],
  });
  const call = async (method: 'post' | 'patch' | 'delete', path: string, body: Json = {}): Promise<Json> =>
    (await acme.call(method, path).send(body)).body as Json;
  const statusOf = async (id: string): Promise<unknown> => {
    const res = await acme.call('get', `/users/${id}`);
    return res.status === 404 ? 'deleted' : (res.body as Json)['status'];
  };
  const newAddress = (): string => `${unique('person')}@home.test`;
  const linkTo = async (email: string, mails = 1): Promise<string> =>
    (await waitForMails(app.core, email, mails)).findLast(({ link }) => link.includes('/activate/'))!.link;
  const activate = async (email: string, mails = 1): Promise<number> =>
    (await openBrowser(app.url).post(await linkTo(email, mails), chosen)).status;

  /** A new user, by each way in. @returns the id. */
  const waysIn: Record<string, (email: string) => Promise<string>> = {
    'an invitation': async (email) => {
      await call('post', '/invitations', { emails: [email] });
      const user = await app.core.store
        .tenant(acme.tenant._id)
        .collection('users')
        .findOne({ emailKey: email });
      return user!._id;
    },
    'an administrator': async (email) => String((await call('post', '/users', { email }))['id']),
    'a directory': async (email) => {
      const emails = [{ value: email, primary: true }];
      const { body } = await scim('post', '/Users', newUser({ userName: email, emails }));
      return String((body as Json)['id']);
    },
  };

  it('begins with an activation to come, whoever adds it, and at once for a company’s own people', async () => {
    for (const [way, add] of Object.entries(waysIn))
      expect(await statusOf(await add(newAddress())), way).to.equal('pending_activation');
    const theirs = `${unique('person')}@${companyDomain}`;
    const byDirectory = await waysIn['a directory']!(theirs);
    expect(await statusOf(byDirectory)).to.equal('active');
    const invited = await waysIn['an invitation']!(`${unique('guest')}@${companyDomain}`);
    expect(await statusOf(invited)).to.equal('pending_activation');
  });

  it('goes on to approval where that is asked for, else to active; approval can be taken back', async () => {
    const [invited, created] = [newAddress(), newAddress()];
    const [first, second] = [
      await waysIn['an invitation']!(invited),
      await waysIn['an administrator']!(created),
    ];
    expect([await activate(invited), await activate(created)]).to.deep.equal([303, 303]);
    expect([await statusOf(first), await statusOf(second)]).to.deep.equal(['active', 'pending_approval']);
    await call('post', `/users/${second}/approve`);
    expect(await statusOf(second)).to.equal('active');
    await call('patch', `/users/${second}`, { approved: false });
    expect(await statusOf(second)).to.equal('pending_approval');
  });

  it('ends at its date and goes on where it was when the date moves or goes', async () => {
    const email = newAddress();
    const id = await waysIn['an invitation']!(email);
    await activate(email);
    const end = (ms: number) => new Date(clock.now().getTime() + ms).toISOString();
    await call('patch', `/users/${id}`, { accessExpiresAt: end(day) });
    clock.advance(day - 1);
    expect(await statusOf(id)).to.equal('active');
    clock.advance(1);
    expect(await statusOf(id)).to.equal('expired');
    await call('patch', `/users/${id}`, { accessExpiresAt: end(day) });
    expect(await statusOf(id)).to.equal('active');
    clock.advance(day);
    await call('patch', `/users/${id}`, { accessExpiresAt: null });
    expect(await statusOf(id)).to.equal('active');
  });

  it('is disabled in every state but deleted, and is then what it was before', async () => {
    const email = newAddress();
    const id = await waysIn['an administrator']!(email);
    for (const before of ['pending_activation', 'pending_approval', 'active']) {
      expect(await statusOf(id)).to.equal(before);
      await call('post', `/users/${id}/disable`);
      expect(await statusOf(id)).to.equal('disabled');
      await call('post', `/users/${id}/enable`);
      expect(await statusOf(id)).to.equal(before);
      if (before === 'pending_activation') await activate(email);
      if (before === 'pending_approval') await call('post', `/users/${id}/approve`);
    }
  });

  it('is disabled and enabled by its directory, which does not lift an administrator’s hold', async () => {
    const id = await waysIn['a directory']!(`${unique('person')}@${companyDomain}`);
    await scim('patch', `/Users/${id}`, patch(false)).expect(200);
    expect(await statusOf(id)).to.equal('disabled');
    await scim('patch', `/Users/${id}`, patch(true)).expect(200);
    expect(await statusOf(id)).to.equal('active');
    await call('post', `/users/${id}/disable`);
    await scim('patch', `/Users/${id}`, patch(true)).expect(200);
    expect(await statusOf(id)).to.equal('disabled');
    await call('post', `/users/${id}/enable`);
    expect(await statusOf(id)).to.equal('active');
    await scim('delete', `/Users/${id}`).expect(204);
    expect(await statusOf(id)).to.equal('deleted');
  });

  it('locks by failures and opens by time alone, whatever was failed meanwhile', async () => {
    const user = await acme.givenUser({ password });
    await call('post', `/users/${user._id}/approve`);
    const query = `?tenant=${acme.tenant.slug}`;
    for (let failure = 0; failure < 5; failure += 1) await attempt(app.url, user.userName, 'wrong', query);
    expect(await statusOf(user._id)).to.equal('locked');
    clock.advance(899_000);
    expect((await attempt(app.url, user.userName, password, query)).status).to.equal(429);
    clock.advance(1000);
    expect(await statusOf(user._id)).to.equal('active');
    expect((await attempt(app.url, user.userName, password, query)).status).to.equal(303);
  });

  it('begins wholly anew after a deletion: another id, nothing of the old one (M1-31, B4)', async () => {
    const email = newAddress();
    const before = await waysIn['an invitation']!(email);
    await activate(email);
    const group = await call('post', '/groups', { displayName: unique('G'), members: [before] });
    await acme.call('delete', `/users/${before}`).expect(204);
    const after = await waysIn['an administrator']!(email);
    expect(after).to.not.equal(before);
    const { body } = await acme.call('get', `/users/${after}`).expect(200);
    expect(body).to.deep.include({ roles: [], groups: [], lastLoginAt: null, twoFactor: false });
    const members = await acme.call('get', `/groups/${String(group['id'])}/members`).expect(200);
    expect((members.body as Json)['total']).to.equal(0);
    expect((await attempt(app.url, email, password, `?tenant=${acme.tenant.slug}`)).status).to.equal(401);
  });

  it('begins with a mail from a directory as well, where the tenant says so (invites.provisioned)', async () => {
    const [silent, told] = [newAddress(), newAddress()];
    await waysIn['a directory']!(silent);
    await acme.call('patch', '/settings').send({ 'invites.provisioned': true }).expect(200);
    const id = await waysIn['a directory']!(told);
    await waysIn['a directory']!(`${unique('person')}@${companyDomain}`);
    expect(await activate(told)).to.equal(303);
    expect(await statusOf(id)).to.equal('active');
    expect(await mailsTo(app.core, silent)).to.deep.equal([]);
    await acme.call('patch', '/settings').send({ 'invites.provisioned': false }).expect(200);
  });

  describe('in races', () => {
    it('is activated once by one link, however often it is sent', async () => {
      const email = newAddress();
      const id = await waysIn['an invitation']!(email);
      const link = await linkTo(email);
      const pages = await Promise.all([1, 2, 3, 4].map(() => openBrowser(app.url).post(link, chosen)));
      expect(pages.map(({ status }) => status).sort()).to.deep.equal([303, 410, 410, 410]);
      const events = app.core.store.tenant(acme.tenant._id).collection('audit_events');
      expect(await events.count({ action: 'user.activated', 'target.id': id })).to.equal(1);
    });

    it('of an invitation and a directory’s create of one address makes one user', async () => {
      for (let round = 0; round < 4; round += 1) {
        const email = newAddress();
        const [invited, created] = await Promise.all([
          acme.call('post', '/invitations').send({ emails: [email] }),
          scim('post', '/Users', newUser({ userName: email })),
        ]);
        const { results } = invited.body as { results: { outcome: string }[] };
        const users = app.core.store.tenant(acme.tenant._id).collection('users');
        expect(await users.count({ loginKeys: email })).to.equal(1);
        const won = [results[0]?.outcome === 'invited', created.status === 201];
        expect(won.filter(Boolean), JSON.stringify([results, created.status])).to.have.lengthOf(1);
      }
    });

    it('of a revocation and an activation ends as one of the two says', async () => {
      const email = newAddress();
      const id = await waysIn['an invitation']!(email);
      const { items } = (await acme.call('get', `/invitations?q=${email}`)).body as {
        items: { id: string }[];
      };
      const link = await linkTo(email);
      const [revoked, activated] = await Promise.all([
        acme.call('post', `/invitations/${items[0]!.id}/revoke`),
        openBrowser(app.url).post(link, chosen),
      ]);
      const status = await eventually(() => statusOf(id), 'a status');
      const outcome = [revoked.status, activated.status, status];
      expect([
        [200, 410, 'deleted'],
        [409, 303, 'active'],
      ]).to.deep.include(outcome);
    });

    it('of two administrators who edit the same version lets one win', async () => {
      const user = await acme.givenUser();
      const read = await acme.call('get', `/users/${user._id}`).expect(200);
      const edits = ['Bea', 'Cleo', 'Dora'].map((givenName) =>
        acme
          .call('patch', `/users/${user._id}`)
          .set('If-Match', read.headers['etag'] ?? '')
          .send({ givenName }),
      );
      const statuses = (await Promise.all(edits)).map(({ status }) => status);
      expect(statuses.sort()).to.deep.equal([200, 412, 412]);
    });
  });
});
