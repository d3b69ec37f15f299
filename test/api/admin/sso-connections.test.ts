import { expect } from 'chai';
import { startApp, type TestApp } from '../../support/app.js';
import { givenTenant, type ApiTenant } from '../../support/api.js';
import { unique } from '../../support/people.js';

describe('/api/v1/sso-connections', () => {
  let app: TestApp;
  let acme: ApiTenant;

  before(async () => {
    app = await startApp({ config: { allowPrivateIssuers: true } });
    acme = await givenTenant(app);
  });
  after(() => app.stop());

  const input = (more: object = {}): object => ({
    name: unique('login'),
    issuer: 'https://idp.acme.test',
    clientId: 'gatehouse',
    clientSecret: 'a secret',
    ...more,
  });
  const create = (more: object = {}, tenant = acme) =>
    tenant.call('post', '/sso-connections').send(input(more));
  const change = (id: string, body: object, key = acme.key) =>
    acme.call('patch', `/sso-connections/${id}`, key).send(body);
  const pointers = (body: { errors?: { pointer: string }[] }): string[] =>
    (body.errors ?? []).map(({ pointer }) => pointer);

  describe('the key', () => {
    it('stands in the redirect address in place of the id, and may be taken away', async () => {
      const key = unique('acme');
      const { body } = await create().expect(201);
      expect(body.key).to.equal(null);
      expect(body.redirectUri).to.equal(`${app.url}/sso/${body.id}/callback`);
      const keyed = await change(body.id, { key }).expect(200);
      expect(keyed.body).to.include({ key, redirectUri: `${app.url}/sso/${key}/callback` });
      const again = await change(body.id, { key: null }).expect(200);
      expect(again.body.redirectUri).to.equal(body.redirectUri);
      await change(body.id, { key }).expect(200);
    });

    for (const key of [
      'ab',
      'a'.repeat(65),
      'Acme',
      'acme.login',
      'acme/x',
      'acme login',
      'äcme',
      '',
      '..',
      '%2e%2e',
    ]) {
      it(`is refused when odd: ${JSON.stringify(key)}`, async () => {
        const { body } = await create({ key }).expect(400);
        expect(pointers(body)).to.deep.equal(['/key']);
        const made = await create().expect(201);
        await change(made.body.id, { key }).expect(400);
      });
    }

    it('cannot look like an id, an existing one or any other', async () => {
      const { body } = await create().expect(201);
      const other = await givenTenant(app);
      for (const key of [body.id, '01234567-89ab-cdef-0123-456789abcdef']) {
        const refused = await create({ key }, other).expect(400);
        expect(pointers(refused.body)).to.deep.equal(['/key']);
      }
    });

    it('is unique over the server, and never becomes another connection’s', async () => {
      const [key, next] = [unique('acme'), unique('next')];
      const { body } = await create({ key }).expect(201);
      const other = await givenTenant(app);
      const taken = await create({ key }, other).expect(409);
      expect(taken.body.code).to.equal('sso_connection.key_taken');
      await change(body.id, { key: next }).expect(200);
      await create({ key }, other).expect(409);
      await create({ key: next }, other).expect(409);
      await change(body.id, { key }).expect(200);
      await acme.call('delete', `/sso-connections/${body.id}`).expect(204);
      await create({ key }, other).expect(201);
    });

    it('goes to one of several who take it at once', async () => {
      const key = unique('raced');
      const others = await Promise.all([1, 2, 3].map(() => givenTenant(app)));
      const answers = await Promise.all(others.map((tenant) => create({ key }, tenant)));
      expect(answers.map(({ status }) => status).sort()).to.deep.equal([201, 409, 409]);
    });
  });

  describe('a provider that everybody shares', () => {
    for (const issuer of [
      'https://login.microsoftonline.com/common/v2.0',
      'https://login.microsoftonline.com/organizations/v2.0',
      'https://login.microsoftonline.com/Consumers/v2.0',
      'https://login.microsoftonline.com/9188040d-6c67-4c5b-b112-36a304b66dad/v2.0',
      'https://sts.windows.net/common/',
    ]) {
      it(`is refused: ${issuer}`, async () => {
        const { body } = await create({ issuer }).expect(400);
        expect(pointers(body)).to.deep.equal(['/issuer']);
        const own = await create({ issuer: 'https://login.microsoftonline.com/0aa7/v2.0' }).expect(201);
        await change(own.body.id, { issuer, clientSecret: 'new' }).expect(400);
      });
    }

    it('needs a claim that names the organization', async () => {
      const { body } = await create({ issuer: 'https://gitlab.com' }).expect(400);
      expect(pointers(body)).to.deep.equal(['/tenantClaim']);
      const tenantClaim = { claim: 'organization_id', value: '00D1' };
      const made = await create({ issuer: 'https://login.salesforce.com', tenantClaim }).expect(201);
      expect(made.body.tenantClaim).to.deep.equal(tenantClaim);
      await create({ issuer: 'https://accounts.google.com' }).expect(201);
    });
  });

  it('keeps how the client secret is sent', async () => {
    const made = await create({ clientAuthMethod: 'client_secret_post' }).expect(201);
    expect(made.body.clientAuthMethod).to.equal('client_secret_post');
    await change(made.body.id, { clientAuthMethod: 'tls_client_auth' }).expect(400);
    const { body } = await change(made.body.id, { clientAuthMethod: null }).expect(200);
    expect(body.clientAuthMethod).to.equal(null);
  });

  it('says in two forms which unknown people come in, of which the older one knows less', async () => {
    const { body } = await create({ jit: 'invited' }).expect(201);
    expect(body).to.include({ jit: 'invited', jitProvisioning: false, directoryId: null });
    for (const [said, jit] of [
      [{ jitProvisioning: false }, 'invited'],
      [{ jitProvisioning: true }, 'create'],
      [{ jitProvisioning: false }, 'off'],
      [{ jit: 'create', jitProvisioning: true }, 'create'],
      [{ jit: 'off' }, 'off'],
    ] as const) {
      const changed = await change(body.id, said).expect(200);
      expect(changed.body).to.include({ jit, jitProvisioning: jit === 'create' });
    }
    const refused = await change(body.id, { jit: 'off', jitProvisioning: true }).expect(400);
    expect(pointers(refused.body)).to.deep.equal(['/jit']);
    const foreign = await change(body.id, { directoryId: 'unknown' }).expect(400);
    expect(pointers(foreign.body)).to.deep.equal(['/directoryId']);
  });

  describe('another provider', () => {
    const changes = [
      { issuer: 'https://idp.other.test' },
      { clientId: 'another' },
      { tenantClaim: { claim: 'org', value: 'acme' } },
    ];
    for (const other of changes) {
      it(`needs its secret, of everybody: ${JSON.stringify(other)}`, async () => {
        const { body } = await create().expect(201);
        const refused = await change(body.id, other).expect(400);
        expect(pointers(refused.body)).to.deep.equal(['/clientSecret']);
        const { body: changed } = await change(body.id, { ...other, clientSecret: 'its own' }).expect(200);
        expect(changed).to.include({ relinkNeeded: true });
      });
    }

    it('is not another one for a slash more in its issuer', async () => {
      const { body } = await create().expect(201);
      const same = await change(body.id, { issuer: 'https://idp.acme.test/' }).expect(200);
      expect(same.body.relinkNeeded).to.equal(false);
    });

    it('ends the proof of the domains, and the record that proved them, unless an administrator named it', async () => {
      const domain = `${unique('company')}.test`;
      const { body } = await create({ domains: [domain] }).expect(201);
      const connections = app.core.store.tenant(acme.tenant._id).collection('sso_connections');
      const prove = () =>
        connections.update(body.id, (stored) => ({
          ...stored,
          domains: stored.domains.map((entry) => ({ ...entry, verified: true, verifiedAt: new Date() })),
          verifiedDomains: [domain],
        }));
      await prove();
      const byAdministrator = await change(body.id, { clientId: 'b', clientSecret: 's' }).expect(200);
      expect(byAdministrator.body.domains[0].verified).to.equal(true);
      const key = await acme.givenKey(['sso.manage']);
      const renamed = await change(body.id, { name: unique('name'), clientSecret: 'rotated' }, key).expect(
        200,
      );
      expect(renamed.body.domains[0].verified).to.equal(true);
      const changed = await change(body.id, { issuer: 'https://own.test', clientSecret: 's' }, key).expect(
        200,
      );
      expect(changed.body.domains[0]).to.include({ verified: false, verifiedAt: null });
      expect(changed.body.domains[0].record.value).to.not.equal(body.domains[0].record.value);
    });

    it('gets the old one’s people only by the word of an administrator, which is recorded', async () => {
      const { body } = await create().expect(201);
      await change(body.id, { clientId: 'another', clientSecret: 's' }).expect(200);
      const relink = (key: string) => acme.call('post', `/sso-connections/${body.id}/relink`, key);
      await relink(await acme.givenKey(['users.read'])).expect(403);
      await relink(await acme.givenKey(['sso.manage', 'users.update'])).expect(403);
      const { body: allowed } = await relink(acme.key).expect(200);
      expect(allowed.relinkNeeded).to.equal(false);
      const events = await acme.call('get', '/audit-events?action=sso.relink_allowed').expect(200);
      expect(events.body.items[0].target.id).to.equal(body.id);
      await acme.call('post', '/sso-connections/unknown/relink').expect(404);
    });
  });

  it('records creation, change and deletion with their actor', async () => {
    const { body } = await create().expect(201);
    await change(body.id, { mode: 'optional' }).expect(200);
    await acme.call('delete', `/sso-connections/${body.id}`).expect(204);
    const { body: page } = await acme.call('get', '/audit-events').expect(200);
    const told = page.items.filter((event: { target?: { id: string } }) => event.target?.id === body.id);
    expect(told.map(({ action }: { action: string }) => action).sort()).to.deep.equal([
      'sso.created',
      'sso.deleted',
      'sso.updated',
    ]);
    for (const event of told) expect(event.actor.type).to.equal('api_key');
  });
});
