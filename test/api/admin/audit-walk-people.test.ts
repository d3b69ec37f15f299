import { expect } from 'chai';
import supertest, { type Test } from 'supertest';
import { createDirectory } from '../../../src/identity/directories/directories.js';
import { createConnection } from '../../../src/identity/sso/connections.js';
import { verifyDomain } from '../../../src/identity/sso/domain-verification.js';
import { createToken } from '../../../src/identity/directories/tokens.js';
import { givenTenant, type ApiTenant } from '../../support/api.js';
import { SoftAuthenticator } from '../../support/authenticator.js';
import { startApp, type TestApp } from '../../support/app.js';
import { openBrowser } from '../../support/browser.js';
import { ManualClock } from '../../support/clock.js';
import { goodPassword, unique } from '../../support/people.js';
import { getApplication } from '../../../src/identity/applications/find.js';
import { giveConsent } from '../../../src/identity/applications/consents.js';
import { routesOfPeople, type RouteOfPeople } from '../../support/routes-of-people.js';
import { newUser, urn } from '../../support/scim-data.js';
import { signIn } from '../../support/sign-in.js';
import { codeNow } from '../../support/totp.js';

type Json = Record<string, unknown>;
type Method = 'get' | 'post' | 'put' | 'patch' | 'delete';

/** Somebody with an open session, and another one of theirs. */
interface Person {
  id: string;
  call: (method: Method, path: string) => Test;
  otherSession: string;
}

