import type { Core } from '../../src/identity/core.js';
import { systemActor } from '../../src/identity/actors.js';
import { createApplication } from '../../src/identity/applications/applications.js';
import type { ApplicationInput } from '../../src/identity/applications/fields.js';
import type { ApplicationDocument } from '../../src/persistence/collections/applications.js';
import { newId } from '../../src/shared/ids.js';
import type { Browser, Page } from './browser.js';
import { callbackUri, loggedOutUri, type AuthorizationRequest } from './oidc.js';
import { unique } from './people.js';
import { typePassword } from './sign-in.js';

/** An application of the operator, for all tenants unless said otherwise. */
export async function givenServerApplication(
  core: Core,
  input: Partial<ApplicationInput> = {},
): Promise<ApplicationDocument & { secret: string }> {
  const key = unique('product');
  const secret = `secret-${newId()}`;
  const { application } = await createApplication(core, systemActor('server'), {
    key,
    name: `Product ${key}`,
    clientId: key,
    clientSecret: secret,
    redirectUris: [callbackUri],
    postLogoutRedirectUris: [loggedOutUri],
    tenants: 'all',
    ...input,
  });
  return { ...application, secret };
}

/** What an application is answered at its callback. */
export interface Answer {
  code: string | null;
  error: string | null;
  description: string | null;
  url: URL;
}

/** The answer that a redirect brings to the application; undefined when the browser stays at a page of ours. */
export function answerOf(page: Page): Answer | undefined {
  if (page.location?.startsWith(callbackUri) !== true) return undefined;
  const url = new URL(page.location);
  const [code, error, description] = ['code', 'error', 'error_description'].map((name) =>
    url.searchParams.get(name),
  );
  return { code: code ?? null, error: error ?? null, description: description ?? null, url };
}

/** Follows an authorization request until a page of ours or the application's callback. */
export async function ask(browser: Browser, request: AuthorizationRequest): Promise<Page> {
  return browser.follow(await browser.get(request.url), callbackUri);
}

/** Types an address into the sign-in page that a request led to. */
export function typeAddress(browser: Browser, page: Page, email: string): Promise<Page> {
  return browser.post('/signin', { ...page.fields, email });
}

/** Signs in with a password at the page that a request led to; the callback, or the page where it ends. */
export async function enterLocally(
  browser: Browser,
  page: Page,
  { email, password }: { email: string; password: string },
): Promise<Page> {
  const second = await typeAddress(browser, page, email);
  return browser.follow(await typePassword(browser, second, password), callbackUri);
}
