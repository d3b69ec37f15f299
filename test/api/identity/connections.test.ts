import { expect } from 'chai';
import { findConnectionByDomain } from '../../../src/identity/sso/by-domain.js';
import { verifyDomain } from '../../../src/identity/sso/domain-verification.js';
import { systemActor } from '../../../src/identity/actors.js';
import {
  createApplication,
  updateApplication,
  type ApplicationInput,
} from '../../../src/identity/applications/applications.js';
import { getApplication } from '../../../src/identity/applications/find.js';
import { listAuditEvents } from '../../../src/identity/audit/audit.js';
import type { Actor, Core } from '../../../src/identity/core.js';
import { administratorPermissions } from '../../../src/identity/permissions.js';
import {
  createConnection,
  deleteConnection,
  getConnection,
  openClientSecret,
  updateConnection,
  type SsoConnectionInput,
} from '../../../src/identity/sso/connections.js';
import { updateTenant } from '../../../src/identity/roles/tenant-change.js';
import { createTenant } from '../../../src/identity/tenants/tenants.js';
import { createUser } from '../../../src/identity/users/users.js';
import { hashToken } from '../../../src/shared/ids.js';
import { actorWith, openTestCore } from '../../support/core.js';
import { givenProvisioned, givenTenant, givenUser, unique } from '../../support/people.js';
import { refusal } from '../../support/refusal.js';

