import { expect } from 'chai';
import { bannerLines, startFacts } from '../../../src/cli/banner.js';
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
    expect((await facts()).missing?.help).to.include('admin create --tenant acme');
    const { _id, slug } = await givenTenant(app.core);
    await givenUser(app.core, _id);
    expect((await facts()).missing).to.deep.equal({
      what: 'No administrator yet',
      help: `npx gatehouse admin create --tenant ${slug} --email you@example.com`,
    });
    expect(bannerLines(await facts()).at(-1)).to.match(/! No administrator yet\. Run: {2}npx gatehouse/);
    await givenUser(app.core, _id, { roles: ['administrator'] });
    expect((await facts()).missing).to.equal(undefined);
  });
});
