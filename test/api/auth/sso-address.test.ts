import { expect } from 'chai';
import { directoryActor, systemActor } from '../../../src/identity/actors.js';
import { sendPasswordReset } from '../../../src/identity/credentials/reset.js';
import { createDirectory } from '../../../src/identity/directories/directories.js';
import { inputOf, withProfile } from '../../../src/identity/users/input.js';
import { createUser, getUser, updateUser } from '../../../src/identity/users/users.js';
import type { Actor } from '../../../src/identity/core.js';
import type { DirectoryDocument } from '../../../src/persistence/collections/directories.js';
import type { SsoConnectionDocument } from '../../../src/persistence/collections/sso-connections.js';
import { startApp, type TestApp } from '../../support/app.js';
import { openBrowser, type Browser } from '../../support/browser.js';
import { startIdp, type Idp } from '../../support/idp.js';
import { mailsTo, waitForMails } from '../../support/mailbox.js';
import { givenTenant, givenUser, goodPassword, unique } from '../../support/people.js';
import { signIn } from '../../support/sign-in.js';
import { atProvider, givenConnection, signInAtProvider } from '../../support/sso.js';

describe('a person’s new address at the company', () => {
  let app: TestApp;
  let idp: Idp;
  let tenantId: string;
  let connection: SsoConnectionDocument;
  const second = `${unique('renamed')}.test`;

  before(async () => {
    [app, idp] = await Promise.all([startApp({ config: { allowPrivateIssuers: true } }), startIdp()]);
    tenantId = (await givenTenant(app.core)).tenantId;
    const domains = [`${unique('company')}.test`, second].map((domain) => ({ domain, verified: true }));
    connection = await givenConnection(app.core, tenantId, idp, { domains, jitProvisioning: true });
  });
  after(() => Promise.all([app.stop(), idp.stop()]));

  const address = (domain = connection.verifiedDomains[0]!): string => `${unique('ann')}@${domain}`;
  const arrive = async (sub: string, email: string): Promise<Browser> => {
    idp.person = { sub, email };
    const browser = openBrowser(app.url);
    expect((await signInAtProvider(browser, address())).status).to.equal(303);
    return browser;
  };
  const me = async (browser: Browser): Promise<Record<string, unknown>> => {
    const page = await browser.get('/api/v1/me');
    expect(page.status).to.equal(200);
    return JSON.parse(page.text) as Record<string, unknown>;
  };

  it('is taken over on a verified domain, with the same person behind it, and the old address is told', async () => {
    const [sub, old, next] = [unique('sub'), address(), address(second)];
    const before = await me(await arrive(sub, old));
    const after = await me(await arrive(sub, next));
    expect(after).to.include({ id: before['id'], email: next, userName: next });
    const [mail] = await waitForMails(app.core, old);
    expect(mail).to.include({ template: 'address_changed' });
    expect(mail!.text).to.include(next);
    const events = app.core.store.tenant(tenantId).collection('audit_events');
    expect(
      await events.count({ 'target.id': String(before['id']), action: 'user.email_changed' }),
    ).to.be.greaterThan(0);
    await arrive(sub, next);
    expect(await mailsTo(app.core, old)).to.have.length(1);
  });

  it('is left alone when somebody else has it, and the person comes in all the same', async () => {
    const [sub, old] = [unique('sub'), address()];
    await arrive(sub, old);
    const { email: taken } = await givenUser(app.core, tenantId, { email: address(), password: null });
    expect(await me(await arrive(sub, taken!))).to.include({ email: old });
  });

  it('is the directory’s to say for people whom a directory provisions', async () => {
    const { tenantId: own } = await givenTenant(app.core);
    const domain = `${unique('scim')}.test`;
    await givenConnection(app.core, own, idp, { domains: [{ domain, verified: true }] });
    const directory = await createDirectory(app.core, systemActor(own), { name: 'Okta', roleRules: [] });
    const [sub, old] = [unique('sub'), `ann@${domain}`];
    const attributes = withProfile({}, { email: old });
    const input = { userName: old, externalId: null, attributes, active: true };
    const user = await createUser(app.core, directoryActor(directory, { name: 't1' }), input, {
      activated: true,
    });
    for (const email of [old, `new@${domain}`]) {
      idp.person = { sub, email };
      expect((await signInAtProvider(openBrowser(app.url), old)).status).to.equal(303);
    }
    expect((await getUser(app.core, own, user._id)).email).to.equal(old);
  });

  it('changes nobody whose present address is not on the company’s domains', async () => {
    const [sub, old, elsewhere] = [unique('sub'), address(), `${unique('private')}@home.test`];
    const { id } = await me(await arrive(sub, old));
    await updateUser(app.core, systemActor(tenantId), String(id), (user) => ({
      ...inputOf(user),
      userName: elsewhere,
      attributes: withProfile(user.attributes, { email: elsewhere }),
    }));
    expect(await me(await arrive(sub, old))).to.include({ email: elsewhere });
  });

  describe('that a directory gives to somebody with an account of their own, where the company’s sign-in is optional', () => {
    let optional: SsoConnectionDocument;
    let directory: DirectoryDocument;
    before(async () => {
      const domains = [{ domain: `${unique('choice')}.test`, verified: true }];
      optional = await givenConnection(app.core, tenantId, idp, { domains, mode: 'optional' });
      directory = await createDirectory(app.core, systemActor(tenantId), { name: 'Okta', roleRules: [] });
    });

    const readUser = (id: string) => getUser(app.core, tenantId, id);
    const rename = (id: string, actor: Actor, email: string) =>
      updateUser(app.core, actor, id, (user) => ({
        ...inputOf(user),
        userName: email,
        attributes: withProfile(user.attributes, { email }),
      }));
    async function moved() {
      const old = address(optional.verifiedDomains[0]);
      const next = address(optional.verifiedDomains[0]);
      const { _id: id } = await givenUser(app.core, tenantId, { email: old });
      await rename(id, directoryActor(directory, { name: 't1' }), next);
      return { id, old, next };
    }
    const forgot = (email: string) => openBrowser(app.url).post('/forgot', { email });
    const come = async (browser: Browser, email: string) => {
      idp.person = { sub: unique('sub'), email };
      return atProvider(browser, await browser.get(`/sso/${optional._id}/start`));
    };

    it('is told to the old one, and a new password is asked for there alone', async () => {
      const { id, next, old } = await moved();
      const [told] = await waitForMails(app.core, old);
      expect(told).to.include({ template: 'address_changed' });
      await forgot(next);
      const reset = (await waitForMails(app.core, old, 2)).at(-1)!;
      expect(reset).to.include({ template: 'password_reset' });
      expect(await mailsTo(app.core, next)).to.deep.equal([]);
      const password = 'seven ducks on a frozen pond';
      const both = { password, password2: password };
      expect((await openBrowser(app.url).post(new URL(reset.link).pathname, both)).status).to.equal(303);
      const user = await readUser(id);
      expect(user).to.include({ email: next }).and.nested.include({ 'movedAddress.from': old });
      expect(user.verifiedEmailKey).to.not.equal(next);
    });

    it('reaches nobody for a new password when the old one is somebody else’s now', async () => {
      const { id, next, old } = await moved();
      await givenUser(app.core, tenantId, { email: old });
      const user = await readUser(id);
      expect(await sendPasswordReset(app.core, systemActor(tenantId), user)).to.equal(false);
      // Whoever manages the user vouches for the address by asking.
      const { _id: key } = await givenUser(app.core, tenantId);
      const manager = { ...systemActor(tenantId), party: { type: 'api_key', id: key, label: 'k' } } as Actor;
      expect(await sendPasswordReset(app.core, manager, user)).to.equal(true);
      expect((await waitForMails(app.core, next)).at(-1)).to.include({ template: 'password_reset' });
    });

    it('connects whoever has it at the company only with the password that the account has', async () => {
      const { id, next } = await moved();
      expect((await come(openBrowser(app.url), next)).status).to.equal(403);
      const own = openBrowser(app.url);
      await signIn(own, next, goodPassword);
      expect((await come(own, next)).status).to.equal(303);
      expect((await readUser(id)).movedAddress).to.equal(undefined);
    });

    it('is theirs once somebody in charge gives it, or the directory gives the old one back', async () => {
      const [first, second] = [await moved(), await moved()];
      await rename(first.id, systemActor(tenantId), address(optional.verifiedDomains[0]));
      await rename(second.id, directoryActor(directory, { name: 't1' }), second.old);
      for (const { id } of [first, second]) expect((await readUser(id)).movedAddress).to.equal(undefined);
    });
  });
});
