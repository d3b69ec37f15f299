import { expect } from 'chai';
import { directoryActor } from '../../../src/identity/actors.js';
import { createDirectory } from '../../../src/identity/directories/directories.js';
import { inputOf, withProfile } from '../../../src/identity/users/input.js';
import { createUser, getUser, updateUser } from '../../../src/identity/users/users.js';
import { systemActor } from '../../../src/identity/actors.js';
import type { SsoConnectionDocument } from '../../../src/persistence/collections/sso-connections.js';
import { startApp, type TestApp } from '../../support/app.js';
import { openBrowser, type Browser } from '../../support/browser.js';
import { startIdp, type Idp } from '../../support/idp.js';
import { mailsTo, waitForMails } from '../../support/mailbox.js';
import { givenTenant, givenUser, unique } from '../../support/people.js';
import { givenConnection, signInAtProvider } from '../../support/sso.js';

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
});
