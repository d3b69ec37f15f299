import { expect } from 'chai';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { parseBootstrap, applyBootstrap } from '../../../src/identity/bootstrap/bootstrap.js';
import { exportBootstrap } from '../../../src/identity/bootstrap/export.js';
import { createConnection, type SsoConnectionDocument } from '../../../src/identity/sso/connections.js';
import { eventually } from '../../support/eventually.js';
import { resealAll } from '../../../src/identity/keys/reseal.js';
import { createSecretBox } from '../../../src/infrastructure/secret-box.js';
import { givenTenant, type ApiTenant } from '../../support/api.js';
import { startApp, type TestApp } from '../../support/app.js';
import { ManualClock } from '../../support/clock.js';
import { unique } from '../../support/people.js';
import { openBrowser } from '../../support/browser.js';
import { answerAt, honestAnswer, readSamlRequest, samlKey, signedAnswer } from '../../support/saml.js';

const entityId = 'https://idp.test/entity';
const base64 = (pem: string): string => pem.replace(/-----[A-Z ]+-----|\s+/g, '');

interface MetadataSaid {
  entity?: string;
  certificates?: string[];
  sso?: string;
  slo?: string;
}

function metadataXml({
  entity = entityId,
  certificates = [samlKey(0).certificate],
  sso = 'https://idp.test/sso',
  slo,
}: MetadataSaid = {}): string {
  const keys = certificates.map(
    (pem) =>
      `<KeyDescriptor use="signing"><ds:KeyInfo><ds:X509Data><ds:X509Certificate>\n${base64(pem)}\n</ds:X509Certificate></ds:X509Data></ds:KeyInfo></KeyDescriptor>`,
  );
  const redirect = 'urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect';
  const logout = slo === undefined ? '' : `<SingleLogoutService Binding="${redirect}" Location="${slo}"/>`;
  return `<?xml version="1.0"?><!-- as a provider writes it --><EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata" xmlns:ds="http://www.w3.org/2000/09/xmldsig#" entityID="${entity}"><IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">${keys.join('')}${logout}<SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST" Location="https://idp.test/post"/><SingleSignOnService Binding="${redirect}" Location="${sso}"/></IDPSSODescriptor></EntityDescriptor>`;
}

