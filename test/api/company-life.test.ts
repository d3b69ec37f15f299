import { expect } from 'chai';
import { fetchAccessToken } from '../../src/sim/access-token.js';
import { putEmployee } from '../../src/sim/company.js';
import type { Demo } from '../../src/sim/demo.js';
import type { DemoTenant } from '../../src/sim/demo-world.js';
import type { Page } from '../../src/sim/browser.js';
import { alertOf } from '../../src/sim/html-forms.js';
import { employeeOf, openWindow, pressAtCompany, startTestDemo } from '../support/demo.js';
import { eventually } from '../support/eventually.js';
import type { Json } from '../support/provider.js';

describe('people of companies, over time', function () {
  this.timeout(120_000);
  let demo: Demo;
  let acme: DemoTenant;
  let globex: DemoTenant;

  before(async () => {
    demo = await startTestDemo();
    [acme, globex] = demo.tenants as [DemoTenant, DemoTenant];
  });
  after(() => demo.stop());

  const api = async (tenant: DemoTenant, method: string, path: string, body?: object): Promise<Json> => {
    const answer = await fetch(`${demo.serverUrl}/api/v1${path}`, {
      method,
      headers: {
        authorization: `Bearer ${demo.apiKeys[tenant.company.slug] ?? ''}`,
        ...(body && { 'content-type': 'application/json' }),
      },
      ...(body && { body: JSON.stringify(body) }),
    });
    expect(answer.status, `${method} ${path}`).to.be.oneOf([200, 201, 204]);
    return answer.status === 204 ? {} : ((await answer.json()) as Json);
  };
  const userOf = async (tenant: DemoTenant, email: string): Promise<Json> => {
    const { items } = await api(tenant, 'GET', `/users?q=${encodeURIComponent(email)}`);
    expect(items).to.have.lengthOf(1);
    return items[0] as Json;
  };

  it('one sign-in serves every application visit of the browser, and the account page', async () => {
    const window = openWindow(acme);
    await window.signIn(employeeOf(acme, 'Katherine Johnson'));
    const account = await window.browser.get(`${demo.serverUrl}/account`);
    expect(account.status).to.equal(200);
    expect(account.body).to.contain('katherine@acme.test');
    const again = await window.browser.get(`${acme.appUrl}/signin`);
    expect(again.url).to.equal(`${acme.appUrl}/`);
    expect(again.visited.some((url) => url.startsWith(acme.companyUrl))).to.equal(false);
  });

  it('signing out at the application ends the session at Gatehouse too', async () => {
    const window = openWindow(acme);
    await window.signIn(employeeOf(acme, 'Katherine Johnson'));
    const back = await window.press('/signout');
    expect(back.url).to.equal(`${acme.appUrl}/`);
    expect(await window.state()).to.equal(undefined);
    const next = await window.browser.get(`${acme.appUrl}/signin`);
    expect(new URL(next.url).pathname).to.match(/^\/signin/);
    expect(next.body).to.contain('name="email"');
  });

  it('a new name and address keep the person: same sub, known by the company’s id', async () => {
    const employee = employeeOf(acme, 'Alan Turing');
    const window = openWindow(acme);
    await window.signIn(employee);
    const before = await window.state();
    const user = await userOf(acme, employee.person.userName);
    if (!('oauth' in acme.scim)) throw new Error('Acme pushes by OAuth');
    const token = await fetchAccessToken(demo.serverUrl, { way: 'basic', ...acme.scim.oauth });
    const scim = {
      authorization: `Bearer ${token}`,
      'content-type': 'application/scim+json',
    };
    const url = `${demo.serverUrl}/scim/v2/Users/${String(user['id'])}`;
    const read = (await (await fetch(url, { headers: scim })).json()) as Json;
    const userName = 'alan.mathison@acme.test';
    const body = JSON.stringify({
      ...read,
      userName,
      emails: [{ value: userName, type: 'work', primary: true }],
    });
    expect((await fetch(url, { method: 'PUT', headers: scim, body })).status).to.equal(200);
    putEmployee(acme.company, { ...employee.person, userName }, true);

    await window.press('/refresh');
    expect(await window.state()).to.include({ email: userName, sub: before?.['sub'] });
    const other = openWindow(acme);
    await other.signIn(employeeOf(acme, 'Alan Turing'));
    expect(await other.state()).to.include({ email: userName, sub: before?.['sub'] });
  });

  it('somebody who returns signs in again, and what ended stays ended', async () => {
    const employee = employeeOf(globex, 'Radia Perlman');
    const window = openWindow(globex);
    await window.signIn(employee);
    await pressAtCompany(globex, employee, 'unassign');
    await pressAtCompany(globex, employee, 'assign');
    await window.press('/refresh').catch(() => undefined);
    expect(await window.state(), 'the old session').to.equal(undefined);
    expect((await window.browser.get(`${demo.serverUrl}/api/v1/me`)).status).to.equal(401);
    await window.signIn(employee);
    expect(await window.state()).to.deep.include({ email: employee.person.userName, roles: ['agent'] });
  });

  it('a person who was never assigned gets no further than the company', async () => {
    const window = openWindow(globex);
    const page = await window.enter(employeeOf(globex, 'John Backus').person.userName);
    expect(page.body).not.to.contain('John Backus');
    expect(await window.state()).to.equal(undefined);
  });

  it('a person the company vouches for but never pushed is refused by Gatehouse, and nobody is made', async () => {
    const employee = employeeOf(globex, 'John Backus');
    putEmployee(globex.company, employee.person, true);
    const window = openWindow(globex);
    const page = await window.signIn(employee);
    putEmployee(globex.company, employee.person, false);
    expect(page.status).to.equal(403);
    expect(alertOf(page.body)).to.be.a('string');
    expect((await api(globex, 'GET', '/users?q=john@'))['items']).to.deep.equal([]);
  });

  it('a company cannot vouch for another company’s people', async () => {
    const victim = employeeOf(acme, 'Katherine Johnson').person;
    putEmployee(globex.company, { ...victim, id: 'globex-impostor' }, true);
    const window = openWindow(globex);
    const page = await window.enter('radia@globex.test');
    const refused = await window.browser.submit(page, { user: 'globex-impostor' });
    globex.company.employees.delete('globex-impostor');
    expect(refused.status).to.equal(403);
    expect(await window.state()).to.equal(undefined);
  });

  it('a person of one company is nobody where the application asks for the other', async () => {
    const window = openWindow(globex);
    const asked = await window.browser.get(`${globex.appUrl}/signin?organization=globex`);
    const email = employeeOf(acme, 'Katherine Johnson').person.userName;
    const page = await window.browser.submit(asked, { email });
    expect(page.visited.some((url) => url.startsWith(acme.companyUrl))).to.equal(false);
    expect(await window.state()).to.equal(undefined);
  });

  it('a person of both customers signs in with one password and chooses, and may change to the other', async () => {
    const { email, password } = demo.product.shared;
    const window = openWindow(acme);
    const enter = async (page: Page): Promise<Page> =>
      window.browser.submit(await window.browser.submit(page, { email }), { password });
    const choose = (page: Page, name: string): Promise<Page> => {
      const form = /<form[^>]*action="\/signin\/choice"[\s\S]*?<\/form>/g;
      const body = (page.body.match(form) ?? []).find((text) => text.includes(name)) ?? '';
      return window.browser.submit({ ...page, body }, {});
    };
    const first = await choose(await enter(await window.browser.get(`${acme.appUrl}/signin`)), 'Globex');
    expect(first.url).to.equal(`${acme.appUrl}/`);
    expect(first.body).to.contain('Globex').and.to.contain('calls.read');
    expect(await window.state()).to.deep.include({ email, tenant: 'globex', roles: ['agent'] });

    const again = await enter(await window.browser.get(`${acme.appUrl}/signin?prompt=select_account`));
    await choose(again, 'Acme');
    expect(await window.state()).to.deep.include({ email, tenant: 'acme', roles: ['manager'] });
  });

  it('the operator’s key sees both customers, and each through its header', async () => {
    const ask = async (path: string, tenant?: string): Promise<Json> => {
      const headers = {
        authorization: `Bearer ${demo.product.operatorKey}`,
        ...(tenant !== undefined && { 'gatehouse-tenant': tenant }),
      };
      const answer = await fetch(`${demo.serverUrl}/api/v1${path}`, { headers });
      expect(answer.status, path).to.equal(200);
      return (await answer.json()) as Json;
    };
    const tenants = await ask('/tenants');
    expect(tenants['items'].map(({ slug }: Json) => slug)).to.include.members(['acme', 'globex']);
    const [application] = (await ask('/applications'))['items'] as Json[];
    expect(application).to.deep.include({ clientId: demo.product.clientId, tenants: 'all' });
    for (const { company } of demo.tenants) {
      const users = await ask('/users?limit=100', company.slug);
      const addresses = users['items'].map(({ email }: Json) => String(email).split('@')[1]);
      expect([...new Set(addresses)]).to.have.members([
        company.domain,
        `${company.slug}-it.test`,
        'consulting.test',
      ]);
    }
  });

  it('a console disable ends the application session within 5 seconds as well', async () => {
    const employee = employeeOf(globex, 'Frances Allen');
    const window = openWindow(globex);
    await window.signIn(employee);
    const { id } = await userOf(globex, employee.person.userName);
    await api(globex, 'POST', `/users/${String(id)}/disable`);
    await eventually(async () => (await window.state()) === undefined, 'signed out', { seconds: 5 });
    const page = await window.signIn(employee);
    expect(page.status).to.equal(403);
    await api(globex, 'POST', `/users/${String(id)}/enable`);
    await window.signIn(employee);
    expect(await window.state()).to.include({ email: employee.person.userName });
  });

  it('a login that is away is said to be away: no password is asked for instead', async () => {
    const connections = await api(acme, 'GET', '/sso-connections');
    const connection = connections['items'][0] as Json;
    const lead = (issuer: string): Promise<Json> =>
      api(acme, 'PATCH', `/sso-connections/${String(connection['id'])}`, {
        issuer,
        clientSecret: acme.secrets.companyClientSecret,
      });
    await lead('http://localhost:9');
    const page = await openWindow(acme).enter('ada@acme.test');
    await lead(acme.companyUrl);
    expect(page.status).to.be.oneOf([502, 503]);
    expect(alertOf(page.body)).to.be.a('string');
    expect(page.body).not.to.contain('type="password"');
    const back = openWindow(acme);
    await back.signIn(employeeOf(acme, 'Ada Lovelace'));
    expect(await back.state()).to.include({ email: 'ada@acme.test' });
  });
});
