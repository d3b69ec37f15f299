import { formsOf, type Form } from './html-forms.js';

/** What a cookie jar must do; tough-cookie's `CookieJar` fits. */
export interface CookieJar {
  getCookieString(url: string): Promise<string>;
  setCookie(header: string, url: string): Promise<unknown>;
}

/** Where a browser has ended up. */
export interface Page {
  url: string;
  status: number;
  headers: Headers;
  body: string;
  /** Every address on the way here, this one included. */
  visited: string[];
}

/** A browser without JavaScript: follows redirects, keeps cookies, fills in forms. */
export interface Browser {
  get(url: string): Promise<Page>;
  /**
   * Sends the page's first form that has all these fields, with its hidden ones and its only button.
   *
   * @param action - only the form that goes to this path.
   */
  submit(page: Page, fields: Readonly<Record<string, string>>, action?: string): Promise<Page>;
}

/** The page has no form with the fields a person would fill in. */
export class NoSuchForm extends Error {
  constructor(page: Page, fields: readonly string[]) {
    super(`${page.url} (${page.status}) has no form with ${fields.join(', ') || 'a button'}`);
    this.name = 'NoSuchForm';
  }
}

const maxRedirects = 25;

interface Visit {
  url: string;
  method: string;
  body?: URLSearchParams;
  referer?: string;
}

async function fetchOnce(jar: CookieJar, visit: Visit): Promise<Response> {
  const cookie = await jar.getCookieString(visit.url);
  const response = await fetch(visit.url, {
    method: visit.method,
    redirect: 'manual',
    headers: {
      accept: 'text/html,application/json;q=0.9',
      ...(cookie && { cookie }),
      ...(visit.referer && visit.method === 'POST' && { origin: new URL(visit.referer).origin }),
    },
    ...(visit.body && { body: visit.body }),
  });
  for (const header of response.headers.getSetCookie()) await jar.setCookie(header, visit.url);
  return response;
}

/** 303 always turns into GET, 301 and 302 do for POST; 307 and 308 repeat the request. */
function nextVisit(visit: Visit, status: number, location: string): Visit {
  const url = new URL(location, visit.url).href;
  return status === 307 || status === 308 ? { ...visit, url } : { url, method: 'GET' };
}

async function visitAll(jar: CookieJar, first: Visit): Promise<Page> {
  const visited: string[] = [];
  let visit = first;
  while (visited.length < maxRedirects) {
    visited.push(visit.url);
    const response = await fetchOnce(jar, visit);
    const location = response.headers.get('location');
    if (location === null || response.status < 300 || response.status > 399) {
      const body = await response.text();
      return { url: visit.url, status: response.status, headers: response.headers, body, visited };
    }
    await response.body?.cancel();
    visit = nextVisit(visit, response.status, location);
  }
  throw new Error(`${first.url} redirects without end: ${visited.slice(-4).join(' -> ')}`);
}

function fits(form: Form, fields: Readonly<Record<string, string>>): boolean {
  return Object.entries(fields).every(([name, value]) =>
    form.buttons.some((button) => button.name === name && button.value === value)
      ? true
      : form.fields.has(name),
  );
}

function visitOf(form: Form, page: Page, fields: Readonly<Record<string, string>>): Visit {
  const values = new URLSearchParams([...form.fields]);
  const only = form.buttons.length === 1 ? form.buttons[0] : undefined;
  if (only?.name) values.set(only.name, only.value);
  for (const [name, value] of Object.entries(fields)) values.set(name, value);
  const url = new URL(form.action || page.url, page.url);
  if (form.method === 'POST') return { url: url.href, method: 'POST', body: values, referer: page.url };
  url.search = values.toString();
  return { url: url.href, method: 'GET' };
}

/** Opens a browser on a jar; two browsers on one jar are two windows of the same one. */
export function openBrowser(jar: CookieJar): Browser {
  return {
    get: (url) => visitAll(jar, { url, method: 'GET' }),
    async submit(page, fields, action) {
      const form = formsOf(page.body).find(
        (candidate) => fits(candidate, fields) && (action === undefined || candidate.action === action),
      );
      if (form === undefined) throw new NoSuchForm(page, Object.keys(fields));
      return visitAll(jar, visitOf(form, page, fields));
    },
  };
}
