import { decodeJwt } from 'jose';
import type { KoaContextWithOIDC } from 'oidc-provider';
import type { Core } from '../../identity/core.js';
import { findTenantConfig } from '../../identity/tenants/config.js';
import { reachOf } from '../../identity/tenants/server-applications.js';
import { errors, interactionPolicy } from '../../infrastructure/oidc-provider-library.js';
import { onlyTenantOf } from '../sign-in-scope.js';
import type { AccountAccess } from './account-access.js';
import { applicationOf } from './accounts.js';

/** Whether a person has just signed in for this very request: asking once more would bring nothing else. */
const hasJustSignedIn = ({ oidc }: KoaContextWithOIDC): boolean =>
  (oidc.result as { login?: unknown } | undefined)?.login !== undefined;

/** What the request wants to hold of a claim. */
function wanted(
  { oidc }: KoaContextWithOIDC,
  claim: 'acr' | 'sub',
  place: 'id_token' | 'userinfo' = 'id_token',
): Record<string, unknown> {
  const value: unknown = oidc.claims[place]?.[claim];
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

/**
 * Whom the request is about: the person of `id_token_hint`, which was verified when the request came in, or one of those the claim `sub`
 * names, be it for the ID token or for userinfo.
 */
function* subjectsOf(ctx: KoaContextWithOIDC): Iterable<readonly unknown[]> {
  const hint = ctx.oidc.params?.['id_token_hint'];
  if (typeof hint === 'string') yield [decodeJwt(hint).sub];
  for (const place of ['id_token', 'userinfo'] as const) {
    const { value, values } = wanted(ctx, 'sub', place);
    if (value !== undefined) yield [value];
    if (Array.isArray(values)) yield values as unknown[];
  }
}

/**
 * No application gets a token about another person (OpenID Connect Core sections 3.1.2.2 and 5.5.1): a user who signs in as another than
 * the one asked for brings the application an error, and not the sign-in page once more.
 *
 * @throws LoginRequired
 */
function isSomebodyElse(ctx: KoaContextWithOIDC): boolean {
  const isOther = [...subjectsOf(ctx)].some((people) => !people.includes(ctx.oidc.session?.accountId));
  if (isOther && hasJustSignedIn(ctx)) {
    throw new errors.LoginRequired('the session belongs to a different user than the request');
  }
  return isOther;
}

/** Whether a company's provider may sign people of the application in: it alone vouches for an `acr`. */
async function hasCompanies(core: Core, { oidc }: KoaContextWithOIDC): Promise<boolean> {
  const application = applicationOf(oidc.client);
  const tenantId = onlyTenantOf(reachOf(application));
  if (tenantId === null) return true;
  return ((await findTenantConfig(core, tenantId))?.ssoDomains.size ?? 0) > 0;
}

/**
 * An essential `acr` is asked of the person's company, by a sign-in. One that the sign-in did not bring, or that no company can, is a
 * failed authentication (OpenID Connect Core section 5.5.1.1), and an error to the application.
 *
 * @throws UnmetAuthenticationRequirements
 */
async function isOtherAcr(core: Core, ctx: KoaContextWithOIDC): Promise<boolean> {
  const { essential, value, values } = wanted(ctx, 'acr');
  if (essential !== true) return false;
  const demanded: unknown[] = [values ?? []].flat().concat(value ?? []);
  if (demanded.length === 0 || demanded.includes(ctx.oidc.session?.acr)) return false;
  if (hasJustSignedIn(ctx) || !(await hasCompanies(core, ctx))) {
    throw new errors.UnmetAuthenticationRequirements('none of the requested acr values was obtained');
  }
  return true;
}

/**
 * For a user whom the tenant does not let use it, the application gets an error, and no page is shown.
 *
 * @throws AccessDenied
 */
function requireAllowed({ oidc }: KoaContextWithOIDC): boolean {
  const access = oidc.account?.['access'] as AccountAccess | undefined;
  if (access?.isAllowed === false)
    throw new errors.AccessDenied('the organization does not let this person use the application');
  return false;
}

/**
 * When an authorization request shows the sign-in page: the library's own reasons (no session, `prompt=login`, `max_age`, another
 * account in `id_token_hint`), and whenever the browser's session does not do for this application: ended, of a tenant that the
 * request is not for, disabled since. Consent is asked for applications of third parties; the
 * others' `prompt=consent` is answered at once.
 */
export function signInPolicy(core: Core): ReturnType<typeof interactionPolicy.base> {
  const { Check, Prompt, base } = interactionPolicy;
  const policy = base();
  // A browser holds one account at a time, so choosing another means signing in with it.
  policy.add(new Prompt({ name: 'select_account', requestable: true }), 0);
  const checks = policy.get('login')?.checks;
  // The third argument makes prompt=none answer login_required, as OpenID Connect Core section 3.1.2.6 wants it.
  checks?.add(
    new Check(
      'session_unusable',
      'the session does not serve this application',
      'login_required',
      (ctx) => ctx.oidc.session?.accountId !== undefined && ctx.oidc.account === undefined,
    ),
  );
  checks?.add(new Check('another_subject', 'another person is asked for', 'login_required', isSomebodyElse));
  checks?.add(
    new Check('another_acr', 'another acr is asked for', 'unmet_authentication_requirements', (ctx) =>
      isOtherAcr(core, ctx),
    ),
  );
  // After the sign-in: a request to sign in as another person comes first.
  const allowed = new Check('not_allowed', 'the person may not use it', 'access_denied', requireAllowed);
  policy.add(new Prompt({ name: 'access', requestable: false }, allowed), 2);
  return policy;
}
