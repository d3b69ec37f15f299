import { expect } from 'chai';
import { startApp, type TestApp } from '../support/app.js';
import { openBrowser, type Browser, type Page } from '../support/browser.js';
import { startIdp, idpClient, type Idp } from '../support/idp.js';

/** What an application is told when it is registered. */
export interface Registration {
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly redirectUri: string;
  readonly loggedOutUri: string;
  readonly scope: string;
}

/** A server with people, one application and one company's provider, as a client library meets it. */
export interface Bench {
  readonly app: TestApp;
  readonly registration: Registration;
  browser(): Browser;
  /** Sets a person's roles, as an administrator does. */
  setRoles(email: string, roles: string[]): Promise<void>;
  stop(): Promise<void>;
}

const password = 'correct horse battery staple';
const apiKey = 'gh_sk_interop_0123456789abcdefghijklmnop';
const clientSecret = 'a secret: with +, % and & in it, 32+';

export const ada = 'ada@home.test';
/** Her roles change during a test. */
export const bea = 'bea@home.test';
/** Comes from the company's provider, and is made at the first sign-in. */
export const grace = 'grace@company.test';

function bootstrapOf(registration: Registration, requirePkce: boolean, idp: Idp): object {
  const person = { givenName: 'Ada', familyName: 'Byron', password, roles: ['crm:agent'] };
  const { clientId, redirectUri, loggedOutUri } = registration;
  const application = { key: 'crm', name: 'CRM', clientId, clientSecret, requirePkce };
  return {
    tenants: [
      {
        slug: 'acme',
        name: 'Acme',
        applications: [
          {
            ...application,
            redirectUris: [redirectUri],
            postLogoutRedirectUris: [loggedOutUri],
            roles: [
              { key: 'agent', name: 'Agent', permissions: ['calls.read'] },
              { key: 'lead', name: 'Lead', permissions: ['calls.write'] },
            ],
          },
        ],
        users: [
          { email: ada, ...person },
          { email: bea, ...person },
        ],
        apiKeys: [{ name: 'interop', key: apiKey, role: 'administrator' }],
        ssoConnections: [
          {
            ...{ name: 'Company', issuer: idp.issuer, ...idpClient, mode: 'required', jitProvisioning: true },
            domains: [{ domain: 'company.test', verified: true }],
          },
        ],
      },
    ],
  };
}

/** @param options.home - where the application lives; nothing needs to listen there unless the client is a whole web application. */
export async function startBench(
  options: { home?: string; requirePkce?: boolean; callback?: string } = {},
): Promise<Bench> {
  const idp = await startIdp();
  idp.person = {
    sub: 'grace',
    email: grace,
    email_verified: true,
    given_name: 'Grace',
    family_name: 'Hopper',
  };
  const home = options.home ?? 'http://localhost:4000';
  const known = {
    clientId: 'crm',
    clientSecret,
    redirectUri: `${home}${options.callback ?? '/cb'}`,
    loggedOutUri: `${home}/goodbye`,
    scope: 'openid email profile roles offline_access',
  };
  const bootstrap = bootstrapOf({ ...known, issuer: '' }, options.requirePkce ?? true, idp);
  const app = await startApp({ bootstrap, config: { allowPrivateIssuers: true } });

  async function api(path: string, init: RequestInit = {}): Promise<{ items: { id: string }[] }> {
    const headers = { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' };
    const answer = await fetch(`${app.url}/api/v1${path}`, { headers, ...init });
    expect(answer.status, await answer.clone().text()).to.equal(200);
    return (await answer.json()) as { items: { id: string }[] };
  }

  const bench: Bench = {
    app,
    registration: { ...known, issuer: `${app.url}/oidc` },
    browser: () => openBrowser(app.url),
    async setRoles(email, roles) {
      const { items } = await api(`/users?q=${encodeURIComponent(email)}`);
      await api(`/users/${items[0]!.id}`, { method: 'PATCH', body: JSON.stringify({ roles }) });
    },
    async stop() {
      await Promise.all([app.stop(), idp.stop()]);
    },
  };
  return bench;
}

/** Follows an address that the application gave, up to one at `until`, and tells it. */
export async function walk(browser: Browser, start: string, until: string): Promise<string> {
  return arrival(await browser.follow(await browser.get(start), until), until);
}

/** The same with a sign-in on the way, by the forms of our pages. */
export async function signInOnTheWay(
  browser: Browser,
  start: string,
  email: string,
  until: string,
): Promise<string> {
  const first = await browser.follow(await browser.get(start));
  const second = await browser.post('/signin', { ...first.fields, email });
  if (second.location !== undefined) return arrival(await browser.follow(second, until), until);
  const third = await browser.post('/signin/password', { ...second.fields, password });
  return arrival(await browser.follow(third, until), until);
}

function arrival(page: Page, until: string): string {
  if (page.location?.startsWith(until) === true) return page.location;
  throw new Error(
    `not at ${until} but ${page.status} at ${page.url}: ${page.alert ?? page.text.slice(0, 300)}`,
  );
}
