import { expect } from 'chai';
import type { JWTPayload } from 'jose';
import { givenTenant, type ApiTenant } from '../../support/api.js';
import { startApp, type TestApp } from '../../support/app.js';
import { ManualClock } from '../../support/clock.js';
import { unique } from '../../support/people.js';
import {
  askByAssertion,
  givenClient,
  givenSigner,
  scimWith,
  startKeyServer,
  tokenOf,
  type GivenClient,
  type Signer,
} from '../../support/scim-oauth.js';

describe('tokens of directories by assertion (RFC 7523)', () => {
  let clock: ManualClock;
  let app: TestApp;
  let acme: ApiTenant;
  before(async () => {
    clock = new ManualClock(new Date().toISOString());
    app = await startApp({ clock, config: { allowPrivateIssuers: true } });
    acme = await givenTenant(app);
  });
  after(() => app.stop());

  const seconds = (): number => Math.floor(clock.now().getTime() / 1000);
  const claimsOf = ({ clientId }: GivenClient, over: JWTPayload = {}): JWTPayload => ({
    iss: clientId,
    sub: clientId,
    aud: `${app.url}/oidc/token`,
    jti: unique('jti'),
    iat: seconds(),
    exp: seconds() + 300,
    ...over,
  });
  const withKeys = async (signer: Signer): Promise<GivenClient> =>
    givenClient(acme, { jwks: { keys: [signer.jwk] } });
  const clientAt = (client: GivenClient): string =>
    `/directories/${client.directoryId}/clients/${client.clientId}`;
  const reads = async (token: string): Promise<number> =>
    (await scimWith(app, token, 'get', '/Users')).status;

  describe('of a client’s own key', () => {
    for (const alg of ['RS256', 'PS256', 'ES256', 'EdDSA'] as const) {
      it(`are given for ${alg}, for the issuer and for the token endpoint`, async () => {
        const signer = await givenSigner(alg);
        const client = await withKeys(signer);
        expect(client.clientSecret).to.equal(null);
        for (const aud of [`${app.url}/oidc`, `${app.url}/oidc/token`]) {
          const res = await askByAssertion(app, await signer.sign(claimsOf(client, { aud })));
          expect(res.status, res.text).to.equal(200);
          expect(await reads(tokenOf(res).access_token)).to.equal(200);
        }
      });
    }

    it('are given once for each assertion, however many ask at once', async () => {
      const signer = await givenSigner();
      const client = await withKeys(signer);
      const assertion = await signer.sign(claimsOf(client));
      const answers = await Promise.all(Array.from({ length: 8 }, () => askByAssertion(app, assertion)));
      expect(answers.filter(({ status }) => status === 200)).to.have.length(1);
      expect(answers.filter(({ status }) => status === 401)).to.have.length(7);
    });

    it('are refused for what does not hold', async () => {
      const signer = await givenSigner();
      const foreign = await givenSigner();
      const client = await withKeys(signer);
      const other = await withKeys(foreign);
      const refused: [what: string, claims: JWTPayload, by?: Signer][] = [
        ['another audience', { aud: 'https://elsewhere.test' }],
        ['no audience', { aud: undefined as never }],
        ['another issuer', { iss: other.clientId }],
        ['another subject', { sub: other.clientId }],
        ['no jti', { jti: undefined as never }],
        ['no end', { exp: undefined as never }],
        ['past its end', { iat: seconds() - 120, exp: seconds() - 1 }],
        ['longer than ten minutes', { exp: seconds() + 601 }],
        ['made long ago', { iat: seconds() - 700, exp: seconds() + 60 }],
        ['not yet good', { nbf: seconds() + 120 }],
        ['a foreign key', {}, foreign],
      ];
      for (const [what, claims, by = signer] of refused) {
        const res = await askByAssertion(app, await by.sign(claimsOf(client, claims)));
        expect(res.status, what).to.equal(401);
        expect(tokenOf(res).error, what).to.equal('invalid_client');
      }
      const strange = await givenSigner('ES384');
      await askByAssertion(app, await strange.sign(claimsOf(client))).expect(401);
      await askByAssertion(app, 'no.jwt.at-all').expect(401);
      const good = await signer.sign(claimsOf(client));
      await askByAssertion(app, good, { client_id: other.clientId }).expect(401);
      const type = await askByAssertion(app, good, {
        client_assertion_type: 'x',
        client_id: client.clientId,
      });
      expect(tokenOf(type)).to.include({ error: 'invalid_request' });
      await askByAssertion(app, good, { client_id: client.clientId }).expect(200);
    });

    it('die with the key they were given for', async () => {
      const [first, second] = [await givenSigner(), await givenSigner()];
      const client = await givenClient(acme, { jwks: { keys: [first.jwk, second.jwk] } });
      const tokens = await Promise.all(
        [first, second].map(
          async (signer) =>
            tokenOf(await askByAssertion(app, await signer.sign(claimsOf(client)))).access_token,
        ),
      );
      await acme
        .call('patch', clientAt(client))
        .send({ jwks: { keys: [second.jwk] } })
        .expect(200);
      expect(await Promise.all(tokens.map(reads))).to.deep.equal([401, 200]);
      await askByAssertion(app, await first.sign(claimsOf(client))).expect(401);
    });

    it('take public keys alone, as a set or by address, never both', async () => {
      const { jwk, privateJwk } = await givenSigner();
      const { directoryId } = await givenClient(acme);
      const bad: [body: object, pointer: string][] = [
        [{ jwks: { keys: [privateJwk] } }, '/jwks/keys/0'],
        [{ jwks: { keys: [jwk, { kty: 'oct', k: 'c2VjcmV0' }] } }, '/jwks/keys/1'],
        [{ jwks: { keys: [] } }, '/jwks/keys'],
        [{ jwks: { keys: [(await givenSigner('ES384')).jwk] } }, '/jwks/keys/0'],
        [{ jwks: { keys: [jwk] }, jwksUri: 'https://idp.test/keys' }, '/jwksUri'],
        [{ jwksUri: 'ftp://idp.test/keys' }, '/jwksUri'],
        [{ jwksUri: 'http://169.254.169.254/keys' }, '/jwksUri'],
      ];
      for (const [body, pointer] of bad) {
        const res = await acme.call('post', `/directories/${directoryId}/clients`).send(body);
        expect(res.status, JSON.stringify(body)).to.equal(400);
        expect(res.body).to.nested.include({ 'errors[0].pointer': pointer });
        expect(res.text).not.to.include(String(privateJwk.d));
      }
      const client = await givenClient(acme, { jwks: { keys: [jwk] } });
      const both = await acme.call('patch', clientAt(client)).send({ jwksUri: 'https://idp.test/keys' });
      expect(both.status).to.equal(400);
      await acme
        .call('patch', clientAt(client))
        .send({ jwks: null, jwksUri: 'https://idp.test/keys' })
        .expect(200);
    });
  });

  describe('of keys at an address', () => {
    let server: Awaited<ReturnType<typeof startKeyServer>>;
    beforeEach(async () => {
      server = await startKeyServer();
      clock.advance(10 * 60_000);
    });
    afterEach(() => server.stop());

    const ask = async (client: GivenClient, signer: Signer): Promise<number> =>
      (await askByAssertion(app, await signer.sign(claimsOf(client)))).status;

    it('know a new key three seconds after its first use, and a withdrawn one for five minutes at most', async () => {
      const [first, second] = [await givenSigner(), await givenSigner()];
      server.keys = [first.jwk];
      const client = await givenClient(acme, { jwksUri: `${server.url}/keys` });
      expect(await ask(client, first)).to.equal(200);
      server.keys = [second.jwk];
      await ask(client, second);
      clock.advance(3000);
      expect(await ask(client, second)).to.equal(200);
      server.keys = [];
      clock.advance(5 * 60_000);
      expect(await ask(client, second)).to.equal(401);
    });

    it('know a key that took the place of one of the same name', async () => {
      const [first, second] = [await givenSigner('ES256', 'k'), await givenSigner('ES256', 'k')];
      server.keys = [first.jwk];
      const client = await givenClient(acme, { jwksUri: `${server.url}/keys` });
      expect(await ask(client, first)).to.equal(200);
      server.keys = [second.jwk];
      clock.advance(3000);
      expect(await ask(client, second)).to.equal(200);
      expect(await ask(client, first)).to.equal(401);
    });

    it('are asked for at most every two seconds, whatever strangers send', async () => {
      const [known, stranger] = [await givenSigner(), await givenSigner()];
      server.keys = [known.jwk];
      const client = await givenClient(acme, { jwksUri: `${server.url}/keys` });
      await Promise.all(Array.from({ length: 10 }, () => ask(client, stranger)));
      expect(server.hits).to.equal(1);
    });

    it('are refused while the address is down, once what was read is old', async () => {
      const signer = await givenSigner();
      server.keys = [signer.jwk];
      const client = await givenClient(acme, { jwksUri: `${server.url}/keys` });
      expect(await ask(client, signer)).to.equal(200);
      server.isDown = true;
      expect(await ask(client, signer)).to.equal(200);
      clock.advance(5 * 60_000);
      expect(await ask(client, signer)).to.equal(401);
      server.isDown = false;
      clock.advance(3000);
      expect(await ask(client, signer)).to.equal(200);
    });
  });

  describe('of a federated issuer', () => {
    let server: Awaited<ReturnType<typeof startKeyServer>>;
    let signer: Signer;
    let client: GivenClient;
    const [subject, audience] = ['service-principal', 'api://gatehouse'];
    beforeEach(async () => {
      server = await startKeyServer();
      signer = await givenSigner('RS256');
      server.keys = [signer.jwk];
      client = await givenClient(acme, {}, { federation: { issuer: server.url, subject, audience } });
    });
    afterEach(() => server.stop());

    const workload = (over: JWTPayload = {}): Promise<string> =>
      signer.sign({ iss: server.url, sub: subject, aud: audience, exp: seconds() + 3600, ...over });

    it('are given without a client id, and as often as the issuer’s token is shown', async () => {
      const assertion = await workload();
      const named: Record<string, string> = { client_id: client.clientId };
      for (const parameters of [{}, named, {}]) {
        const res = await askByAssertion(app, assertion, parameters);
        expect(res.status, res.text).to.equal(200);
        expect(await reads(tokenOf(res).access_token)).to.equal(200);
      }
    });

    it('are refused for another issuer, subject, audience or key, and for a client of another directory', async () => {
      const foreign = await givenSigner('RS256');
      const claims = { iss: server.url, sub: subject, aud: audience, exp: seconds() + 3600 };
      const refused = [
        await workload({ iss: 'https://elsewhere.test' }),
        await workload({ sub: 'somebody-else' }),
        await workload({ aud: 'api://other' }),
        await workload({ exp: seconds() - 1 }),
        await foreign.sign(claims),
      ];
      for (const assertion of refused) {
        expect(tokenOf(await askByAssertion(app, assertion).expect(401)).error).to.equal('invalid_client');
      }
      const other = await givenClient(acme);
      await askByAssertion(app, await workload(), { client_id: other.clientId }).expect(401);
    });

    it('die when the federation ends, and stay dead when it is there again', async () => {
      const token = tokenOf(await askByAssertion(app, await workload())).access_token;
      const path = `/directories/${client.directoryId}`;
      const { federation } = (await acme.call('get', path)).body as { federation: object };
      expect(federation).to.deep.equal({ issuer: server.url, subject, audience });
      await acme.call('patch', path).send({ federation: null }).expect(200);
      expect(await reads(token)).to.equal(401);
      await askByAssertion(app, await workload()).expect(401);
      await acme.call('patch', path).send({ federation }).expect(200);
      expect(await reads(token)).to.equal(401);
      await askByAssertion(app, await workload()).expect(200);
    });

    it('are of one organization alone', async () => {
      const globex = await givenTenant(app);
      const federation = { issuer: server.url, subject, audience };
      const res = await globex.call('post', '/directories').send({ name: 'Squatter', federation });
      expect(res.body).to.include({ status: 409, code: 'directory.federation_taken' });
    });

    it('name a client where several directories of an organization have the federation', async () => {
      const federation = { issuer: server.url, subject, audience };
      const second = await givenClient(acme, {}, { federation });
      await askByAssertion(app, await workload()).expect(401);
      await askByAssertion(app, await workload(), { client_id: second.clientId }).expect(200);
    });

    it('have a preset for workload identity of Entra ID', async () => {
      const entraTenantId = '6babcaad-604b-40ac-a9d7-9fd97c0b779f';
      const path = `/directories/${client.directoryId}`;
      const res = await acme.call('patch', path).send({ federation: { entraTenantId, subject } });
      expect((res.body as { federation: object }).federation).to.deep.equal({
        issuer: `https://login.microsoftonline.com/${entraTenantId}/v2.0`,
        subject,
        audience: 'api://AzureADTokenExchange',
      });
      const bad = await acme.call('patch', path).send({ federation: { subject, audience } });
      expect(bad.body).to.nested.include({ status: 400, 'errors[0].pointer': '/federation' });
      const closed = { issuer: 'http://169.254.169.254', subject, audience };
      expect((await acme.call('patch', path).send({ federation: closed })).body).to.nested.include({
        status: 400,
        'errors[0].pointer': '/federation/issuer',
      });
    });
  });
});
