import { listVisibleApplications } from '../../identity/applications/find.js';
import type { Core } from '../../identity/core.js';
import type { SsoConnectionDocument } from '../../persistence/collections/sso-connections.js';
import { AppError } from '../../shared/errors.js';
import { ownPath } from '../sign-in-flow.js';

const hrefOf = (text: string): string | undefined => (URL.canParse(text) ? new URL(text).href : undefined);

/**
 * Whoever begins a sign-in in a provider's name has to name this connection's.
 *
 * @param iss - the parameter as it came; undefined: not named.
 * @throws AppError `input.invalid`.
 */
export function requireIssuer({ issuer }: SsoConnectionDocument, iss: unknown): void {
  if (iss === undefined || (typeof iss === 'string' && hrefOf(iss) === hrefOf(issuer))) return;
  throw new AppError('input.invalid', 'This sign-in was begun for another company’s provider.');
}

const isPlain = ({ protocol, username, password }: URL): boolean =>
  ['http:', 'https:'].includes(protocol) && username === '' && password === '';

async function isApplications(core: Core, tenantId: string, origin: string): Promise<boolean> {
  const applications = await listVisibleApplications(core, tenantId);
  return applications
    .filter(({ enabled }) => enabled)
    .flatMap(({ redirectUris, postLogoutRedirectUris }) => [...redirectUris, ...postLogoutRedirectUris])
    .some((address) => URL.canParse(address) && new URL(address).origin === origin);
}

/**
 * Where a sign-in that somebody else began may lead: a page of ours, or one of an application of the tenant. Anything else would make
 * our address a door to everywhere.
 *
 * @param target - the parameter `target_link_uri` as it came; undefined: not named.
 * @returns an own path, or the application's address.
 * @throws AppError `input.invalid`.
 */
export async function requireTarget(
  core: Core,
  tenantId: string,
  target: unknown,
): Promise<string | undefined> {
  if (target === undefined || target === '') return undefined;
  const refused = new AppError('input.invalid', 'The page this sign-in should lead to is not one of ours.');
  if (typeof target !== 'string' || target.length > 2000) throw refused;
  const own = ownPath(target);
  if (own !== undefined) return own;
  if (!URL.canParse(target)) throw refused;
  const url = new URL(target);
  const isOwn = url.origin === new URL(core.config.baseUrl).origin;
  const path = isOwn ? ownPath(`${url.pathname}${url.search}`) : url.href;
  if (path === undefined || !isPlain(url)) throw refused;
  if (!isOwn && !(await isApplications(core, tenantId, url.origin))) throw refused;
  return path;
}
