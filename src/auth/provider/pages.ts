import type { Request, Response } from 'express';
import type { ErrorOut, KoaContextWithOIDC } from 'oidc-provider';
import type { Core } from '../../identity/core.js';
import { liveSessionOf } from './live-session.js';

const escapes: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};
const escapeHtml = (text: string): string =>
  text.replace(/[&<>"']/g, (character) => escapes[character] ?? '');

/** A page of the provider's own: no script, nothing loaded from elsewhere. */
function page(title: string, body: string): string {
  return (
    `<!doctype html><html lang="en"><head><meta charset="utf-8">` +
    `<meta name="viewport" content="width=device-width, initial-scale=1">` +
    `<title>${escapeHtml(title)} · Gatehouse</title></head>` +
    `<body><main><h1>${escapeHtml(title)}</h1>${body}</main></body></html>`
  );
}

function errorPage(message: string): string {
  return page('That did not work', `<p role="alert">${escapeHtml(message)}</p>`);
}

/** An error page outside the library's own routes. */
export function sendErrorPage(_req: Request, res: Response, status: number, message: string): void {
  res.status(status).type('html').send(errorPage(message));
}

/** A fault of an application's request, or of ours, where the browser cannot be sent back to the application. */
export function renderError(ctx: KoaContextWithOIDC, out: ErrorOut, _error: Error): void {
  const detail =
    out.error === 'server_error'
      ? 'Something went wrong on our side. Please try again.'
      : `The application sent a request that cannot be answered: ${out.error_description ?? out.error} (${out.error}).`;
  ctx.type = 'html';
  ctx.body = errorPage(detail);
}

/**
 * Asks before signing out (OpenID Connect RP-Initiated Logout 1.0 section 2): a foreign page may link here, so only the person decides.
 *
 * @param form - the library's form, with its one-time token.
 */
export async function logoutPage(core: Core, ctx: KoaContextWithOIDC, form: string): Promise<void> {
  const live = await liveSessionOf(core, ctx.req);
  const who = live ? ` as ${escapeHtml(live.user.email ?? live.user.userName)}` : '';
  ctx.type = 'html';
  ctx.body = page(
    'Sign out?',
    `<p>You are signed in${who}. Signing out ends your session in all applications.</p>${form}` +
      `<button type="submit" form="op.logoutForm" name="logout" value="yes">Sign out</button> ` +
      `<button type="submit" form="op.logoutForm">Stay signed in</button>`,
  );
}

/** After a sign-out no application wanted the browser back from. */
export function loggedOutPage(ctx: KoaContextWithOIDC): void {
  ctx.type = 'html';
  ctx.body = page('You are signed out', '<p>You can close this page.</p>');
}
