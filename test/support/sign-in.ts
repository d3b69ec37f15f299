import { openBrowser, type Browser, type Page } from './browser.js';

/** Opens the sign-in page and types an address. */
export async function typeEmail(browser: Browser, email: string, query = ''): Promise<Page> {
  const first = await browser.get(`/signin${query}`);
  return browser.post('/signin', { _csrf: first.fields['_csrf'] ?? '', email });
}

/** Types a password into the password page. */
export function typePassword(browser: Browser, page: Page, password: string): Promise<Page> {
  return browser.post('/signin/password', { ...page.fields, password });
}

/** A whole local sign-in with forms of its own. */
export async function signIn(browser: Browser, email: string, password: string, query = ''): Promise<Page> {
  return typePassword(browser, await typeEmail(browser, email, query), password);
}

/** One attempt from a browser nobody has used before. */
export function attempt(origin: string, email: string, password: string, query = ''): Promise<Page> {
  return signIn(openBrowser(origin), email, password, query);
}
