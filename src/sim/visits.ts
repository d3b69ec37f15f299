import { setTimeout as sleep } from 'node:timers/promises';
import type { Browser, Page } from './browser.js';
import { alertOf } from './html-forms.js';
import type { Person } from './person.js';
import { UnexpectedAnswer, type RunOptions } from './run-steps.js';
import type { CompanyTarget } from './target.js';

/** How soon a leaver must be out of an application, milliseconds. */
const leaverDeadlineMs = 5000;

const pollMs = 100;

type VisitOptions = Pick<RunOptions, 'clock' | 'narrator' | 'assert'>;

interface Finding {
  what: string;
  note: string;
  expected: string;
  status?: number;
  ms?: number;
  faults: string[];
}

function tell(options: VisitOptions, finding: Finding): number {
  options.narrator.event({ at: options.clock.now(), ...finding });
  if (options.assert && finding.faults.length > 0) throw new UnexpectedAnswer(finding.what, finding.faults);
  return finding.faults.length;
}

function said(page: Page): string {
  const alert = alertOf(page.body);
  return `${page.status} at ${page.url}${alert === undefined ? '' : ` "${alert}"`}`;
}

function appOf(target: CompanyTarget): string {
  if (target.appUrl === undefined) throw new Error(`${target.name} has no sample application`);
  return target.appUrl;
}

async function sessionOf(
  browser: Browser,
  target: CompanyTarget,
): Promise<Record<string, unknown> | undefined> {
  const page = await browser.get(`${appOf(target)}/session.json`);
  return page.status === 200 ? (JSON.parse(page.body) as Record<string, unknown>) : undefined;
}

function hasHost(page: Page, url: string | undefined): boolean {
  return url !== undefined && page.visited.some((visited) => new URL(visited).host === new URL(url).host);
}

async function isSignedInAs(browser: Browser, target: CompanyTarget, email: string): Promise<string[]> {
  const session = await sessionOf(browser, target);
  if (session === undefined) return ['no user is signed in at the application'];
  const found = JSON.stringify(session['email']);
  return session['email'] === email ? [] : [`the application knows ${found}, not ${email}`];
}

/** From the application to Gatehouse, with an address, and wherever that leads. */
async function enterAddress(browser: Browser, target: CompanyTarget, email: string): Promise<Page> {
  const page = await browser.get(`${appOf(target)}/signin`);
  return browser.submit(page, { email });
}

/** Who they are, by a click; an answer by SAML is a form that the person takes to Gatehouse. */
async function clickAtCompany(browser: Browser, company: Page, person: Person): Promise<Page> {
  const page = await browser.submit(company, { user: person.id });
  return page.body.includes('name="SAMLResponse"') ? browser.submit(page, {}) : page;
}

/** A person opens the application, gives an address, lands at the company's login, clicks, and is in the application. */
export async function expectForwardedSignIn(
  browser: Browser,
  target: CompanyTarget,
  person: Person,
  options: VisitOptions,
): Promise<number> {
  const begun = performance.now();
  const company = await enterAddress(browser, target, person.userName);
  const faults = hasHost(company, target.companyUrl)
    ? []
    : [`not forwarded to the company: ${said(company)}`];
  if (faults.length === 0) {
    const page = await clickAtCompany(browser, company, person);
    const wrong = await isSignedInAs(browser, target, person.userName);
    faults.push(...wrong.map((fault) => `${fault} (${said(page)})`));
  }
  return tell(options, {
    what: 'browser application -> Gatehouse -> company -> application',
    note: `${person.userName} signs in`,
    expected: 'signed in through the company',
    ms: performance.now() - begun,
    faults,
  });
}

/** A person signs in with their own password; no company is involved. */
export async function expectLocalSignIn(
  browser: Browser,
  target: CompanyTarget,
  user: { email: string; password: string },
  options: VisitOptions,
): Promise<number> {
  const begun = performance.now();
  const asked = await enterAddress(browser, target, user.email);
  const faults = hasHost(asked, target.companyUrl) ? [`sent to the company: ${said(asked)}`] : [];
  if (faults.length === 0) {
    const page = await browser.submit(asked, { password: user.password });
    const wrong = await isSignedInAs(browser, target, user.email);
    faults.push(...wrong.map((fault) => `${fault} (${said(page)})`));
  }
  return tell(options, {
    what: 'browser application -> Gatehouse -> application',
    note: `${user.email} signs in with a password`,
    expected: 'signed in by Gatehouse alone',
    ms: performance.now() - begun,
    faults,
  });
}

/** What the application's ID token says of roles. */
export async function expectRoles(
  browser: Browser,
  target: CompanyTarget,
  roles: readonly string[],
  options: VisitOptions,
): Promise<number> {
  const session = await sessionOf(browser, target);
  const found = Array.isArray(session?.['roles']) ? session['roles'].map(String).sort() : [];
  const wanted = [...roles].sort();
  const same = JSON.stringify(found) === JSON.stringify(wanted);
  return tell(options, {
    what: 'application ID token',
    note: `roles [${found.join(', ')}]`,
    expected: `[${wanted.join(', ')}]`,
    faults: same ? [] : [`the roles are [${found.join(', ')}]`],
  });
}

/** Waits until the application has lost the person: the back-channel logout must arrive in time. */
export async function expectSignedOut(
  browser: Browser,
  target: CompanyTarget,
  options: VisitOptions,
): Promise<number> {
  const begun = performance.now();
  let gone = false;
  while (!gone && performance.now() - begun < leaverDeadlineMs) {
    gone = (await sessionOf(browser, target)) === undefined;
    if (!gone) await sleep(pollMs);
  }
  return tell(options, {
    what: 'application session',
    note: gone ? 'ended by back-channel logout' : 'still alive',
    expected: `ended within ${leaverDeadlineMs / 1000} s`,
    ms: performance.now() - begun,
    faults: gone ? [] : ['the leaver is still signed in'],
  });
}

/** Goes through the company's click page when it is shown, and through anything else as it comes. */
async function tryToReturn(browser: Browser, target: CompanyTarget, person: Person): Promise<Page> {
  const page = await enterAddress(browser, target, person.userName);
  const asked = hasHost(page, target.companyUrl) && page.body.includes(`value="${person.id}"`);
  return asked ? clickAtCompany(browser, page, person) : page;
}

/** At the company the person is merely not offered; anywhere else it must be a 403 that says so. */
function honestRefusal(page: Page, target: CompanyTarget): string[] {
  const atCompany = target.companyUrl !== undefined && page.url.startsWith(target.companyUrl);
  if (atCompany ? page.status < 500 : page.status === 403 && alertOf(page.body) !== undefined) return [];
  return [`refused in a strange way: ${said(page)}`];
}

/** The person tries to sign in again and gets nowhere. */
export async function expectRefusal(
  browser: Browser,
  target: CompanyTarget,
  person: Person,
  because: string,
  options: VisitOptions,
): Promise<number> {
  const page = await tryToReturn(browser, target, person);
  const inside = (await sessionOf(browser, target)) !== undefined;
  return tell(options, {
    what: 'browser application -> Gatehouse -> company',
    note: because,
    expected: 'no way back in',
    status: page.status,
    faults: inside ? [`signed in again (${said(page)})`] : honestRefusal(page, target),
  });
}
