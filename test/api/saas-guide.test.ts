import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { CookieJar } from 'tough-cookie';
import { systemActor } from '../../src/identity/actors.js';
import { verifyDomain } from '../../src/identity/sso/domain-verification.js';
import { systemClock } from '../../src/shared/clock.js';
import { accessTokens } from '../../src/sim/access-token.js';
import { openBrowser, type Browser, type Page } from '../../src/sim/browser.js';
import { companyApp } from '../../src/sim/company-app.js';
import { companyProvider } from '../../src/sim/company-provider.js';
import { makeCompany, putEmployee, type Company, type Employee } from '../../src/sim/company.js';
import { openDirectory, type Directory } from '../../src/sim/directory.js';
import { alertOf } from '../../src/sim/html-forms.js';
import { listen, type Listener } from '../../src/sim/listener.js';
import { silentNarrator } from '../../src/sim/narrator.js';
import { makeGroup, makePerson } from '../../src/sim/person.js';
import { sampleApp } from '../../src/sim/sample-app.js';
import { startApp, type TestApp } from '../support/app.js';
import { runLine } from '../support/cli.js';
import { eventually } from '../support/eventually.js';
import { fill, linesOf, notedFrom, type GuideLine } from '../support/guide.js';
import { waitForMails } from '../support/mailbox.js';
import type { Json } from '../support/provider.js';

const guide = 'docs/guides/saas.md';

