import { expect } from 'chai';
import request from 'supertest';
import type { SsoConnectionDocument } from '../../../src/identity/sso/connections.js';
import { operatorActor } from '../../../src/identity/actors.js';
import { createSetupLink, setupUrl } from '../../../src/identity/setup/links.js';
import { ensureOperatorTenant } from '../../../src/identity/operator/staff-tenant.js';
import { operatorTenant } from '../../../src/identity/tenants/operator-tenant.js';
import { startApp, type TestApp } from '../../support/app.js';
import { givenTenant, type ApiTenant } from '../../support/api.js';
import { openBrowser, type Page } from '../../support/browser.js';
import { ManualClock } from '../../support/clock.js';
import { idpClient, startIdp, type Idp } from '../../support/idp.js';
import { waitForMails } from '../../support/mailbox.js';
import { givenUser, unique } from '../../support/people.js';
import { samlKey } from '../../support/saml.js';
import { givenConnection } from '../../support/sso.js';

describe('set-up links', () => {
  const clock = new ManualClock();
  let app: TestApp;
  let idp: Idp;
  let acme: ApiTenant;

  before(async () => {
    [app, idp] = await Promise.all([startApp({ clock, config: { allowPrivateIssuers: true } }), startIdp()]);
    acme = await givenTenant(app);
  });
  after(() => Promise.all([app.stop(), idp.stop()]));

  interface Link {
    id: string;
    url: string;
    connectionId: string;
    directoryId: string;
  }

  async function givenLink(input: Record<string, unknown>, tenant = acme): Promise<Link> {
    const { body } = await tenant
      .call('post', '/setup-links')
      .send({ name: unique('it'), ...input })
      .expect(201);
    return body as Link;
  }

  /** A page as the company's IT uses it. */
  function openLink(url: string) {
    const browser = openBrowser(app.url);
    return {
      look: (): Promise<Page> => browser.get(url),
      async send(act: string, fields: Record<string, string>): Promise<Page> {
        const { fields: hidden } = await browser.get(url);
        return browser.post(`${url}/${act}`, { _csrf: hidden['_csrf']!, ...fields });
      },
    };
  }

  const read = async (id: string, path = 'setup-links') =>
    (await acme.call('get', `/${path}/${id}`).expect(200)).body as Record<string, unknown>;

  it('let somebody without an account set an OpenID connection up, which stays off; what is done is audited as the link’s', async () => {
    const link = await givenLink({ purpose: 'oidc', provider: 'okta', domains: ['setup-acme.test'] });
    expect(await read(link.connectionId, 'sso-connections')).to.include({ mode: 'off', issuer: '' });
    const page = openLink(link.url);
    const first = await page.look();
    expect(first.status).to.equal(200);
    expect(first.headers.get('cache-control')).to.equal('no-store');
    expect(first.text).to.include(`/sso/${link.connectionId}/callback`);
    expect(first.text).to.include('_gatehouse-challenge.setup-acme.test');
    expect((await page.send('provider', { issuer: idp.issuer, clientId: 'gatehouse' })).alert).to.include(
      'clientSecret',
    );
    const wrong = await page.send('provider', { issuer: 'nonsense', ...idpClient });
    expect(wrong.status).to.equal(400);
    expect(wrong.text).to.include('value="nonsense"').and.not.include(idpClient.clientSecret);
    const done = await page.send('provider', { issuer: idp.issuer, ...idpClient });
    expect(done.status, done.alert).to.equal(200);
    expect(done.text).to.include('✓ At your identity provider').and.not.include(idpClient.clientSecret);
    expect(await read(link.connectionId, 'sso-connections')).to.include({ mode: 'off', issuer: idp.issuer });
    expect(await read(link.id)).to.deep.include({ state: 'open', providerDoneAt: clock.now().toISOString() });
    const { body } = await acme.call('get', '/audit-events?action=sso.updated').expect(200);
    expect(body.items[0].actor).to.include({ type: 'setup_link', id: link.id });
  });

  it('change nothing of a connection that is in use, but its secret, and that only when the provider takes it', async () => {
    const connection = await givenConnection(app.core, acme.tenant._id, idp);
    await acme
      .call('post', '/setup-links')
      .send({ name: 'IT', purpose: 'oidc', connectionId: connection._id })
      .expect(400);
    const off = await givenConnection(app.core, acme.tenant._id, idp, { mode: 'off' });
    const early = await givenLink({ purpose: 'oidc', connectionId: off._id });
    await acme.call('patch', `/sso-connections/${off._id}`).send({ mode: 'optional' }).expect(200);
    const late = await openLink(early.url).send('provider', { issuer: 'https://evil.test', ...idpClient });
    expect(late.status).to.equal(409);
    const renewal = openLink((await givenLink({ purpose: 'renewal', connectionId: connection._id })).url);
    const before = await stored(connection);
    expect((await renewal.send('provider', { clientSecret: 'of somebody else' })).status).to.equal(400);
    expect((await stored(connection)).clientSecret).to.equal(before.clientSecret);
    const renewed = await renewal.send('provider', {
      ...idpClient,
      issuer: 'https://evil.test',
      clientId: 'evil',
    });
    expect(renewed.status, renewed.alert).to.equal(200);
    expect(await stored(connection)).to.include({ issuer: before.issuer, clientId: before.clientId });
  });

  const stored = async ({ _id, tenantId }: SsoConnectionDocument): Promise<SsoConnectionDocument> =>
    (await app.core.store.tenant(tenantId).collection('sso_connections').get(_id))!;

  it('take the metadata of a SAML provider, and one more certificate when it is renewed', async () => {
    const certificates = [samlKey(0).certificate, samlKey(1).certificate];
    const link = await givenLink({ purpose: 'saml', provider: 'entra' });
    const page = openLink(link.url);
    expect((await page.look()).text).to.include(`/sso/${link.connectionId}/acs`);
    const bare = certificates[0]!.replace(/-----[A-Z ]+-----|\s+/g, '');
    const metadata = `<EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata" xmlns:ds="http://www.w3.org/2000/09/xmldsig#" entityID="https://idp.test"><IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol"><KeyDescriptor use="signing"><ds:KeyInfo><ds:X509Data><ds:X509Certificate>${bare}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></KeyDescriptor><SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" Location="https://idp.test/sso"/></IDPSSODescriptor></EntityDescriptor>`;
    expect((await page.send('provider', { metadata: '<EntityDescriptor>' })).status).to.equal(400);
    expect((await page.send('provider', { metadata })).status).to.equal(200);
    expect(await read(link.connectionId, 'sso-connections')).to.include({ idpEntityId: 'https://idp.test' });
    const renewal = await givenLink({ purpose: 'renewal', connectionId: link.connectionId });
    expect((await openLink(renewal.url).send('provider', { certificate: certificates[1]! })).status).to.equal(
      200,
    );
    const { idpCertificates } = await read(link.connectionId, 'sso-connections');
    expect(idpCertificates).to.have.length(2);
  });

  it('make a token of a new directory, once in sight, and tick what has come', async () => {
    const link = await givenLink({ purpose: 'scim', provider: 'entra' });
    const page = openLink(link.url);
    const tokenIn = ({ text }: Page): string => /gh_scim_[\w-]+/.exec(text)?.[0] ?? '';
    const first = tokenIn(await page.send('token', {}));
    expect(tokenIn(await page.look())).to.equal('');
    const token = tokenIn(await page.send('token', {}));
    const scim = (bearer: string) =>
      request(app.url).get('/scim/v2/Users').set('Authorization', `Bearer ${bearer}`);
    await scim(first).expect(401);
    expect((await page.look()).text).to.include('○ The first user has come');
    await request(app.url)
      .post('/scim/v2/Users')
      .set('Authorization', `Bearer ${token}`)
      .send({
        schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'],
        userName: `${unique('ada')}@acme.test`,
      })
      .expect(201);
    const watched = await openBrowser(app.url).get(`${link.url}/watch`);
    expect(watched.text).to.include('✓ The first user has come').and.include('http-equiv="refresh"');
    expect(watched.text).to.include('○ The first group has come');
  });

  it('are handed on step by step to colleagues, who can do nothing else, and end with the first', async () => {
    const link = await givenLink({ purpose: 'oidc', domains: ['hand-acme.test'] });
    const made = await openLink(link.url).send('hand-on', {
      step: 'dns',
      name: 'Dora of DNS',
      email: 'dora@acme.test',
    });
    const [mail] = await waitForMails(app.core, 'dora@acme.test');
    const url = /http[^"<]*\/setup\/gh_set_[\w-]+/.exec(made.text)![0];
    expect(mail!.link).to.equal(url);
    const page = openLink(url);
    const shown = await page.look();
    expect(shown.text).to.include('In your DNS').and.not.include('At your identity provider');
    expect((await page.send('provider', { issuer: idp.issuer, ...idpClient })).status).to.equal(403);
    expect((await page.send('mail', { to: 'x@hand-acme.test' })).status).to.equal(403);
    expect((await page.send('domains', { newDomain: 'two-acme.test' })).status).to.equal(200);
    expect((await page.send('domains', { newDomain: 'gmail.com' })).status).to.equal(400);
    await acme.call('post', `/setup-links/${link.id}/revoke`).expect(200);
    expect((await page.look()).status).to.equal(410);
    expect((await openLink(link.url).look()).status).to.equal(410);
  });

  it('send a test mail to the company’s own domains alone, whose link says that it arrived', async () => {
    const link = await givenLink({ purpose: 'oidc', domains: ['mail-acme.test'] });
    const page = openLink(link.url);
    expect((await page.send('mail', { to: 'somebody@elsewhere.test' })).status).to.equal(400);
    expect((await page.send('mail', { to: 'bo@mail-acme.test' })).status).to.equal(200);
    const [mail] = await waitForMails(app.core, 'bo@mail-acme.test');
    const browser = openBrowser(app.url);
    expect((await browser.get(mail!.link)).status).to.equal(200);
    expect((await read(link.id))['mailArrivedAt']).to.equal(null);
    expect((await browser.post(`${mail!.link}x`, {})).status).to.equal(410);
    expect((await browser.post(mail!.link, {})).status).to.equal(200);
    expect((await page.look()).text).to.include('✓ At your mail filter');
    for (let sent = 1; sent < 5; sent += 1) await page.send('mail', { to: 'bo@mail-acme.test' });
    expect((await page.send('mail', { to: 'bo@mail-acme.test' })).status).to.equal(429);
  });

  it('end by time, by revocation, and with the right of whoever made them; a dead one tells nothing', async () => {
    const soon = await givenLink({
      purpose: 'oidc',
      lifeSeconds: 3600,
      email: 'it@acme.test',
      message: 'Dear IT',
    });
    expect((await waitForMails(app.core, 'it@acme.test'))[0]!.text)
      .to.include('Dear IT')
      .and.include(soon.url);
    const revoked = await givenLink({ purpose: 'scim' });
    await acme.call('post', `/setup-links/${revoked.id}/revoke`).expect(200);
    const over = await openLink(revoked.url).look();
    expect(over.status).to.equal(410);
    expect(over.text).to.not.include(acme.tenant.name);
    expect((await openLink(soon.url).look()).status).to.equal(200);
    clock.advance(3_600_000);
    expect((await openLink(soon.url).look()).status).to.equal(410);
    expect((await read(soon.id))['state']).to.equal('expired');
    const { body: key } = await acme
      .call('post', '/api-keys')
      .send({ name: unique('key'), role: 'administrator' })
      .expect(201);
    const { body: made } = await request(app.url)
      .post('/api/v1/setup-links')
      .set('Authorization', `Bearer ${key.key}`)
      .send({ name: unique('it'), purpose: 'oidc' })
      .expect(201);
    expect((await openLink(made.url).look()).status).to.equal(200);
    await acme.call('delete', `/api-keys/${key.id}`).expect(204);
    expect((await openLink(made.url).look()).status).to.equal(410);
  });

  it('end with the right of the staff who made them', async () => {
    await ensureOperatorTenant(app.core);
    const statusFor = async (role: string): Promise<number> => {
      const { _id } = await givenUser(app.core, operatorTenant.id, { roles: [role] });
      const staff = operatorActor({ id: _id, label: role }, acme.tenant._id);
      const input = {
        name: unique('it'),
        purpose: 'oidc',
        provider: 'other',
        email: null,
        message: '',
      } as const;
      const { token } = await createSetupLink(app.core, staff, { ...input, lifeSeconds: 3600 });
      return (await openLink(setupUrl(app.core, token)).look()).status;
    };
    expect(await statusFor('operator')).to.equal(200);
    expect(await statusFor('administrator')).to.equal(410);
  });

  it('take no more than the API takes', async () => {
    const domains = Array.from({ length: 200 }, (_, index) => `d${index}.setup-many.test`);
    const link = await givenLink({ purpose: 'oidc' });
    await acme.call('patch', `/sso-connections/${link.connectionId}`).send({ domains }).expect(200);
    const page = openLink(link.url);
    const fields = { issuer: idp.issuer, ...idpClient };
    for (const more of [{ clientId: 'x'.repeat(501) }, { clientSecret: 'x'.repeat(2001) }])
      expect((await page.send('provider', { ...fields, ...more })).status).to.equal(400);
    expect((await page.send('domains', { newDomain: 'one-more.test' })).status).to.equal(400);
    expect((await read(link.connectionId, 'sso-connections'))['domains']).to.have.length(200);
  });

  it('need what a connection or token made by hand would need, and take no post without the form', async () => {
    for (const input of [
      { purpose: 'domains' },
      { purpose: 'renewal' },
      { purpose: 'scim', connectionId: 'x' },
      { purpose: 'oidc', directoryId: 'x' },
      { purpose: 'oidc', email: 'no address' },
      { purpose: 'oidc', lifeSeconds: 60 },
    ])
      await acme
        .call('post', '/setup-links')
        .send({ name: unique('it'), ...input })
        .expect(400);
    const { url } = await givenLink({ purpose: 'oidc' });
    const browser = openBrowser(app.url);
    expect((await browser.post(`${url}/provider`, { issuer: idp.issuer, ...idpClient })).status).to.equal(
      403,
    );
    const { fields } = await browser.get(url);
    const body = { _csrf: fields['_csrf']!, issuer: idp.issuer };
    expect((await browser.post(`${url}/provider`, body, { 'sec-fetch-site': 'cross-site' })).status).to.equal(
      403,
    );
    expect((await browser.post(`${url}/toString`, body)).status).to.equal(404);
  });
});
