import { expect } from 'chai';
import { CookieJar } from 'tough-cookie';
import { systemClock } from '../../src/shared/clock.js';
import { openBrowser, type Browser, type Page } from '../../src/sim/browser.js';
import { startDemo, type Demo } from '../../src/sim/demo.js';
import type { DemoTenant } from '../../src/sim/demo-world.js';
import { alertOf } from '../../src/sim/html-forms.js';
import { silentNarrator, type Event } from '../../src/sim/narrator.js';
import { playJoinerMoverLeaver } from '../../src/sim/scenario.js';
import { startApp, type TestApp } from '../support/app.js';
import type { Json } from '../support/provider.js';

describe('the tour of docs/demo.md', function () {
  this.timeout(60_000);
  let demo: Demo;
  let server: TestApp;

  before(async () => {
    demo = await startDemo({
      firstPort: 0,
      clock: systemClock,
      narrator: silentNarrator,
      async startServer(bootstrap) {
        server = await startApp({ bootstrap, config: { allowPrivateIssuers: true } });
        return server;
      },
    });
  });
  after(() => demo.stop());

  it('pushes everybody of both companies with no answer but the expected ones', () => {
    expect(demo.faults).to.equal(0);
    expect(demo.tenants.map(({ company }) => company.profile)).to.deep.equal(['okta', 'entra']);
  });

  for (const [index, profile] of ['okta', 'entra'].entries()) {
    describe(`with the company that speaks as ${profile}`, () => {
      let tenant: DemoTenant;
      let browser: Browser;
      const [colleague = '', employee = ''] =
        [
          ['Katherine Johnson', 'Ada Lovelace'],
          ['Radia Perlman', 'Edsger Dijkstra'],
        ][index] ?? [];
      const personOf = (name: string): { id: string; userName: string } => {
        const found = [...tenant.company.employees.values()].find(
          ({ person }) => `${person.givenName} ${person.familyName}` === name,
        );
        if (found === undefined) throw new Error(`${name} does not work at ${tenant.company.name}`);
        return found.person;
      };
      const state = async (window = browser): Promise<Json | undefined> => {
        const page = await window.get(`${tenant.appUrl}/session.json`);
        return page.status === 200 ? (JSON.parse(page.body) as Json) : undefined;
      };
      const enter = async (window: Browser, email: string): Promise<Page> =>
        window.submit(await window.get(`${tenant.appUrl}/signin`), { email });
      const press = (action: string, fields: Record<string, string> = {}): Promise<Page> =>
        openBrowser(new CookieJar())
          .get(`${tenant.companyUrl}/`)
          .then((page) =>
            openBrowser(new CookieJar()).submit(page, fields, `/people/${personOf(employee).id}/${action}`),
          );

      before(() => {
        const found = demo.tenants[index];
        if (found === undefined) throw new Error(`the demo has no company ${index}`);
        tenant = found;
        browser = openBrowser(new CookieJar());
      });

      it('1: forwards the address to the company, and a click there signs in to the application with the role of the group', async () => {
        const page = await enter(browser, personOf(employee).userName.toUpperCase());
        expect(new URL(page.url).origin).to.equal(tenant.companyUrl);
        expect(page.body).to.contain(employee);
        const home = await browser.submit(page, { user: personOf(employee).id });
        expect(home.url).to.equal(`${tenant.appUrl}/`);
        expect(await state()).to.deep.include({
          email: personOf(employee).userName,
          name: employee,
          tenant: tenant.company.slug,
          roles: ['agent'],
          permissions: ['calls.read'],
        });
      });

      it('2: a move in the directory changes the roles at the next refresh, and not before', async () => {
        const group = [...tenant.company.groups.values()].find(
          ({ displayName }) => displayName === 'Sales Managers',
        );
        const page = await press('move', { group: group?.id ?? '' });
        expect(page.body).to.contain('expected').and.not.to.contain('UNEXPECTED');
        expect((await state())?.['roles']).to.deep.equal(['agent']);
        await browser.submit(await browser.get(`${tenant.appUrl}/`), {}, '/refresh');
        expect((await state())?.['roles']).to.have.members(['agent', 'manager']);
      });

      it('3: a leaver is out of the application within 5 seconds and cannot come back; colleagues stay', async () => {
        const other = openBrowser(new CookieJar());
        await other.submit(await enter(other, personOf(colleague).userName), {
          user: personOf(colleague).id,
        });
        expect(await state(other)).to.include({ email: personOf(colleague).userName });

        const page = await press('unassign');
        expect(page.body).not.to.contain('UNEXPECTED');
        const deadline = performance.now() + 5000;
        while ((await state()) !== undefined) {
          expect(performance.now(), 'still signed in after 5 seconds').to.be.below(deadline);
        }
        expect(alertOf((await browser.get(`${tenant.appUrl}/`)).body)).to.contain('ended your session');

        const again = await enter(browser, personOf(employee).userName);
        expect(again.body).not.to.contain(`value="${personOf(employee).id}"`);
        expect(await state()).to.equal(undefined);
        expect(await state(other)).to.include({ email: personOf(colleague).userName });
      });

      it('4: the local administrator signs in with a password, and no company is asked', async () => {
        const local = openBrowser(new CookieJar());
        const asked = await enter(local, tenant.localEmail);
        expect(asked.visited.some((url) => url.startsWith(tenant.companyUrl))).to.equal(false);
        const home = await local.submit(asked, { password: tenant.secrets.localPassword });
        expect(home.url).to.equal(`${tenant.appUrl}/`);
        expect(await state(local)).to.deep.include({ email: tenant.localEmail, roles: ['manager'] });
        await local.submit(await local.get(`${tenant.appUrl}/`), {}, '/signout');
        expect(await state(local)).to.equal(undefined);
      });

      it('5: the API tells why somebody has a role', async () => {
        const api = async (path: string): Promise<Json> => {
          const headers = { authorization: `Bearer ${demo.apiKeys[tenant.company.slug] ?? ''}` };
          const answer = await fetch(`${demo.serverUrl}/api/v1${path}`, { headers });
          expect(answer.status, path).to.equal(200);
          return (await answer.json()) as Json;
        };
        const { items } = await api(`/users?q=${encodeURIComponent(personOf(colleague).userName)}`);
        const explanation = await api(`/users/${items[0].id}/role-explanation`);
        expect(JSON.stringify(explanation)).to.contain('crm:agent').and.to.contain('Support');
      });

      it('plays joiner, mover and leaver, twice, without one unexpected answer', async () => {
        const target = demo.target.companies.find(({ companyUrl }) => companyUrl === tenant.companyUrl);
        if (target === undefined) throw new Error('the demo told no target');
        for (const round of ['first', 'second']) {
          const told: Event[] = [];
          const faults = await playJoinerMoverLeaver(target, {
            clock: systemClock,
            narrator: { chapter: () => undefined, event: (event) => told.push(event) },
            assert: true,
            pauseMs: 0,
            newJar: () => new CookieJar(),
          });
          expect(faults, round).to.equal(0);
          expect(told.length).to.be.above(20);
        }
      });
    });
  }

  it('plays the same against every further provider the demo has a directory for, SCIM alone', async () => {
    const further = demo.target.companies.filter(({ companyUrl }) => companyUrl === undefined);
    expect(further.map(({ profile }) => profile)).to.deep.equal([
      'entra-rfc',
      'onelogin',
      'jumpcloud',
      'google',
      'ping',
    ]);
    for (const target of further) {
      const options = { clock: systemClock, narrator: silentNarrator, assert: true, pauseMs: 0 };
      await playJoinerMoverLeaver(target, { ...options, newJar: () => new CookieJar() });
    }
  });
});