describe('docs/guides/saas.md, walked from an empty server to the third customer', function () {
  this.timeout(120_000);
  let app: TestApp;
  let folder: string;
  let product: Listener;
  let login: Listener;
  let acme: Company;
  let okta: Directory;
  /** What the reader has noted. */
  const notes: Record<string, string> = {};
  const answers: Json[] = [];

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'gatehouse-saas-'));
    const command = linesOf(guide, 1)[0] as Extract<GuideLine, { kind: 'command' }>;
    const made = await runLine(`${command.line} --json`, { DATA_DIR: folder });
    expect(made.code, made.err).to.equal(0);
    notes['OPERATOR'] = made.json()['key'] as string;
    [product, login] = [await listen(0), await listen(0)];
    const bootstrap = { tenants: [], operatorKeys: [{ name: 'back-office', key: notes['OPERATOR'] }] };
    app = await startApp({ bootstrap, config: { allowPrivateIssuers: true } });
    Object.assign(notes, { CUSTOMER: 'acme', GATEHOUSE: app.url });
  });
  after(async () => {
    await app.stop();
    await Promise.all([product.stop(), login.stop(), rm(folder, { recursive: true, force: true })]);
  });

  /** The guide's addresses stand for those of this test. */
  const here = (text: string): string =>
    fill(text, notes)
      .replaceAll('https://crm.example', product.url)
      .replaceAll('https://acme.okta.com', login.url);

  async function send(who: string, method: string, path: string, body?: string): Promise<[number, Json]> {
    const answer = await fetch(`${app.url}/api/v1${path}`, {
      method,
      headers: {
        authorization: `Bearer ${(who === 'admin' ? notes['KEY'] : notes['OPERATOR']) ?? ''}`,
        ...(who === 'customer' && { 'gatehouse-tenant': notes['CUSTOMER'] ?? '' }),
        ...(body !== undefined && { 'content-type': 'application/json' }),
      },
      ...(body !== undefined && { body }),
    });
    return [answer.status, (await answer.json().catch(() => ({}))) as Json];
  }

  /** The record is not in the DNS: the proof is given the one that the connection told. */
  async function proveDomain(): Promise<Json> {
    const [, connection] = await send('admin', 'GET', `/sso-connections/${notes['CONNECTION']}`);
    const { domain, record } = connection['domains'][0];
    const actor = systemActor(notes['TENANT'] ?? '');
    await verifyDomain(app.core, actor, connection['id'], domain, () => Promise.resolve([[record.value]]));
    return connection;
  }

  async function run(line: GuideLine): Promise<void> {
    if (line.kind === 'note') notes[line.name] = notedFrom(answers.at(-1) ?? {}, line);
    else if (line.kind === 'command') {
      const { code, err } = await runLine(here(line.line), { DATA_DIR: folder });
      expect(code, err).to.equal(0);
    } else if (line.path.endsWith('/verify')) answers.push(await proveDomain());
    else {
      const [status, answer] = await send(
        line.who,
        line.method,
        here(line.path),
        line.body && here(line.body),
      );
      expect(status, `${line.method} ${line.path}: ${JSON.stringify(answer)}`).to.be.oneOf([200, 201, 202]);
      answers.push(answer);
    }
  }

  async function walk(section: number, atLeast: number): Promise<void> {
    const lines = linesOf(guide, section);
    expect(lines.length).to.be.at.least(atLeast);
    for (const line of lines) await run(line);
  }

  /** The application's session of a browser; undefined: nobody is signed in. */
  async function stateOf(browser: Browser): Promise<Json | undefined> {
    const page = await browser.get(`${product.url}/session.json`);
    return page.status === 200 ? (JSON.parse(page.body) as Json) : undefined;
  }
  const enter = async (browser: Browser, email: string, query = ''): Promise<Page> =>
    browser.submit(await browser.get(`${product.url}/signin${query}`), { email });

  async function signedIn(employee: Employee): Promise<Browser> {
    const browser = openBrowser(new CookieJar());
    const atCompany = await enter(browser, employee.person.userName);
    expect(new URL(atCompany.url).origin).to.equal(login.url);
    await browser.submit(atCompany, { user: employee.person.id });
    return browser;
  }
  const gone = (browser: Browser): Promise<unknown> =>
    eventually(async () => (await stateOf(browser)) === undefined, 'signed out', { seconds: 5 });

  let grace: Employee;
  let alan: Employee;
  let alanAtWork: Browser;

  it('2 and 3: the product is registered, a customer is created, and again without harm', async () => {
    await walk(2, 2);
    product.serve(
      sampleApp(
        {
          issuer: `${app.url}/oidc`,
          clientId: 'crm',
          clientSecret: notes['CLIENT_SECRET'] ?? '',
          url: product.url,
        },
        { title: 'CRM', brand: '#333', slug: 'crm', customers: [] },
      ),
    );
    await walk(3, 4);
    const creation = linesOf(guide, 3)[0] as Extract<GuideLine, { kind: 'call' }>;
    const [status, again] = await send('vendor', 'POST', creation.path, creation.body);
    expect([status, again['id']]).to.deep.equal([200, notes['TENANT']]);
  });

  it('3: its administrator accepts the invitation, signs in at the product, and makes a key', async () => {
    const [mail] = await waitForMails(app.core, 'ada@acme.example');
    const jar = new CookieJar();
    const browser = openBrowser(jar);
    const password = 'correct horse battery staple';
    const email = 'ada@acme.example';
    const form = await browser.get(mail!.link);
    await browser.submit(form, { password, password2: password });
    const asked = await browser.submit(await browser.get(`${app.url}/signin?tenant=acme`), { email });
    const account = await browser.submit(asked, { password });
    expect(new URL(account.url).pathname).to.equal('/account');
    const me = await browser.get(`${app.url}/api/v1/me`);
    const made = await fetch(`${app.url}/api/v1/api-keys`, {
      method: 'POST',
      headers: {
        cookie: await jar.getCookieString(app.url),
        'x-csrf-token': me.headers.get('x-csrf-token') ?? '',
        'content-type': 'application/json',
      },
      body: JSON.stringify({ name: 'her scripts', role: 'administrator' }),
    });
    expect(made.status).to.equal(201);
    notes['KEY'] = ((await made.json()) as { key: string }).key;
  });

  it('4: makes a directory with an OAuth client and rules; the simulated Okta provisions with it', async () => {
    await walk(4, 10);
    const explanation = JSON.stringify(answers.at(-1));
    expect(explanation).to.contain('crm:agent');

    acme = makeCompany({
      name: 'Acme',
      slug: 'acme',
      domain: 'acme.example',
      profile: 'okta',
      brand: '#333',
    });
    const support = makeGroup('Support', acme.domain);
    acme.groups.set(support.id, support);
    grace = putEmployee(acme, makePerson('Grace Hopper', acme.domain, 'Support'), true);
    alan = putEmployee(acme, makePerson('Alan Turing', acme.domain, 'Support'), true);
    for (const { groupIds } of [grace, alan]) groupIds.add(support.id);
    const credentials = { clientId: notes['SCIM_CLIENT'] ?? '', clientSecret: notes['SCIM_SECRET'] ?? '' };
    const token = accessTokens(app.url, { way: 'basic', ...credentials });
    okta = openDirectory(acme, { scimUrl: `${app.url}/scim/v2`, token }, systemClock, silentNarrator);
    expect(await okta.pushAll()).to.equal(0);
  });

  it('5: connects the company’s login, proves the domain, and the trace says so', async () => {
    const redirectUri = `${app.url}/sso/acme-okta/callback`;
    const client = { clientId: 'gatehouse', clientSecret: 'from-okta', redirectUri };
    login.serve(companyApp(acme, await companyProvider(acme, login.url, client, systemClock), okta));
    await walk(5, 5);
    expect(answers.at(-2)).to.include({ ok: true });
    expect(answers.at(-1)).to.include({ outcome: 'forwarded' });
  });

  it('6: people sign in at the product through their company, with the roles that the rules give', async () => {
    await walk(6, 3);
    const browser = await signedIn(grace);
    const state = { email: grace.person.userName, tenant: 'acme', tenantName: 'Acme', roles: ['agent'] };
    expect(await stateOf(browser)).to.deep.include({ ...state, permissions: ['calls.read'] });
    alanAtWork = await signedIn(alan);
    expect(await okta.press('unassign', grace)).to.equal(0);
    await gone(browser);
    expect(await stateOf(alanAtWork)).to.include({ email: alan.person.userName });
  });

  it('6: somebody the provider deactivated is refused, though the company’s login lets them in', async () => {
    grace.assigned = true;
    const browser = openBrowser(new CookieJar());
    const page = await browser.submit(await enter(browser, grace.person.userName), { user: grace.person.id });
    expect(page.status).to.equal(403);
    expect(alertOf(page.body)).to.be.a('string');
    expect(await stateOf(browser)).to.equal(undefined);
    grace.assigned = false;
  });

  it('7: further customers share the product and see nothing of each other', async () => {
    await walk(7, 3);
    const slugs = answers.at(-1)?.['items'].map(({ slug }: Json) => slug);
    expect(slugs).to.have.members(['acme', 'globex', 'initech']);
    notes['CUSTOMER'] = 'globex';
    const [, made] = await send(
      'customer',
      'POST',
      '/api-keys',
      '{"name": "theirs", "role": "administrator"}',
    );
    const acmesKey = notes['KEY'];
    notes['KEY'] = made['key'];
    expect((await send('admin', 'GET', `/directories/${notes['DIRECTORY']}`))[0]).to.equal(404);
    expect((await send('admin', 'GET', `/users/${notes['PERSON']}`))[0]).to.equal(404);
    expect((await send('admin', 'GET', '/users'))[1]['items'].map(({ email }: Json) => email)).to.deep.equal([
      'grace@globex.example',
    ]);
    expect((await send('admin', 'GET', '/applications'))[1]['items'][0]).to.include({
      key: 'crm',
      owner: 'server',
    });
    notes['KEY'] = acmesKey ?? '';
    notes['CUSTOMER'] = 'acme';
  });

  it('8: a suspended customer is out at once, and back after resume; others notice nothing', async () => {
    const [suspend, resume, erase] = linesOf(guide, 8);
    await run(suspend!);
    await gone(alanAtWork);
    const browser = openBrowser(new CookieJar());
    const atCompany = await enter(browser, alan.person.userName);
    const refused = await browser.submit(atCompany, { user: alan.person.id });
    expect(refused.status).to.equal(403);
    expect(await stateOf(browser)).to.equal(undefined);
    expect(await okta.press('assign', grace)).to.be.above(0);
    expect((await send('admin', 'GET', '/users'))[0]).to.equal(403);
    await run(resume!);
    expect(await stateOf(await signedIn(alan))).to.include({ tenant: 'acme' });
    expect(await okta.press('assign', grace)).to.equal(0);

    await run(erase!);
    expect((await send('vendor', 'GET', '/tenants/acme'))[0]).to.equal(404);
    await eventually(async () => {
      const [status] = await send('vendor', 'POST', '/tenants', '{"slug": "acme", "name": "Acme anew"}');
      return status === 201;
    }, 'the slug is free');
    expect((await send('vendor', 'GET', '/tenants/globex'))[1]).to.include({ status: 'active', users: 1 });
  });
});
