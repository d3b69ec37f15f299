import { expect } from 'chai';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { exitCodes } from '../../../src/cli/command.js';
import { runCli } from '../../../src/cli/main.js';
import { givenTenant, type ApiTenant } from '../../support/api.js';
import { startApp, type TestApp } from '../../support/app.js';
import { unique } from '../../support/people.js';
import { givenClient, givenSigner, startKeyServer, type Signer } from '../../support/scim-oauth.js';

describe('gatehouse sim run --oauth', () => {
  let folder: string;
  let app: TestApp;
  let acme: ApiTenant;
  let issuer: Awaited<ReturnType<typeof startKeyServer>>;
  let signer: Signer;
  /** The arguments of each way to get a token. */
  let ways: Record<string, string[]>;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'gatehouse-sim-'));
    app = await startApp({ config: { allowPrivateIssuers: true } });
    acme = await givenTenant(app);
    issuer = await startKeyServer();
    const made = await givenSigner();
    signer = made;
    issuer.keys = [made.jwk];
    await writeFile(join(folder, 'key.json'), JSON.stringify(made.privateJwk));
    const [subject, audience] = ['workload', 'api://gatehouse'];
    const federation = { issuer: issuer.url, subject, audience };
    const bySecret = await givenClient(acme, {}, { federation });
    const byKey = await givenClient(acme, { jwks: { keys: [made.jwk] } });
    const exp = Math.floor(Date.now() / 1000) + 3600;
    const assertion = await signer.sign({ iss: issuer.url, sub: subject, aud: audience, exp });
    await writeFile(join(folder, 'assertion.jwt'), `${assertion}\n`);
    const secret = ['--client-id', bySecret.clientId, '--client-secret', bySecret.clientSecret];
    ways = {
      basic: secret,
      post: secret,
      assertion: ['--client-id', byKey.clientId, '--key', join(folder, 'key.json')],
      federation: ['--assertion', join(folder, 'assertion.jwt')],
    };
  });
  after(async () => {
    await issuer.stop();
    await app.stop();
    await rm(folder, { recursive: true, force: true });
  });

  async function run(args: readonly string[]): Promise<{ code: number; err: string }> {
    const err: string[] = [];
    const code = await runCli(['sim', 'run', '--server', app.url, ...args], {
      env: { NODE_ENV: 'test', DATA_DIR: folder },
      out: () => undefined,
      err: (text) => err.push(text),
      readInput: () => Promise.resolve(''),
    });
    return { code, err: err.join('\n') };
  }

  for (const profile of ['okta', 'entra']) {
    for (const way of ['basic', 'post', 'assertion', 'federation']) {
      it(`plays ${profile} with an access token got by ${way}`, async () => {
        const named = ['--profile', profile, '--domain', `${unique('company')}.test`];
        const { code, err } = await run([...named, '--oauth', way, ...(ways[way] ?? []), '--assert']);
        expect([code, err]).to.deep.equal([exitCodes.ok, '']);
      });
    }
  }

  it('ends with 1 and the server’s words when it gets no token', async () => {
    const id = ways['basic']?.[1] ?? '';
    const refused = await run(['--oauth', 'post', '--client-id', id, '--client-secret', 'wrong']);
    expect(refused.code).to.equal(exitCodes.failed);
    expect(refused.err).to.include('invalid_client');
  });

  it('says what is missing or too much', async () => {
    const missing = await run(['--oauth', 'assertion']);
    expect(missing.code).to.equal(exitCodes.usage);
    expect(missing.err).to.include('--oauth assertion needs --client-id');
    expect((await run(['--oauth', 'telepathy'])).err).to.include('basic, post, assertion, federation');
    expect((await run(['--oauth', 'basic', '--token', 'x'])).err).to.include('not both');
  });
});