describe('SAML connections at /api/v1/sso-connections', () => {
  const clock = new ManualClock(new Date().toISOString());
  let app: TestApp;
  let acme: ApiTenant;
  let web: Server;
  let served: { status: number; text: string };
  let url: string;

  before(async () => {
    web = createServer((_req, res) => res.writeHead(served.status).end(served.text));
    await new Promise<void>((resolve) => web.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(web.address() as AddressInfo).port}/metadata`;
    app = await startApp({ config: { allowPrivateIssuers: true }, clock });
    acme = await givenTenant(app);
  });
  after(async () => {
    web.closeAllConnections();
    await new Promise((resolve) => web.close(resolve));
    await app.stop();
  });
  beforeEach(() => {
    served = { status: 200, text: metadataXml() };
  });

  const byHand = () => ({
    idpEntityId: entityId,
    idpSsoUrl: 'https://idp.test/sso',
    idpCertificates: [samlKey(0).certificate],
  });
  const create = (more: object = {}) =>
    acme.call('post', '/sso-connections').send({ name: unique('saml'), protocol: 'saml', ...more });
  const change = (id: string, body: object, key = acme.key) =>
    acme.call('patch', `/sso-connections/${id}`, key).send(body);
  const pointers = (body: { errors?: { pointer: string }[] }): string[] =>
    (body.errors ?? []).map(({ pointer }) => pointer);

  it('are made before the provider is known, off, with the addresses its administrator needs', async () => {
    const { body } = await create({ key: unique('okta') }).expect(201);
    expect(body).to.include({
      protocol: 'saml',
      mode: 'off',
      entityId: `${app.url}/sso/${body.key}/metadata`,
      metadataUrl: `${app.url}/sso/${body.key}/metadata`,
      acsUrl: `${app.url}/sso/${body.key}/acs`,
      redirectUri: `${app.url}/sso/${body.key}/acs`,
      idpEntityId: null,
      idpSsoUrl: null,
      issuer: null,
      clientId: null,
      subjectFrom: 'nameId',
    });
    expect(body.idpCertificates).to.deep.equal([]);
    expect(JSON.stringify(body)).to.not.match(/PRIVATE|privateKey/);
    const early = await change(body.id, { mode: 'required' }).expect(400);
    expect(pointers(early.body)).to.deep.equal(['/mode']);
    expect(pointers((await create({ mode: 'optional' }).expect(400)).body)).to.deep.equal(['/mode']);
    const known = await change(body.id, { idpMetadata: metadataXml(), mode: 'required' }).expect(200);
    expect(known.body).to.include({
      mode: 'required',
      idpEntityId: entityId,
      idpSsoUrl: 'https://idp.test/sso',
    });
  });

  it('show certificates with fingerprint and end', async () => {
    const { body } = await create({
      idpMetadata: metadataXml({ certificates: [samlKey(0).certificate, samlKey(1).certificate] }),
    }).expect(201);
    expect(body.idpCertificates).to.have.length(2);
    expect(body.idpCertificates[0]).to.include({
      certificate: samlKey(0).certificate,
      subject: 'CN=Test IdP',
      expiresAt: '2049-01-01T00:00:00.000Z',
    });
    expect(body.idpCertificates[0].fingerprint).to.match(/^(?:[0-9A-F]{2}:){31}[0-9A-F]{2}$/);
  });

  it('have the addresses of single logout, off until it is wished', async () => {
    const idpSloUrl = 'https://idp.test/slo';
    const { body } = await create({ ...byHand(), idpSloUrl }).expect(201);
    expect(body).to.include({ idpSloUrl, singleLogout: false });
    expect(body.sloUrl).to.match(/\/sso\/[\w-]+\/slo$/);
    const patch = (change: object) =>
      acme.call('patch', `/sso-connections/${body.id}`).send(change).expect(200);
    expect((await patch({ singleLogout: true })).body).to.include({ idpSloUrl, singleLogout: true });
    expect((await patch({ idpSloUrl: null })).body).to.include({ idpSloUrl: null, singleLogout: true });
  });

  it('take a provider by hand, whole or not at all', async () => {
    const { body } = await create({ ...byHand(), mode: 'optional' }).expect(201);
    expect(body).to.include({ idpEntityId: entityId, mode: 'optional' });
    expect(body.idpCertificates.map((one: { certificate: string }) => one.certificate)).to.deep.equal([
      samlKey(0).certificate,
    ]);
    const bare = await create({ ...byHand(), idpCertificates: [base64(samlKey(0).certificate)] }).expect(201);
    expect(bare.body.idpCertificates).to.deep.equal(body.idpCertificates);
    for (const missing of ['idpEntityId', 'idpSsoUrl', 'idpCertificates']) {
      const half = await create({ ...byHand(), [missing]: undefined }).expect(400);
      expect(pointers(half.body)).to.deep.equal([`/${missing}`]);
    }
  });

  const bad: Record<string, [object, string]> = {
    'no certificate': [{ ...byHand(), idpCertificates: [] }, '/idpCertificates'],
    'an odd certificate': [{ ...byHand(), idpCertificates: ['hello'] }, '/idpCertificates/0'],
    'two certificates in one': [
      { ...byHand(), idpCertificates: [samlKey(0).certificate.repeat(2)] },
      '/idpCertificates/0',
    ],
    'an address that is none': [{ ...byHand(), idpSsoUrl: 'javascript:alert(1)' }, '/idpSsoUrl'],
    'a logout address that is none': [{ ...byHand(), idpSloUrl: 'ftp://idp.test' }, '/idpSloUrl'],
    'an entity id with spaces around it': [{ ...byHand(), idpEntityId: ' x ' }, '/idpEntityId'],
    'metadata that are no XML': [{ idpMetadata: 'hello' }, '/idpMetadata'],
    'metadata with a DTD': [
      { idpMetadata: `<!DOCTYPE x [<!ENTITY a "b">]>${metadataXml()}` },
      '/idpMetadata',
    ],
    'metadata of a service provider': [
      { idpMetadata: metadataXml().replaceAll('IDPSSODescriptor', 'SPSSODescriptor') },
      '/idpMetadata',
    ],
    'metadata without a certificate': [{ idpMetadata: metadataXml({ certificates: [] }) }, '/idpMetadata'],
    'metadata without an entity id': [{ idpMetadata: metadataXml({ entity: '' }) }, '/idpMetadata'],
    'metadata without a redirect address': [
      { idpMetadata: metadataXml().replaceAll('HTTP-Redirect', 'SOAP') },
      '/idpMetadata',
    ],
    'metadata of several providers': [
      {
        idpMetadata: `<EntitiesDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata">${metadataXml()
          .replace(/^.*-->/, '')
          .repeat(2)}</EntitiesDescriptor>`,
      },
      '/idpMetadata',
    ],
    'metadata and their address': [
      { idpMetadata: metadataXml(), idpMetadataUrl: 'https://idp.test/m' },
      '/idpMetadata',
    ],
    'a field of OpenID': [{ ...byHand(), issuer: 'https://idp.test' }, '/issuer'],
    'an attribute name with spaces around it': [
      { ...byHand(), attributeMapping: { email: ' mail' } },
      '/attributeMapping/email',
    ],
  };
  for (const [title, [input, pointer]] of Object.entries(bad)) {
    it(`refuse ${title}`, async () => {
      expect(pointers((await create(input).expect(400)).body)).to.deep.equal([pointer]);
    });
  }

  it('keep their protocol, and OpenID connections know nothing of SAML', async () => {
    const { body } = await create(byHand()).expect(201);
    expect(pointers((await change(body.id, { protocol: 'oidc' }).expect(400)).body)).to.deep.equal([
      '/protocol',
    ]);
    const oidc = { name: unique('oidc'), issuer: 'https://idp.acme.test', clientId: 'gatehouse' };
    const made = await acme.call('post', '/sso-connections').send(oidc).expect(201);
    expect(made.body).to.include({ protocol: 'oidc', acsUrl: null, idpEntityId: null });
    expect(pointers((await change(made.body.id, byHand()).expect(400)).body)).to.have.members([
      '/idpEntityId',
      '/idpSsoUrl',
      '/idpCertificates',
    ]);
    expect(
      pointers(
        (
          await acme
            .call('post', '/sso-connections')
            .send({ name: unique('x') })
            .expect(400)
        ).body,
      ),
    ).to.deep.equal(['/issuer', '/clientId']);
    expect((await fetch(`${app.url}/sso/${made.body.id}/metadata`)).status).to.equal(404);
  });

  it('demand the keys of another entity again, from everybody, and end the proof of domains for those below an administrator', async () => {
    const { body } = await create(byHand()).expect(201);
    const lacking = await change(body.id, { idpEntityId: 'https://other.test' }).expect(400);
    expect(pointers(lacking.body)).to.deep.equal(['/idpCertificates']);
    await change(body.id, {
      idpEntityId: 'https://other.test',
      idpCertificates: [samlKey(1).certificate],
    }).expect(200);
    const again = await change(body.id, { idpMetadata: metadataXml() }).expect(200);
    expect(again.body).to.include({ idpEntityId: entityId, relinkNeeded: true });
  });

  it('count as another provider when somebody below an administrator replaces all keys, or their source', async () => {
    const manager = await acme.givenKey(['sso.manage']);
    const made = async () => {
      const domains = [{ domain: `${unique('company')}.test`, verified: true }];
      return createConnection(app.core, acme.system, {
        name: unique('saml'),
        protocol: 'saml',
        ...byHand(),
        domains,
      });
    };
    const both = [samlKey(0).certificate, samlKey(1).certificate];
    const kept = await change((await made())._id, { idpCertificates: both }).expect(200);
    expect(kept.body).to.include({ relinkNeeded: false });
    expect(kept.body.domains[0].verified).to.equal(true);
    await change((await made())._id, { idpCertificates: both }, manager).expect(403);
    for (const taken of [{ idpCertificates: [samlKey(1).certificate] }, { idpMetadataUrl: url }]) {
      const { body } = await change((await made())._id, taken, manager).expect(200);
      expect([body.relinkNeeded, body.domains[0].verified]).to.deep.equal([true, false]);
      const byAdministrator = await change((await made())._id, taken).expect(200);
      expect(byAdministrator.body.domains[0].verified).to.equal(true);
    }
  });

  it('read metadata from their address at once and each day, and take over what the provider changes', async () => {
    const { body } = await create({ idpMetadataUrl: url, mode: 'optional' }).expect(201);
    expect(body).to.include({ idpMetadataUrl: url, idpEntityId: entityId, idpMetadataFault: null });
    const stored = async (): Promise<SsoConnectionDocument> =>
      (await app.core.store.tenant(acme.tenant._id).collection('sso_connections').get(body.id))!;
    const nextDay = async () => {
      const { refreshId } = (await stored()).saml!;
      clock.advance(86_400_000 + 1000);
      await eventually(async () => (await stored()).saml!.refreshId !== refreshId, 'the metadata are read', {
        pauseMs: 50,
      });
      const { saml, issuer } = await stored();
      return { issuer, ...saml! };
    };
    const [old, fresh] = [samlKey(0).certificate, samlKey(1).certificate];
    served.text = metadataXml({ certificates: [old, fresh], sso: 'https://idp.test/sso2' });
    const renewed = await nextDay();
    expect(renewed.idpCertificates).to.deep.equal([old, fresh]);
    expect(renewed).to.include({ idpSsoUrl: 'https://idp.test/sso2', metadataFault: null });
    served.text = metadataXml({ entity: 'https://evil.test' });
    const other = await nextDay();
    expect(other).to.include({ issuer: entityId, metadataFault: 'the metadata name another entity id' });
    expect(other.idpCertificates).to.have.length(2);
    served = { status: 500, text: 'no' };
    expect((await nextDay()).metadataFault).to.equal('the address answered with HTTP 500');
    served = { status: 200, text: metadataXml({ certificates: [fresh] }) };
    const later = await nextDay();
    expect([later.idpCertificates, later.metadataFault]).to.deep.equal([[fresh], null]);
    const events = await app.core.store
      .tenant(acme.tenant._id)
      .collection('audit_events')
      .find({ action: 'sso.metadata_read' });
    expect(events.map(({ result }) => result)).to.include.members(['success', 'failure']);
    await change(body.id, { idpMetadataUrl: null }).expect(200);
    expect((await stored()).saml!.refreshId).to.equal(null);
  });

  it('read metadata at the first signature of an unknown key, and not again within five minutes', async () => {
    const { body } = await create({ idpMetadataUrl: url, mode: 'optional' }).expect(201);
    served.text = metadataXml({ certificates: [samlKey(1).certificate] });
    const signIn = async () => {
      const browser = openBrowser(app.url);
      const request = readSamlRequest((await browser.get(`/sso/${body.id}/start`)).location!);
      const said = honestAnswer(request, { issuer: entityId, subject: unique('s'), now: clock.now() });
      return answerAt(browser, request, signedAnswer(said, samlKey(1)));
    };
    expect((await signIn()).status).to.equal(400);
    const certificates = async () =>
      (await app.core.store.tenant(acme.tenant._id).collection('sso_connections').get(body.id))!.saml!
        .idpCertificates;
    await eventually(
      async () => (await certificates())[0] === samlKey(1).certificate,
      'the new key is known',
      { pauseMs: 50 },
    );
    expect((await signIn()).alert).to.include('did not tell us your email');
    const jobs = app.core.store.tenant(acme.tenant._id).collection('jobs');
    const before = await jobs.count({ kind: 'saml.metadata' });
    await change(body.id, { idpCertificates: [samlKey(0).certificate], idpMetadataUrl: url }).expect(200);
    expect((await signIn()).status).to.equal(400);
    expect(await jobs.count({ kind: 'saml.metadata' })).to.be.at.most(before + 1);
  });

  it('refuse metadata that cannot be read from their address', async () => {
    served = { status: 404, text: '' };
    expect(pointers((await create({ idpMetadataUrl: url }).expect(400)).body)).to.deep.equal([
      '/idpMetadataUrl',
    ]);
    served = { status: 200, text: 'x'.repeat(600_000) };
    expect(pointers((await create({ idpMetadataUrl: url }).expect(400)).body)).to.deep.equal([
      '/idpMetadataUrl',
    ]);
  });

  it('have role rules, which give no one more than their author has', async () => {
    const manager = await acme.givenKey(['sso.manage']);
    const toAdministrator = [
      { when: { path: 'groups.displayName', is: 'Admins' }, grant: ['administrator'] },
    ];
    const { body } = await create({ ...byHand(), roleRules: toAdministrator }).expect(201);
    expect(body.roleRules[0]).to.include.keys('id', 'when', 'grant');
    await change(body.id, { name: unique('saml') }, manager).expect(403);
    await change(body.id, { roleRules: [] }).expect(200);
    await change(body.id, { roleRules: toAdministrator }, manager).expect(403);
    await change(body.id, { name: unique('saml') }, manager).expect(200);
    const odd = [{ when: { path: 'groups.displayName', is: 'x' }, grant: ['crm:none'] }];
    expect(pointers((await change(body.id, { roleRules: odd }).expect(400)).body)[0]).to.match(/^.roleRules/);
    const path = [{ when: { path: 'nothing.here', is: 'x' }, grant: ['administrator'] }];
    expect(pointers((await change(body.id, { roleRules: path }).expect(400)).body)).to.deep.equal([
      '/roleRules/0/when/path',
    ]);
  });

  it('are tested without a person', async () => {
    const { body } = await create({ idpMetadataUrl: url }).expect(201);
    const test = await acme.call('post', `/sso-connections/${body.id}/test`).send({}).expect(200);
    expect(test.body.ok).to.equal(true);
    expect(test.body.checks.map(({ name }: { name: string }) => name)).to.deep.equal([
      'provider',
      'sign-in address',
      'certificate',
      'metadata',
    ]);
    const bare = await create().expect(201);
    expect(
      (await acme.call('post', `/sso-connections/${bare.body.id}/test`).send({}).expect(200)).body.ok,
    ).to.equal(false);
  });

  it('come from a bootstrap file, which changes nothing when it is applied again, and go out in an export', async () => {
    const slug = unique('boot');
    const entry = {
      name: 'Boot SAML',
      key: unique('boot'),
      protocol: 'saml',
      idpMetadata: metadataXml(),
      attributeMapping: { email: 'mail', groups: 'groups' },
      subjectFrom: 'employeeId',
      singleLogout: true,
      domains: [{ domain: `${slug}.test`, verified: true }],
      mode: 'required',
      jitProvisioning: true,
    };
    const file = (over: object = {}) =>
      parseBootstrap({ tenants: [{ slug, name: 'Boot', ssoConnections: [{ ...entry, ...over }] }] });
    await applyBootstrap(app.core, file());
    const stored = async () =>
      (await app.core.store.server.collection('sso_connections').findOne({ key: entry.key }))!;
    const first = await stored();
    expect(first).to.include({ protocol: 'saml', issuer: entityId, mode: 'required' });
    await applyBootstrap(app.core, file());
    expect(await stored()).to.deep.equal(first);
    await applyBootstrap(
      app.core,
      file({ idpMetadata: metadataXml({ certificates: [samlKey(1).certificate] }) }),
    );
    expect((await stored()).saml!.idpCertificates).to.deep.equal([samlKey(1).certificate]);
    const exported = await exportBootstrap(app.core, slug);
    const [connection] = exported.tenants[0]!.ssoConnections!;
    expect(connection).to.deep.include({
      protocol: 'saml',
      idpEntityId: entityId,
      subjectFrom: 'employeeId',
      singleLogout: true,
      mode: 'required',
      jitProvisioning: true,
    });
    expect(connection!.idpCertificates).to.deep.equal([samlKey(1).certificate]);
    const renamed = JSON.parse(
      JSON.stringify(exported).replaceAll(slug, unique('again')).replaceAll(entry.key, unique('again')),
    );
    expect(() => parseBootstrap(renamed)).to.not.throw();
  });

  it('keep their private keys through a change of SECRET_KEY', async () => {
    await create(byHand()).expect(201);
    const old = 'a secret for tests that is long enough';
    const fresh = 'another secret for tests that is long enough';
    const secretBox = createSecretBox(`${fresh},${old}`);
    await resealAll({ ...app.core, secretBox });
    const all = await app.core.store.server.collection('sso_connections').find({ protocol: 'saml' });
    const alone = createSecretBox(fresh);
    for (const { saml } of all) {
      for (const pair of [saml!.signing, saml!.encryption])
        expect(alone.open('saml-key', pair.privateKey)).to.include('PRIVATE KEY');
    }
    await resealAll({ ...app.core, secretBox: createSecretBox(`${old},${fresh}`) });
  });
});
