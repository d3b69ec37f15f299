import { expect } from 'chai';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { exitCodes } from '../../../src/cli/command.js';
import { runCli } from '../../../src/cli/main.js';
import { simulateGoogle, type SimulatedGoogle } from '../../../src/cli/sim-google.js';
import { systemClock } from '../../../src/shared/clock.js';
import { companyApp } from '../../../src/sim/company-app.js';
import { companyProvider } from '../../../src/sim/company-provider.js';
import { makeCompany } from '../../../src/sim/company.js';
import { openDirectory } from '../../../src/sim/directory.js';
import { listen, type Listener } from '../../../src/sim/listener.js';
import { silentNarrator } from '../../../src/sim/narrator.js';
import { givenTenant, type ApiTenant } from '../../support/api.js';
import { startApp, type TestApp } from '../../support/app.js';

describe('gatehouse sim as a Google Workspace that is pulled', () => {
  let app: TestApp;
  let company: Listener;
  let google: SimulatedGoogle;
  let acme: ApiTenant;
  let directoryId: string;
  let folder: string;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'gatehouse-sim-google-'));
    app = await startApp({ config: { allowPrivateIssuers: true } });
    acme = await givenTenant(app);
    company = await listen(0);
    const about = {
      name: 'Acme',
      slug: 'sim',
      domain: 'google.test',
      profile: 'google',
      brand: '#0b3d91',
    } as const;
    const people = makeCompany(about);
    google = await simulateGoogle(people, company.url, {}, { DATA_DIR: folder });
    const client = {
      clientId: 'gatehouse',
      clientSecret: 'a secret of the tests',
      redirectUri: `${app.url}/cb`,
    };
    const provider = await companyProvider(people, company.url, client, systemClock);
    const target = { scimUrl: `${app.url}/scim/v2`, token: '' };
    const directory = openDirectory(people, target, systemClock, silentNarrator);
    company.serve(companyApp(people, provider, directory, { google: google.router }));
    const { apiUrl, administrator, keyFile } = google.facts;
    const serviceAccount = await readFile(keyFile, 'utf8');
    const made = await acme
      .call('post', '/directories')
      .send({ name: 'Google', kind: 'google', google: { apiUrl, administrator, serviceAccount } });
    expect(made.status, made.text).to.equal(201);
    directoryId = (made.body as { id: string }).id;
  });
  after(async () => {
    await app.stop();
    await company.stop();
    await rm(folder, { recursive: true, force: true });
  });

  async function run(...args: string[]): Promise<{ code: number; out: string; err: string }> {
    const [out, err]: string[][] = [[], []];
    const code = await runCli(['sim', 'run', '--profile', 'google', '--server', app.url, ...args], {
      env: { NODE_ENV: 'test', DATA_DIR: folder },
      out: (text) => out!.push(text),
      err: (text) => err!.push(text),
      readInput: () => Promise.resolve(''),
    });
    return { code, out: out!.join('\n'), err: err!.join('\n') };
  }
  const pulled = (key = acme.key) => ['--directory', directoryId, '--api-key', key, '--company', company.url];

  it('plays joiner, mover, leaver and returner, and every answer is the expected one', async () => {
    const { code, out, err } = await run(...pulled(), '--assert');
    expect(err).to.equal('');
    expect(code, out).to.equal(exitCodes.ok);
    for (const chapter of ['Joiner', 'Mover', 'Leaver', 'Returner', 'Afterwards'])
      expect(out).to.contain(chapter);
    expect(out).to.match(
      /GET \/api\/v1\/users 200 \d+ ms {2}grace@google\.test {2}\| expected disabled, in Sales Managers/,
    );
    expect(out).to.contain('Every answer was the expected one');
    const { body } = await acme.call('get', `/directories/${directoryId}/requests?limit=50`);
    const sent = (body as { items: { method: string; path: string; credential: object }[] }).items;
    expect(sent.map(({ method }) => method)).to.include.members(['POST', 'PATCH', 'DELETE']);
    expect(sent[0]?.credential).to.deep.include({ type: 'pull' });
  });

  it('ends with 1 at the first answer that is not as expected', async () => {
    const powerless = await acme.givenKey(['users.read']);
    const { code, err } = await run(...pulled(powerless), '--assert');
    expect([code, err]).to.deep.equal([exitCodes.failed, err]);
    expect(err).to.contain('answered 403');
  });

  it('says what is missing', async () => {
    const { code, err } = await run('--directory', directoryId);
    expect([code, err.includes('give --api-key and --company too')]).to.deep.equal([exitCodes.usage, true]);
  });

  it('writes the key of its service account for its owner alone', async () => {
    expect((await stat(google.facts.keyFile)).mode & 0o077).to.equal(0);
  });
});
