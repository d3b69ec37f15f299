import { expect } from 'chai';
import supertest from 'supertest';
import { createClient } from '../../../src/identity/directories/clients.js';
import { resumeCustomer, suspendCustomer } from '../../../src/identity/operator/customers.js';
import { requestLogOf } from '../../../src/scim/log/request-log.js';
import { givenTenant, type ApiTenant } from '../../support/api.js';
import { startApp, type TestApp } from '../../support/app.js';
import { ManualClock } from '../../support/clock.js';
import { makeApplication } from '../../support/oidc.js';
import { newUser } from '../../support/scim-data.js';
import {
  askBySecret,
  askToken,
  givenClient,
  givenToken,
  scimWith,
  tokenOf,
  type GivenClient,
} from '../../support/scim-oauth.js';

interface Body {
  id: string;
  clientSecret: string;
  items: Record<string, unknown>[];
}

const bodyOf = (res: supertest.Response): Body => res.body as Body;

describe('OAuth clients of directories', () => {
  let clock: ManualClock;
  let app: TestApp;
  let acme: ApiTenant;
  before(async () => {
    clock = new ManualClock(new Date().toISOString());
    app = await startApp({ clock, config: { allowPrivateIssuers: true } });
    acme = await givenTenant(app);
  });
  after(() => app.stop());

  const at = ({ directoryId, clientId }: GivenClient, rest = ''): string =>
    `/directories/${directoryId}/clients/${clientId}${rest}`;
  const status = async (token: string): Promise<number> =>
    (await scimWith(app, token, 'get', '/Users')).status;

  describe('in the API', () => {
    it('are made, listed, read, changed and deleted; the secret is shown once', async () => {
      const client = await givenClient(acme);
      expect(client.clientSecret).to.match(/^gh_client_/);
      const list = await acme.call('get', `/directories/${client.directoryId}/clients`);
      expect(bodyOf(list).items).to.have.length(1);
      expect(list.text).not.to.contain(client.clientSecret);
      const read = await acme.call('get', at(client)).expect(200);
      expect(read.body).to.include({ clientId: client.clientId, name: 'Okta production', expiresAt: null });
      const changed = await acme
        .call('patch', at(client))
        .send({ name: 'Okta', expiresAt: '2099-01-01T00:00:00Z' });
      expect(changed.body).to.include({ name: 'Okta', expiresAt: '2099-01-01T00:00:00.000Z' });
      await acme
        .call('patch', at(client))
        .set('If-Match', read.headers['etag']!)
        .send({ name: 'x' })
        .expect(412);
      await acme.call('delete', at(client)).expect(204);
      await acme.call('get', at(client)).expect(404);
    });

    it('have two live secrets at most, however many are asked for at once', async () => {
      const client = await givenClient(acme);
      const asked = await Promise.all(
        Array.from({ length: 6 }, () => acme.call('post', at(client, '/secrets'))),
      );
      expect(asked.map((res) => res.status).sort()).to.deep.equal([201, 409, 409, 409, 409, 409]);
      expect(asked.find((res) => res.status === 409)?.body).to.include({ code: 'client.too_many_secrets' });
      const second = bodyOf(asked.find((res) => res.status === 201)!);
      expect(Object.keys(second).sort()).to.deep.equal(['clientSecret', 'id']);
      const tokens = await Promise.all(
        [client, { ...client, clientSecret: second.clientSecret }].map((one) => givenToken(app, one)),
      );
      const secrets = (await acme.call('get', at(client))).body as { secrets: { id: string }[] };
      const first = secrets.secrets.find(({ id }) => id !== second.id)!;
      await acme.call('delete', at(client, `/secrets/${first.id}`)).expect(204);
      await acme.call('delete', at(client, `/secrets/${first.id}`)).expect(404);
      expect(await Promise.all(tokens.map(status))).to.deep.equal([401, 200]);
      await askBySecret(app, client).expect(401);
    });

    it('are another tenant’s nowhere', async () => {
      const client = await givenClient(acme);
      const globex = await givenTenant(app);
      for (const method of ['get', 'patch', 'delete'] as const) {
        await globex.call(method, at(client)).send({}).expect(404);
      }
      const other = await givenClient(globex);
      await globex.call('get', at({ ...client, directoryId: other.directoryId })).expect(404);
      await globex.call('post', at(client, '/secrets')).expect(404);
    });

    it('share one space of client ids with applications', async () => {
      const client = await givenClient(acme);
      const application = await acme.call('post', '/applications').send({
        key: 'taken',
        name: 'Taken',
        clientId: client.clientId,
        redirectUris: ['http://localhost:4000/cb'],
      });
      expect(application.body).to.include({ status: 409, code: 'application.client_id_taken' });
      const { clientId } = await acme.givenApplication('crm');
      const input = { name: 'x', clientId };
      const refused = await createClient(app.core, acme.system, client.directoryId, input).catch(
        (error: unknown) => error,
      );
      expect(refused).to.include({ code: 'client.id_taken' });
    });

    it('are opened only by who holds all that the directory gives', async () => {
      const key = await acme.givenKey(['scim.manage']);
      const rule = { when: { path: 'roles.value', is: 'Admin' }, grant: ['administrator'] };
      const client = await givenClient(acme, {}, { roleRules: [rule] });
      const calls: [method: 'post' | 'patch', path: string, body: object][] = [
        ['post', `/directories/${client.directoryId}/clients`, { name: 'mine' }],
        ['post', at(client, '/secrets'), {}],
        ['patch', at(client), { jwksUri: `${app.url}/keys` }],
        [
          'patch',
          `/directories/${client.directoryId}`,
          { federation: { issuer: app.url, subject: 's', audience: 'a' } },
        ],
      ];
      for (const [method, path, body] of calls) {
        const res = await acme.call(method, path, key).send(body);
        expect(res.body, path).to.include({ status: 403, code: 'role.not_grantable' });
      }
      await acme
        .call('patch', `/directories/${client.directoryId}`, key)
        .send({ federation: null })
        .expect(200);
      await acme.call('delete', at(client), key).expect(204);
    });

    it('have a life of tokens within its limits', async () => {
      const { directoryId } = await givenClient(acme);
      const path = `/directories/${directoryId}`;
      for (const tokenSeconds of [899, 21_601, 1000.5]) {
        const res = await acme.call('patch', path).send({ tokenSeconds });
        expect(res.status, String(tokenSeconds)).to.equal(400);
        expect(res.body).to.nested.include({ 'errors[0].pointer': '/tokenSeconds' });
      }
      expect((await acme.call('get', path)).body).to.include({ tokenSeconds: 3600, federation: null });
    });
  });

  describe('get tokens by secret', () => {
    it('in the body and in the Basic header, which open SCIM like a static token', async () => {
      const client = await givenClient(acme);
      const post = await askBySecret(app, client).expect(200);
      expect(tokenOf(post)).to.include({ token_type: 'Bearer', expires_in: 3600, scope: 'scim' });
      expect(post.headers).to.include({ 'cache-control': 'no-store' });
      const basic = await askToken(app, {}).auth(client.clientId, client.clientSecret).expect(200);
      for (const token of [tokenOf(post).access_token, tokenOf(basic).access_token]) {
        await scimWith(app, token, 'post', '/Users', newUser()).expect(201);
      }
      expect(tokenOf(post).access_token).not.to.equal(tokenOf(basic).access_token);
    });

    it('with a secret of odd characters, however the header is written', async () => {
      const { directoryId } = await givenClient(acme);
      const clientSecret = 'a+b%20c/d=:e&f';
      const { client } = await createClient(app.core, acme.system, directoryId, {
        name: 'odd',
        clientSecret,
      });
      const writings = [(text: string) => text, encodeURIComponent];
      for (const write of writings) {
        const header = Buffer.from(`${write(client._id)}:${write(clientSecret)}`).toString('base64');
        await askToken(app, {}).set('Authorization', `Basic ${header}`).expect(200);
      }
      await askBySecret(app, { clientId: client._id, clientSecret }).expect(200);
    });

    it('for as long as the directory says, and no longer than the client', async () => {
      const client = await givenClient(acme, {}, { tokenSeconds: 900 });
      const token = await givenToken(app, client);
      clock.advance(899_000);
      expect(await status(token)).to.equal(200);
      clock.advance(2000);
      expect(await status(token)).to.equal(401);
      const expiresAt = new Date(clock.now().getTime() + 60_000).toISOString();
      const short = await givenClient(acme, { expiresAt });
      expect(tokenOf(await askBySecret(app, short)).expires_in).to.equal(60);
    });

    const ends: [what: string, end: (client: GivenClient) => Promise<unknown>][] = [
      ['its client', (client) => acme.call('delete', at(client)).expect(204)],
      [
        'the end of its client',
        (client) => acme.call('patch', at(client)).send({ expiresAt: clock.now().toISOString() }).expect(200),
      ],
      ['its directory', (client) => acme.call('delete', `/directories/${client.directoryId}`).expect(204)],
      [
        'the disabling of its directory',
        (client) =>
          acme.call('patch', `/directories/${client.directoryId}`).send({ enabled: false }).expect(200),
      ],
    ];
    for (const [what, end] of ends) {
      it(`which die with ${what}, and no others are given`, async () => {
        const client = await givenClient(acme);
        const token = await givenToken(app, client);
        expect(await status(token)).to.equal(200);
        await end(client);
        const res = await scimWith(app, token, 'get', '/Users').expect(401);
        expect(res.headers['www-authenticate']).to.include('error="invalid_token"');
        expect(tokenOf(await askBySecret(app, client).expect(401)).error).to.equal('invalid_client');
      });
    }

    it('which end with the suspension of the tenant, and stay so when it is open again', async () => {
      const own = await givenTenant(app);
      const client = await givenClient(own);
      const token = await givenToken(app, client);
      await suspendCustomer(app.core, own.system, own.tenant._id);
      expect(await status(token)).to.equal(403);
      await askBySecret(app, client).expect(401);
      clock.advance(1000);
      await resumeCustomer(app.core, own.system, own.tenant._id);
      expect(await status(token)).to.equal(401);
      clock.advance(1000);
      expect(await status(await givenToken(app, client))).to.equal(200);
    });

    it('which cannot be changed', async () => {
      const token = await givenToken(app, await givenClient(acme));
      expect(await status(`${token}x`)).to.equal(401);
      const [text = '', mac = ''] = token.slice('gh_at_'.length).split('.');
      const claims = JSON.parse(Buffer.from(text, 'base64url').toString()) as object;
      const forged = Buffer.from(JSON.stringify({ ...claims, e: 9e9 })).toString('base64url');
      expect(await status(`gh_at_${forged}.${mac}`)).to.equal(401);
    });
  });

  describe('scopes', () => {
    it('are scim unless others are asked for; unknown ones are refused', async () => {
      const client = await givenClient(acme);
      for (const [asked, granted] of [
        ['scim', 'scim'],
        ['scim.read', 'scim.read'],
        ['scim.read scim', 'scim scim.read'],
      ] as const) {
        expect(tokenOf(await askBySecret(app, client, { scope: asked })).scope).to.equal(granted);
      }
      for (const scope of ['openid', 'scim users', 'SCIM']) {
        expect(tokenOf(await askBySecret(app, client, { scope }).expect(400)).error).to.equal(
          'invalid_scope',
        );
      }
    });

    it('let scim.read read and search, and write nothing', async () => {
      const client = await givenClient(acme);
      const token = await givenToken(app, client, { scope: 'scim.read' });
      const search = { schemas: ['urn:ietf:params:scim:api:messages:2.0:SearchRequest'] };
      await scimWith(app, token, 'get', '/Users').expect(200);
      await scimWith(app, token, 'head', '/Users').expect(200);
      for (const path of ['/.search', '/Users/.search', '/Groups/.search']) {
        await scimWith(app, token, 'post', path, search).expect(200);
      }
      const writes: ['post' | 'put' | 'patch' | 'delete', string][] = [
        ['post', '/Users'],
        ['put', '/Users/x'],
        ['patch', '/Groups/x'],
        ['delete', '/Users/x'],
        ['post', '/Bulk'],
      ];
      for (const [method, path] of writes) {
        const res = await scimWith(app, token, method, path, newUser()).expect(403);
        expect(res.headers['www-authenticate'])
          .to.include('error="insufficient_scope"')
          .and.include('scope="scim"');
        expect(res.body).to.include({ status: '403' });
      }
    });
  });

  describe('refusals', () => {
    it('are those of RFC 6749', async () => {
      const client = await givenClient(acme);
      const { clientId: client_id, clientSecret: client_secret } = client;
      const cases: [parameters: Record<string, string>, status: number, error: string][] = [
        [{ client_id, client_secret: 'wrong' }, 401, 'invalid_client'],
        [{ client_id }, 401, 'invalid_client'],
        [{ client_id, client_secret, grant_type: '' }, 400, 'invalid_request'],
        [{ client_id, client_secret, grant_type: 'authorization_code' }, 400, 'unauthorized_client'],
        [{ client_id: 'nobody', client_secret }, 401, 'invalid_client'],
      ];
      for (const [parameters, expected, error] of cases) {
        const res = await askToken(app, parameters);
        expect(res.status, JSON.stringify(parameters)).to.equal(expected);
        expect(tokenOf(res)).to.include({ error });
      }
      const twice = await askBySecret(app, client).auth(client_id, client_secret);
      expect(tokenOf(twice).error).to.equal('invalid_request');
      const repeated = `client_id=${client_id}&client_secret=${client_secret}&grant_type=client_credentials`;
      const doubled = supertest(app.url).post('/oidc/token').type('form');
      expect(tokenOf(await doubled.send(`${repeated}&grant_type=client_credentials`)).error).to.equal(
        'invalid_request',
      );
      const json = supertest(app.url).post('/oidc/token').auth(client_id, client_secret);
      expect(tokenOf(await json.send({ grant_type: 'client_credentials' })).error).to.equal(
        'invalid_request',
      );
      const wrong = await askToken(app, {}).auth(client_id, 'wrong').expect(401);
      expect(wrong.headers['www-authenticate']).to.match(/^Basic realm=/);
    });

    it('are those of the OpenID provider for applications, as before', async () => {
      const application = await makeApplication(app.core, acme.tenant);
      const res = await askToken(app, {}).auth(application.clientId, application.secret);
      expect(res.status).to.equal(400);
      expect(tokenOf(res).error).to.equal('unauthorized_client');
      const refresh = { grant_type: 'refresh_token', refresh_token: 'x' };
      const basic = await askToken(app, refresh).auth(application.clientId, application.secret);
      const posted = await askBySecret(
        app,
        { clientId: application.clientId, clientSecret: application.secret },
        refresh,
      );
      for (const answer of [basic, posted]) expect(tokenOf(answer).error).to.equal('invalid_grant');
    });

    it('of wrong secrets count as failed credentials', async () => {
      const limited = await startApp({
        config: { limits: { ...app.core.config.limits, failedCredentialsPerMinute: 3 } },
      });
      try {
        const client = await givenClient(await givenTenant(limited));
        const wrong = { ...client, clientSecret: 'wrong' };
        for (let i = 0; i < 3; i += 1) await askBySecret(limited, wrong).expect(401);
        const res = await askBySecret(limited, wrong).expect(429);
        expect(res.headers).to.include.keys('retry-after');
        await scimWith(limited, 'gh_scim_made_up_token', 'get', '/Users').expect(429);
        await askBySecret(limited, client).expect(200);
      } finally {
        await limited.stop();
      }
    });
  });

  it('are named by the request log, the audit trail and the rate limit', async () => {
    const own = await givenTenant(app, { settings: { 'scim.requestsPerSecond': 1 } });
    const client = await givenClient(own);
    const token = await givenToken(app, client);
    const made = await scimWith(app, token, 'post', '/Users', newUser()).expect(201);
    const over = await scimWith(app, token, 'get', '/Users').expect(429);
    expect((over.body as { detail: string }).detail).to.include('Okta production');
    await requestLogOf(app.core).flush();
    const log = await own.call('get', `/directories/${client.directoryId}/requests`);
    expect(bodyOf(log).items[0]?.['credential']).to.deep.equal({
      type: 'client',
      id: client.clientId,
      name: 'Okta production',
    });
    const { id } = made.body as { id: string };
    const events = await own.call('get', `/audit-events?target=${id}`);
    expect(JSON.stringify(events.body)).to.include('(Okta production)');
    clock.advance(5000);
  });
});
