import { expect } from 'chai';
import { bannerLines, startFacts } from '../../../src/cli/banner.js';
import { firstRunToken } from '../../../src/identity/bootstrap/first-run.js';
import { startApp, type TestApp } from '../../support/app.js';
import { givenTenant, givenUser } from '../../support/people.js';

describe('what a start tells', () => {
  let app: TestApp;
  before(async () => {
    app = await startApp({ config: { secretKey: 'a secret key that nobody may read anywhere' } });
  });
  after(() => app.stop());

  const facts = (env = {}) => startFacts(app, env);

  it('names where the settings come from, and no value of theirs', async () => {
    const env = { PORT: '0', SECRET_KEY_FILE: '/run/secrets/key', HOST: '', PATH: '/bin' };
    expect((await facts(env)).config).to.deep.equal(['config/default.json', 'PORT', 'SECRET_KEY_FILE']);
    const text = bannerLines(await facts(env)).join('\n');
    expect(text).to.include('secrets: from SECRET_KEY').and.not.include('nobody may read');
    for (const path of [
      '/scim/v2',
      '/oidc/.well-known/openid-configuration',
      '/readyz',
      '/signin',
      '/docs/api',
    ])
      expect(text).to.include(path);
    expect(text).to.include(app.core.store.description).and.include('outbox');
  });

  it('says how to make the first administrator, as long as there is none', async () => {
    const fresh = await facts();
    expect(fresh.missing?.help).to.include('admin create --tenant acme');
    expect(fresh.missing?.open).to.equal(`${app.url}/first-run/${await firstRunToken(app.core)}`);
    expect(bannerLines(fresh).map((line) => line.trim())).to.include(fresh.missing?.open);
    const { _id, slug } = await givenTenant(app.core);
    await givenUser(app.core, _id);
    expect((await facts()).missing).to.deep.equal({
      what: 'No administrator yet',
      help: `npm run gatehouse -- admin create --tenant ${slug} --email you@example.com`,
    });
    expect(bannerLines(await facts()).at(-1)).to.match(/! No administrator yet\. Run: {2}npm run gatehouse/);
    await givenUser(app.core, _id, { roles: ['administrator'] });
    expect((await facts()).missing).to.equal(undefined);
  });
});

describe('the address of the first run that a start tells', () => {
  let app: TestApp;
  before(async () => {
    app = await startApp();
  });
  after(() => app.stop());

  const places: [listens: string, baseUrl: string, tells: string | undefined][] = [
    ['http://127.0.0.1:3000', 'http://localhost:3000', 'http://localhost:3000'],
    ['http://[::1]:3000', 'http://localhost:3000', 'http://localhost:3000'],
    ['http://127.0.0.1:3000', 'https://id.example.com', 'http://127.0.0.1:3000'],
    ['http://127.0.0.1:3000', 'https://localhost:3000', 'http://127.0.0.1:3000'],
    ['http://0.0.0.0:3000', 'https://id.example.com', 'http://localhost:3000'],
    ['http://[::]:3000', 'http://localhost:3000', 'http://localhost:3000'],
    ['http://0.0.0.0:3000', 'http://localhost:8080', 'http://localhost:3000'],
    ['http://192.0.2.7:3000', 'http://192.0.2.7:3000', undefined],
  ];
  for (const [url, baseUrl, tells] of places) {
    it(`is ${tells ?? 'none'} where it listens at ${url} and BASE_URL is ${baseUrl}`, async () => {
      const core = { ...app.core, config: { ...app.core.config, baseUrl } };
      const { missing } = await startFacts({ url, core }, {});
      const token = await firstRunToken(core);
      expect(missing?.open).to.equal(tells === undefined ? undefined : `${tells}/first-run/${token}`);
      expect(missing?.help).to.include('admin create');
    });
  }
});
