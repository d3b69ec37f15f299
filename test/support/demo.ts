import { CookieJar } from 'tough-cookie';
import { systemClock } from '../../src/shared/clock.js';
import { openBrowser, type Browser, type Page } from '../../src/sim/browser.js';
import type { Employee } from '../../src/sim/company.js';
import { startDemo, type Demo } from '../../src/sim/demo.js';
import type { DemoTenant } from '../../src/sim/demo-world.js';
import { silentNarrator } from '../../src/sim/narrator.js';
import { startApp } from './app.js';
import type { Json } from './provider.js';

/** The demo on free ports and the test's store. */
export function startTestDemo(): Promise<Demo> {
  return startDemo({
    firstPort: 0,
    clock: systemClock,
    narrator: silentNarrator,
    startServer: (bootstrap) => startApp({ bootstrap, config: { allowPrivateIssuers: true } }),
  });
}

/** A browser of its own, at one company's sample application. */
export interface Window {
  browser: Browser;
  /** What the application knows of its user; undefined: nobody is signed in. */
  state(): Promise<Json | undefined>;
  /** Begins at the application and gives this address at Gatehouse. */
  enter(email: string): Promise<Page>;
  /** The same, and clicks the person at the company's login. */
  signIn(employee: Employee): Promise<Page>;
  /** Presses a button of the application: `/refresh`, `/signout`. */
  press(action: string): Promise<Page>;
}

export function openWindow(tenant: DemoTenant): Window {
  const browser = openBrowser(new CookieJar());
  const enter = async (email: string): Promise<Page> =>
    browser.submit(await browser.get(`${tenant.appUrl}/signin`), { email });
  return {
    browser,
    enter,
    async state() {
      const page = await browser.get(`${tenant.appUrl}/session.json`);
      return page.status === 200 ? (JSON.parse(page.body) as Json) : undefined;
    },
    async signIn({ person }) {
      const page = await enter(person.userName);
      // A company that remembers its person does not ask again.
      return page.body.includes('name="user"') ? browser.submit(page, { user: person.id }) : page;
    },
    press: async (action) => browser.submit(await browser.get(`${tenant.appUrl}/`), {}, action),
  };
}

/** Somebody of a company by their full name. */
export function employeeOf(tenant: DemoTenant, name: string): Employee {
  const found = [...tenant.company.employees.values()].find(
    ({ person }) => `${person.givenName} ${person.familyName}` === name,
  );
  if (found === undefined) throw new Error(`${name} does not work at ${tenant.company.name}`);
  return found;
}

/** Presses a button of the company's directory page; the page afterwards. */
export async function pressAtCompany(
  tenant: DemoTenant,
  { person }: Employee,
  event: string,
  fields: Record<string, string> = {},
): Promise<Page> {
  const browser = openBrowser(new CookieJar());
  return browser.submit(await browser.get(`${tenant.companyUrl}/`), fields, `/people/${person.id}/${event}`);
}