describe('SSO connections and applications', () => {
  let core: Core;
  let tenantId: string;
  let system: Actor;
  let admin: Actor;
  let domain: string;

  before(async () => {
    core = await openTestCore();
  });
  beforeEach(async () => {
    tenantId = (await givenTenant(core))._id;
    system = systemActor(tenantId);
    admin = actorWith(tenantId, [...administratorPermissions]);
    domain = `${unique('company')}.test`;
  });

  const okta = (more: Partial<SsoConnectionInput> = {}): SsoConnectionInput => ({
    name: 'Okta',
    issuer: 'https://acme.okta.test',
    clientId: 'gh',
    clientSecret: 'sealed',
    mode: 'optional',
    domains: [{ domain, verified: true }],
    ...more,
  });

  describe('SSO connections', () => {
    it('are found by their verified domain, in one normal form', async () => {
      const connection = await createConnection(
        core,
        system,
        okta({ domains: [{ domain: 'BÜCHER.example', verified: true }] }),
      );
      expect((await findConnectionByDomain(core, 'xn--bcher-kva.example'))?._id).to.equal(connection._id);
      expect(await findConnectionByDomain(core, 'sub.xn--bcher-kva.example')).to.equal(undefined);
    });

    it('own a verified domain over the whole server, whoever is first', async () => {
      const other = systemActor((await givenTenant(core))._id);
      const results = await Promise.allSettled([
        createConnection(core, system, okta()),
        createConnection(core, other, okta()),
      ]);
      expect(results.map(({ status }) => status).sort()).to.deep.equal(['fulfilled', 'rejected']);
      const late = await refusal(createConnection(core, other, okta({ name: 'Late' })));
      expect([late.code, late.errors[0]?.pointer]).to.deep.equal(['sso_connection.domain_taken', '/domains']);
      await createConnection(core, other, okta({ name: 'Waiting', domains: [{ domain }] }));
      await createConnection(core, other, okta({ name: 'Waiting too', domains: [] }));
    });

    const bad: [string, Partial<SsoConnectionInput>, string][] = [
      ['an issuer without TLS', { issuer: 'http://acme.okta.test' }, '/issuer'],
      ['a loopback issuer', { issuer: 'https://127.0.0.1:4001' }, '/issuer'],
      ['an issuer of a private network', { issuer: 'https://10.0.0.1' }, '/issuer'],
      ['an issuer that is no URL', { issuer: 'okta' }, '/issuer'],
      ['a public suffix', { domains: [{ domain: 'co.uk' }] }, '/domains/0/domain'],
      ['a private suffix', { domains: [{ domain: 'github.io' }] }, '/domains/0/domain'],
      [
        'a public mail service',
        { domains: [{ domain: 'ok.test' }, { domain: 'Gmail.com' }] },
        '/domains/1/domain',
      ],
      ['one label', { domains: [{ domain: 'localhost' }] }, '/domains/0/domain'],
      ['an address in place of a domain', { domains: [{ domain: 'a@b.test' }] }, '/domains/0/domain'],
    ];
    for (const [what, input, pointer] of bad) {
      it(`refuse ${what}`, async () => {
        const error = await refusal(createConnection(core, system, okta(input)));
        expect([error.code, error.errors.map((fault) => fault.pointer)]).to.deep.equal([
          'input.invalid',
          [pointer],
        ]);
      });
    }

    it('take a domain for proven from nobody but the operator, else by its TXT record', async () => {
      const connection = await createConnection(core, admin, okta());
      expect(connection.verifiedDomains).to.deep.equal([]);
      const [entry] = connection.domains;
      const asked: string[] = [];
      const answer = (records: string[][]) => (name: string) => {
        asked.push(name);
        return Promise.resolve(records);
      };
      const wrong = verifyDomain(core, admin, connection._id, domain, answer([['something else']]));
      expect((await refusal(wrong)).code).to.equal('input.invalid');
      const half = entry!.challenge.slice(0, 10);
      const verified = await verifyDomain(
        core,
        admin,
        connection._id,
        domain,
        answer([[half, entry!.challenge.slice(10)]]),
      );
      expect(verified.verifiedDomains).to.deep.equal([domain]);
      expect(asked[0]).to.equal(`_gatehouse-challenge.${domain}`);
      const more = await updateConnection(core, admin, connection._id, {
        domains: [{ domain }, { domain: `b.${domain}` }],
      });
      expect(more.verifiedDomains).to.deep.equal([domain]);
      expect(more.domains[0]?.challenge).to.equal(entry?.challenge);
    });

    it('keep their secret sealed, and unchanged when the same one is given again', async () => {
      const connection = await createConnection(core, system, okta());
      expect(JSON.stringify(connection)).to.not.include('"sealed"');
      expect(openClientSecret(core, connection)).to.equal('sealed');
      const same = await updateConnection(core, system, connection._id, okta());
      expect(same.version).to.equal(connection.version);
      const changed = await updateConnection(core, system, connection._id, { clientSecret: 'another' });
      expect(openClientSecret(core, changed)).to.equal('another');
      const events = await listAuditEvents(core, tenantId, { targetId: connection._id }, { limit: 10 });
      expect(JSON.stringify(events)).to.not.match(/another|sealed/);
    });

    it('make new users of their domain ready for SSO, while they are on', async () => {
      const connection = await createConnection(core, system, okta());
      const user = (name: string) => givenProvisioned(core, system, { userName: `${name}@${domain}` });
      const ada = await user('ada');
      expect([ada.loginType, ada.activatedAt !== null]).to.deep.equal(['sso', true]);
      await updateConnection(core, system, connection._id, { mode: 'off' });
      const bob = await user('bob');
      expect([bob.loginType, bob.activatedAt]).to.deep.equal(['local', null]);
    });

    it('free their domain when they go', async () => {
      const connection = await createConnection(core, system, okta());
      await deleteConnection(core, system, connection._id);
      expect(await findConnectionByDomain(core, domain)).to.equal(undefined);
      expect((await refusal(getConnection(core, tenantId, connection._id))).code).to.equal(
        'sso_connection.not_found',
      );
      await createConnection(core, systemActor((await givenTenant(core))._id), okta());
    });
  });

  describe('applications', () => {
    const crm = (more: Partial<ApplicationInput> = {}): ApplicationInput => ({
      key: 'crm',
      name: 'CRM',
      redirectUris: ['https://crm.test/cb', 'http://localhost:4000/cb'],
      ...more,
    });

    it('show their secret once and keep its digest', async () => {
      const { application, clientSecret } = await createApplication(core, admin, crm());
      expect(clientSecret).to.match(/^gh_app_/);
      expect(application.clientSecretHash).to.equal(hashToken(clientSecret ?? ''));
      const open = await createApplication(core, admin, crm({ key: 'spa', clientSecret: null }));
      expect([open.clientSecret, open.application.clientSecretHash]).to.deep.equal([null, null]);
    });

    it('have a client id that is unique over the server and a key that is unique in the tenant', async () => {
      const clientId = unique('client');
      await createApplication(core, admin, crm({ clientId }));
      const other = systemActor((await givenTenant(core))._id);
      expect((await refusal(createApplication(core, other, crm({ clientId })))).code).to.equal(
        'application.client_id_taken',
      );
      expect((await refusal(createApplication(core, admin, crm()))).code).to.equal('application.key_taken');
      expect((await refusal(getApplication(core, other.tenantId, 'crm'))).code).to.equal(
        'application.not_found',
      );
    });

    const bad: [string, Partial<ApplicationInput>, string][] = [
      ['a relative address', { redirectUris: ['/cb'] }, '/redirectUris/0'],
      ['a wildcard', { redirectUris: ['https://*.crm.test/cb'] }, '/redirectUris/0'],
      ['a fragment', { redirectUris: ['https://crm.test/cb#x'] }, '/redirectUris/0'],
      [
        'plain http elsewhere',
        { redirectUris: ['https://crm.test/cb', 'http://crm.test/cb'] },
        '/redirectUris/1',
      ],
      ['a script', { redirectUris: ['javascript:alert(1)'] }, '/redirectUris/0'],
      ['a private logout address', { backchannelLogoutUri: 'http://127.0.0.1/bcl' }, '/backchannelLogoutUri'],
      ['a key with a colon', { key: 'a:b' }, '/key'],
    ];
    for (const [what, input, pointer] of bad) {
      it(`refuse ${what}`, async () => {
        const error = await refusal(createApplication(core, admin, crm(input)));
        expect(error.errors.map((fault) => fault.pointer)).to.deep.equal([pointer]);
      });
    }

    it('keep their version when nothing changed', async () => {
      const { application, clientSecret } = await createApplication(core, admin, crm());
      const same = await updateApplication(core, admin, 'crm', { name: 'CRM', clientSecret });
      expect(same.version).to.equal(application.version);
      const stale = updateApplication(core, admin, 'crm', { name: 'New' }, { ifVersion: 7 });
      expect((await refusal(stale)).code).to.equal('resource.version_mismatch');
    });
  });

  describe('tenants', () => {
    it('have a slug of their own and a known preset', async () => {
      const slug = unique('t');
      const input = { slug, name: 'T', preset: 'default', settings: {} };
      await createTenant(core, input);
      expect((await refusal(createTenant(core, input))).code).to.equal('tenant.slug_taken');
      const strange = await refusal(createTenant(core, { ...input, slug: unique('t'), preset: 'strange' }));
      expect(strange.errors[0]?.pointer).to.equal('/preset');
    });

    it('refuse roles.multiple off while somebody holds two roles of a place', async () => {
      const tenant = await createTenant(core, {
        slug: unique('t'),
        name: 'T',
        preset: 'contact-center',
        settings: {},
      });
      await givenUser(core, tenant._id, { roles: ['administrator', 'viewer'] });
      const off = updateTenant(core, systemActor(tenant._id), { settings: { 'roles.multiple': false } });
      expect((await refusal(off)).errors[0]?.pointer).to.equal('/roles.multiple');
    });

    it('leave existing users approved when approval becomes required (M1-7)', async () => {
      const before = await givenUser(core, tenantId);
      await updateTenant(core, system, { settings: { 'approval.required': true } });
      const after = await givenUser(core, tenantId);
      expect([before.approved, after.approved]).to.deep.equal([true, false]);
    });

    it('let people add nobody where users come from elsewhere', async () => {
      await updateTenant(core, system, { settings: { 'users.adding': 'scim_only' } });
      const input = { userName: 'x', externalId: null, active: true, attributes: {} };
      expect((await refusal(createUser(core, admin, input))).code).to.equal('user.adding_off');
      await createUser(core, system, input);
    });
  });
});
