import { expect } from 'chai';
import { CookieJar } from 'tough-cookie';
import { systemClock } from '../../src/shared/clock.js';
import type { Demo } from '../../src/sim/demo.js';
import type { DemoTenant } from '../../src/sim/demo-world.js';
import { alertOf } from '../../src/sim/html-forms.js';
import { silentNarrator, type Event } from '../../src/sim/narrator.js';
import { playJoinerMoverLeaver } from '../../src/sim/scenario.js';
import { employeeOf, openWindow, pressAtCompany, startTestDemo, type Window } from '../support/demo.js';
import { eventually } from '../support/eventually.js';
import type { Json } from '../support/provider.js';

describe('the tour of docs/demo.md', function () {
  this.timeout(120_000);
  let demo: Demo;

  before(async () => {
    demo = await startTestDemo();
  });
  after(() => demo.stop());

  it('pushes everybody of both companies with no answer but the expected ones', () => {
    expect(demo.faults).to.equal(0);
    expect(demo.tenants.map(({ company }) => company.profile)).to.deep.equal(['okta', 'entra']);
  });

  for (const [index, profile] of ['okta', 'entra'].entries()) {
    describe(`with the company that speaks as ${profile}`, () => {
      let tenant: DemoTenant;
      let window: Window;
      const [colleague = '', employee = ''] =
        [
          ['Katherine Johnson', 'Ada Lovelace'],
          ['Radia Perlman', 'Edsger Dijkstra'],
        ][index] ?? [];

      const api = async (path: string, body?: object): Promise<Json> => {
        const answer = await fetch(`${demo.serverUrl}/api/v1${path}`, {
          method: body ? 'POST' : 'GET',
          headers: {
            authorization: `Bearer ${demo.apiKeys[tenant.company.slug] ?? ''}`,
            ...(body && { 'content-type': 'application/json' }),
          },
          ...(body && { body: JSON.stringify(body) }),
        });
        expect(answer.status, path).to.be.oneOf([200, 202]);
        return (await answer.json()) as Json;
      };

      before(() => {
        const found = demo.tenants[index];
        if (found === undefined) throw new Error(`the demo has no company ${index}`);
        tenant = found;
        window = openWindow(tenant);
      });

      it('1: forwards the address to the company, and a click there signs in to the application with the role of the group', async () => {
        const { person } = employeeOf(tenant, employee);
        const page = await window.enter(person.userName.toUpperCase());
        expect(new URL(page.url).origin).to.equal(tenant.companyUrl);
        expect(page.body).to.contain(employee);
        const home = await window.browser.submit(page, { user: person.id });
        expect(home.url).to.equal(`${tenant.appUrl}/`);
        expect(await window.state()).to.deep.include({
          email: person.userName,
          name: employee,
          tenant: tenant.company.slug,
          roles: ['agent'],
          permissions: ['calls.read'],
        });
      });

      it('2: a move in the directory changes the roles at the next refresh, and not before', async () => {
        const sales = [...tenant.company.groups.values()].find(
          ({ displayName }) => displayName === 'Sales Managers',
        );
        const fields = { group: sales?.id ?? '' };
        const page = await pressAtCompany(tenant, employeeOf(tenant, employee), 'move', fields);
        expect(page.body).to.contain('expected').and.not.to.contain('UNEXPECTED');
        expect((await window.state())?.['roles']).to.deep.equal(['agent']);
        await window.press('/refresh');
        expect((await window.state())?.['roles']).to.have.members(['agent', 'manager']);
      });

      it('3: a leaver is out of the application within 5 seconds and cannot come back; colleagues stay', async () => {
        const other = openWindow(tenant);
        await other.signIn(employeeOf(tenant, colleague));
        const stays = { email: employeeOf(tenant, colleague).person.userName };
        expect(await other.state()).to.include(stays);

        const page = await pressAtCompany(tenant, employeeOf(tenant, employee), 'unassign');
        expect(page.body).not.to.contain('UNEXPECTED');
        await eventually(async () => (await window.state()) === undefined, 'signed out', { seconds: 5 });
        const home = await window.browser.get(`${tenant.appUrl}/`);
        expect(alertOf(home.body)).to.contain('ended your session');

        const { person } = employeeOf(tenant, employee);
        const again = await window.enter(person.userName);
        expect(again.body).not.to.contain(`value="${person.id}"`);
        expect(await window.state()).to.equal(undefined);
        expect(await other.state()).to.include(stays);
      });

      it('4: the local administrator signs in with a password, and no company is asked (M0-3)', async () => {
        const local = openWindow(tenant);
        const asked = await local.enter(tenant.localEmail);
        expect(asked.visited.some((url) => url.startsWith(tenant.companyUrl))).to.equal(false);
        const home = await local.browser.submit(asked, { password: tenant.secrets.localPassword });
        expect(home.url).to.equal(`${tenant.appUrl}/`);
        expect(await local.state()).to.deep.include({ email: tenant.localEmail, roles: ['manager'] });
      });

      it('5: the API tells why somebody has a role', async () => {
        const { items } = await api(
          `/users?q=${encodeURIComponent(employeeOf(tenant, colleague).person.userName)}`,
        );
        const explanation = await api(`/users/${items[0].id}/role-explanation`);
        expect(JSON.stringify(explanation)).to.contain('crm:agent').and.to.contain('Support');
      });

      it('12: the last person with a role keeps it, and their access, until the change is released', async () => {
        const head = employeeOf(tenant, ['Alan Turing', 'Frances Allen'][index] ?? '');
        const headsWindow = openWindow(tenant);
        await headsWindow.signIn(head);
        const page = await pressAtCompany(tenant, head, 'unassign');
        expect(page.body).to.contain('expected').and.not.to.contain('UNEXPECTED');
        await headsWindow.press('/refresh');
        expect((await headsWindow.state())?.['roles']).to.include('approver');

        const [directory] = (await api('/directories'))['items'] as Json[];
        const path = `/directories/${String(directory?.['id'])}/held-changes`;
        const { items } = await api(path);
        const [user] = (await api(`/users?q=${encodeURIComponent(head.person.userName)}`))['items'] as Json[];
        expect(items.map(({ userId }: Json) => userId as string)).to.deep.equal([user?.['id']]);
        await api(`${path}/release`, {});
        await eventually(async () => (await headsWindow.state()) === undefined, 'signed out');
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
      'authentik',
      'keycloak',
      'wso2',
      'connid',
    ]);
    for (const target of further) {
      const options = { clock: systemClock, narrator: silentNarrator, assert: true, pauseMs: 0 };
      await playJoinerMoverLeaver(target, { ...options, newJar: () => new CookieJar() });
    }
  });
});