describe('every change by a person or a directory leaves its event, with who did it and to whom', () => {
  const clock = new ManualClock();
  let app: TestApp;
  let acme: ApiTenant;
  before(async () => {
    app = await startApp({ clock });
    acme = await givenTenant(app);
    await acme.givenUser({ roles: ['administrator'] });
  });
  after(() => app.stop());

  async function person(roles: string[] = []): Promise<Person> {
    const user = await acme.givenUser({ password: goodPassword, roles });
    const query = `?tenant=${acme.tenant.slug}`;
    const [one, other] = [openBrowser(app.url), openBrowser(app.url)];
    for (const browser of [one, other]) await signIn(browser, user.userName, goodPassword, query);
    const cookie = await one.jar.getCookieString(app.url);
    const me = await one.get('/api/v1/me');
    const call = (method: Method, path: string): Test =>
      supertest(app.url)
        [method](`/api/v1${path}`)
        .set('Cookie', cookie)
        .set('X-CSRF-Token', me.headers.get('x-csrf-token') ?? '');
    const { items } = (await call('get', '/me/sessions')).body as {
      items: { id: string; current: boolean }[];
    };
    return { id: user._id, call, otherSession: items.find(({ current }) => !current)!.id };
  }

  /** What was told of somebody's doings since their sign-in. */
  async function toldBy(id: string, type = 'user'): Promise<string[]> {
    const events = await app.core.store
      .tenant(acme.tenant._id)
      .collection('audit_events')
      .find({ 'actor.id': id, action: { $ne: 'login.succeeded' } });
    for (const { actor, result } of events) expect([actor.type, result]).to.deep.equal([type, 'success']);
    return events.map(({ action, target }) => `${action} ${target?.type ?? '-'} ${target?.id ?? '-'}`);
  }

  async function enrol({ call }: Person): Promise<void> {
    const { secret } = (await call('post', '/me/2fa').expect(200)).body as { secret: string };
    const code = codeNow(secret, clock);
    await call('post', '/me/2fa/confirm').send({ code }).expect(200);
  }

  /** @returns the passkey's id. */
  async function addPasskey({ call }: Person): Promise<string> {
    const options = (await call('post', '/me/passkeys/options').expect(200)).body as object;
    const credential = new SoftAuthenticator(app.url).create(options);
    await call('post', '/me/passkeys').send({ name: 'Laptop', credential }).expect(201);
    return credential.id;
  }

  /** What somebody does, and what is told of it. */
  const doings: Record<RouteOfPeople, (somebody: Person) => Promise<string[]>> = {
    'PATCH /me': async ({ call, id }) => {
      await call('patch', '/me').send({ givenName: 'Grace' }).expect(200);
      return [`user.updated user ${id}`];
    },
    'POST /me/password': async ({ call, id }) => {
      const passwords = { currentPassword: goodPassword, newPassword: `another ${goodPassword}` };
      await call('post', '/me/password').send(passwords).expect(204);
      return [`password.changed user ${id}`];
    },
    'POST /me/email': async ({ call, id }) => {
      await acme.call('patch', '/settings').send({ 'profile.userCanEditEmail': true }).expect(200);
      await call('post', '/me/email')
        .send({ email: `${unique('new')}@acme.test` })
        .expect(202);
      return [`user.email_change_requested user ${id}`];
    },
    'DELETE /me/sessions': async ({ call, id }) => {
      await call('delete', '/me/sessions').expect(204);
      const { items } = (await call('get', '/me/sessions').expect(200)).body as {
        items: { current: boolean }[];
      };
      expect(items.map(({ current }) => current)).to.deep.equal([true]);
      return [`sessions.invalidated user ${id}`];
    },
    'DELETE /me/sessions/{id}': async ({ call, id, otherSession }) => {
      await call('delete', `/me/sessions/${otherSession}`).expect(204);
      return [`session.revoked user ${id}`];
    },
    'POST /me/2fa/confirm': async (somebody) => {
      await enrol(somebody);
      return [`twofactor.enrolled user ${somebody.id}`];
    },
    'DELETE /me/2fa': async (somebody) => {
      await enrol(somebody);
      await somebody.call('delete', '/me/2fa').send({ password: goodPassword }).expect(204);
      return [`twofactor.enrolled user ${somebody.id}`, `twofactor.reset user ${somebody.id}`];
    },
    'POST /me/2fa/backup-codes': async (somebody) => {
      await enrol(somebody);
      await somebody.call('post', '/me/2fa/backup-codes').send({ password: goodPassword }).expect(200);
      return [`twofactor.enrolled user ${somebody.id}`, `twofactor.backup_renewed user ${somebody.id}`];
    },
    'POST /me/passkeys': async (somebody) => {
      await addPasskey(somebody);
      return [`passkey.added user ${somebody.id}`];
    },
    'PATCH /me/passkeys/{id}': async (somebody) => {
      const passkey = await addPasskey(somebody);
      await somebody.call('patch', `/me/passkeys/${passkey}`).send({ name: 'Phone' }).expect(200);
      return [`passkey.added user ${somebody.id}`, `passkey.renamed user ${somebody.id}`];
    },
    'DELETE /me/passkeys/{id}': async (somebody) => {
      const passkey = await addPasskey(somebody);
      await somebody.call('delete', `/me/passkeys/${passkey}`).expect(204);
      return [`passkey.added user ${somebody.id}`, `passkey.removed user ${somebody.id}`];
    },
    'DELETE /me/consents/{id}': async ({ call, id }) => {
      const input = {
        key: unique('reports'),
        name: 'Reports',
        redirectUris: ['https://reports.example.com/cb'],
      };
      const made = await acme.call('post', '/applications').send({ ...input, isThirdParty: true });
      const application = await getApplication(app.core, acme.tenant._id, (made.body as { id: string }).id);
      const person = { ...acme.system, party: { type: 'user' as const, id, label: 'Ada' } };
      await giveConsent(app.core, person, application, ['email', 'openid']);
      await call('delete', `/me/consents/${application._id}`).expect(204);
      await call('delete', `/me/consents/${application._id}`).expect(404);
      return ['given', 'withdrawn'].map((verb) => `consent.${verb} application ${application._id}`);
    },
    'DELETE /users/{id}/sessions/{sessionId}': async ({ call }) => {
      const { id, otherSession } = await person();
      await call('delete', `/users/${id}/sessions/${otherSession}`).expect(204);
      return [`session.revoked user ${id}`];
    },
  };

  for (const route of routesOfPeople) {
    it(`${route}, by the person`, async () => {
      const somebody = await person(['administrator']);
      const told = await doings[route](somebody);
      expect(await toldBy(somebody.id)).to.deep.equal(told);
    });
  }

  it('the proof of a domain, by the administrator who had it looked up', async () => {
    const input = { name: unique('sso'), issuer: 'https://login.acme.test', clientId: 'x' };
    const domain = `${unique('company')}.test`;
    const made = await createConnection(app.core, acme.system, { ...input, domains: [{ domain }] });
    const { _id } = await acme.givenUser();
    const administrator = { ...acme.system, party: { type: 'user' as const, id: _id, label: 'Ada' } };
    const records = () => Promise.resolve([[made.domains[0]!.challenge]]);
    await verifyDomain(app.core, administrator, made._id, domain, records);
    expect(await toldBy(_id)).to.deep.equal([`sso.domain_verified sso_connection ${made._id}`]);
  });

  it('what a directory writes, by the directory', async () => {
    const made = await createDirectory(app.core, acme.system, { name: unique('Okta') });
    const minted = await createToken(app.core, acme.system, made._id, { name: 'prod' });
    const scim = async (method: Method, path: string, body?: Json): Promise<Json & { id: string }> => {
      const call = supertest(app.url)
        [method](`/scim/v2${path}`)
        .set('Authorization', `Bearer ${minted.token}`);
      const res = await (body
        ? call.set('Content-Type', 'application/scim+json').send(JSON.stringify(body))
        : call);
      expect(res.status, res.text).to.be.lessThan(300);
      return res.body as Json & { id: string };
    };
    const patch = (...Operations: Json[]): Json => ({ schemas: [urn.patch], Operations });
    const { id: who } = await scim('post', '/Users', newUser());
    const { id: where } = await scim('post', '/Groups', { schemas: [urn.group], displayName: unique('G') });
    await scim('patch', `/Groups/${where}`, patch({ op: 'add', path: 'members', value: [{ value: who }] }));
    await scim('patch', `/Users/${who}`, patch({ op: 'replace', path: 'title', value: 'X' }));
    await scim('patch', `/Users/${who}`, patch({ op: 'replace', path: 'active', value: false }));
    await scim('delete', `/Groups/${where}`);
    await scim('delete', `/Users/${who}`);
    expect(await toldBy(made._id, 'scim')).to.deep.equal([
      `user.created user ${who}`,
      `group.created group ${where}`,
      `group.members_changed group ${where}`,
      `user.updated user ${who}`,
      `user.disabled user ${who}`,
      `group.deleted group ${where}`,
      `user.deleted user ${who}`,
    ]);
  });
});
