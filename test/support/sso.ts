import { systemActor } from '../../src/identity/actors.js';
import type { Core } from '../../src/identity/core.js';
import {
  createConnection,
  type SsoConnectionDocument,
  type SsoConnectionInput,
} from '../../src/identity/sso/connections.js';
import type { Browser, Page } from './browser.js';
import { idpClient, type Idp } from './idp.js';
import { unique } from './people.js';
import { typeEmail } from './sign-in.js';

/** A connection of the tenant to this provider, with one verified domain of its own unless given. */
export function givenConnection(
  core: Core,
  tenantId: string,
  idp: Idp,
  input: Partial<SsoConnectionInput> = {},
): Promise<SsoConnectionDocument> {
  return createConnection(core, systemActor(tenantId), {
    name: unique('connection'),
    issuer: idp.issuer,
    ...idpClient,
    mode: 'required',
    domains: [{ domain: `${unique('company')}.test`, verified: true }],
    ...input,
  });
}

/** From the typed address through the provider and back: the answer of our callback. */
export async function signInAtProvider(browser: Browser, email: string, query = ''): Promise<Page> {
  const leaving = await typeEmail(browser, email, query);
  if (leaving.location === undefined)
    throw new Error(`not forwarded: ${leaving.status} ${leaving.alert ?? ''}`);
  return atProvider(browser, leaving);
}

/** Follows a redirect to the provider and comes back with its response. */
export async function atProvider(browser: Browser, leaving: Page): Promise<Page> {
  const returning = await browser.get(leaving.location ?? '');
  return browser.get(returning.location ?? '');
}
