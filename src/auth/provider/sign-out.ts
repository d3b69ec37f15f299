import type { KoaContextWithOIDC } from 'oidc-provider';
import type { Core } from '../../identity/core.js';
import { singleLogoutUrl } from '../saml/single-logout.js';
import type { LiveSession } from '../session-guard.js';
import { endSession } from '../sessions.js';
import { liveSessionOf } from './live-session.js';

/** Whether the request proves by its `id_token_hint`, verified by now, that it comes from an application of this very session. */
function isOfSession({ oidc }: KoaContextWithOIDC, { session, user }: LiveSession): boolean {
  const { payload } = (oidc.entities.IdTokenHint ?? {}) as { payload?: { sid?: unknown; sub?: unknown } };
  return payload?.sid === session._id && payload.sub === user._id;
}

/** Where the browser goes after a sign-out: to the application, which was checked to have registered it, or to our own page. */
function wayBack({ oidc }: KoaContextWithOIDC): string {
  const { post_logout_redirect_uri: uri, state } = oidc.params ?? {};
  if (typeof uri !== 'string') return oidc.urlFor('end_session_success');
  if (typeof state !== 'string') return uri;
  return `${uri}${uri.includes('?') ? '&' : '?'}state=${encodeURIComponent(state)}`;
}

/** @returns where the browser goes first, to sign out at its company's SAML provider too; undefined: nowhere. */
async function endEverywhere(
  core: Core,
  ctx: KoaContextWithOIDC,
  live: LiveSession,
  target: string,
): Promise<string | undefined> {
  const elsewhere = await singleLogoutUrl(core, live.session, target);
  await endSession(core, ctx.req, ctx.res, live);
  return elsewhere;
}

/**
 * Signs out without a question where there is nothing to ask: the browser has no session, or an application of this very session wants it
 * (OpenID Connect RP-Initiated Logout 1.0 section 2). Any other request may come from a foreign page, and the person decides.
 *
 * @param live - the browser's session before the library's part of the answer.
 */
async function signOutAtOnce(
  core: Core,
  ctx: KoaContextWithOIDC,
  live: LiveSession | undefined,
): Promise<void> {
  if (ctx.status !== 200 || (live && !isOfSession(ctx, live))) return;
  const target = wayBack(ctx);
  const elsewhere = live && (await endEverywhere(core, ctx, live, target));
  await ctx.oidc.session?.destroy();
  ctx.status = 303;
  ctx.redirect(elsewhere ?? target);
}

/** Our part of the two steps of a sign-out, the request and its confirmation, around the library's; any other request passes. */
export async function followSignOut(
  core: Core,
  ctx: KoaContextWithOIDC,
  next: () => Promise<void>,
): Promise<void> {
  const isAsked = ctx.method === 'GET' && ctx.path === '/session/end';
  const isConfirmed = ctx.method === 'POST' && ctx.path === '/session/end/confirm';
  // Looked up before: the library's part of the sign-out must not hide whose session it was.
  const live = isConfirmed || isAsked ? await liveSessionOf(core, ctx.req) : undefined;
  await next();
  if (isAsked) await signOutAtOnce(core, ctx, live);
  if (isConfirmed && live && ctx.status === 303 && ctx.oidc.params?.['logout']) {
    const elsewhere = await endEverywhere(core, ctx, live, ctx.response.get('location'));
    if (elsewhere !== undefined) ctx.redirect(elsewhere);
  }
}
