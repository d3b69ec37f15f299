import { expect } from 'chai';
import { CookieJar } from 'tough-cookie';
import { openBrowser, type Browser } from '../../../src/sim/browser.js';
import { companyApp } from '../../../src/sim/company-app.js';
import { companyProvider } from '../../../src/sim/company-provider.js';
import { makeCompany, putEmployee, type Company } from '../../../src/sim/company.js';
import { openDirectory } from '../../../src/sim/directory.js';
import { alertOf } from '../../../src/sim/html-forms.js';
import { listen, type Listener } from '../../../src/sim/listener.js';
import { silentNarrator } from '../../../src/sim/narrator.js';
import { departments, makePerson } from '../../../src/sim/person.js';
import { sampleApp } from '../../../src/sim/sample-app.js';
import { systemClock } from '../../../src/shared/clock.js';

const ada = makePerson('Ada Lovelace', 'acme.test', departments.support);

describe('a simulated company signs its people in at an application', () => {
  let company: Company;
  let companyPort: Listener;
  let appPort: Listener;
  let browser: Browser;

  before(async () => {
    [companyPort, appPort] = await Promise.all([listen(0), listen(0)]);
    company = makeCompany({
      name: 'Acme',
      slug: 'acme',
      domain: 'acme.test',
      profile: 'okta',
      brand: '#00297a',
    });
    const client = {
      clientId: 'app',
      clientSecret: 'a-secret-of-the-test-only',
      redirectUri: `${appPort.url}/cb`,
    };
    const provider = await companyProvider(company, companyPort.url, client, systemClock);
    const target = { scimUrl: 'http://localhost:9/scim/v2', token: 'none' };
    companyPort.serve(
      companyApp(company, provider, openDirectory(company, target, systemClock, silentNarrator)),
    );
    appPort.serve(
      sampleApp(
        { issuer: companyPort.url, ...client, url: appPort.url },
        { title: 'App', brand: '#333', slug: 'app', customers: [] },
      ),
    );
  });

  beforeEach(() => {
    putEmployee(company, ada, true);
    browser = openBrowser(new CookieJar());
  });

  after(() => Promise.all([companyPort.stop(), appPort.stop()]));

  it('lets somebody who is assigned in by a click', async () => {
    const page = await browser.get(`${appPort.url}/signin`);
    expect(page.body).to.contain('Ada Lovelace');
    const home = await browser.submit(page, { user: ada.id });
    expect(home.url).to.equal(`${appPort.url}/`);
    const state = JSON.parse((await browser.get(`${appPort.url}/session.json`)).body) as Record<
      string,
      unknown
    >;
    expect(state).to.include({ signedIn: true, sub: ada.id, email: ada.userName, name: 'Ada Lovelace' });
  });

  it('neither shows nor accepts somebody who is not assigned', async () => {
    putEmployee(company, ada, false);
    const page = await browser.get(`${appPort.url}/signin`);
    expect(page.body).not.to.contain('Ada Lovelace');
    const form = {
      ...page,
      body: `<form method="post" action="${new URL(page.url).pathname}"><input name="user"></form>`,
    };
    const refused = await browser.submit(form, { user: ada.id });
    expect(refused.status).to.equal(403);
    expect(alertOf(refused.body)).to.contain('not assigned');
    expect((await browser.get(`${appPort.url}/session.json`)).status).to.equal(401);
  });

  it('asks a leaver to sign in again although the company session lives on', async () => {
    await browser.submit(await browser.get(`${appPort.url}/signin`), { user: ada.id });
    putEmployee(company, ada, false);
    const page = await browser.get(`${appPort.url}/signin`);
    expect(new URL(page.url).origin).to.equal(companyPort.url);
    expect(alertOf(page.body)).to.contain('may not use');
  });

  it('takes word of a new employee at PUT /people and refuses other shapes and other sites', async () => {
    const put = (body: unknown, headers: Record<string, string> = {}): Promise<Response> =>
      fetch(`${companyPort.url}/people`, {
        method: 'PUT',
        headers: { 'content-type': 'application/json', ...headers },
        body: JSON.stringify(body),
      });
    const grace = makePerson('Grace Hopper', 'acme.test', departments.support);
    expect((await put({ person: grace, assigned: true })).status).to.equal(204);
    expect(company.employees.get(grace.id)?.assigned).to.equal(true);
    expect((await put({ person: grace })).status).to.equal(400);
    expect((await put({ person: grace, assigned: false }, { origin: 'http://evil.test' })).status).to.equal(
      403,
    );
    expect(company.employees.get(grace.id)?.assigned).to.equal(true);
  });

  it('refuses a logout token that nobody signed', async () => {
    const answer = await fetch(`${appPort.url}/bcl`, {
      method: 'POST',
      body: new URLSearchParams({ logout_token: 'e30.e30.e30' }),
    });
    expect(answer.status).to.equal(400);
  });
});
