import type { Request, Response } from 'express';
import type { ErrorOut, KoaContextWithOIDC } from 'oidc-provider';
import { requestIdOf } from '../../http/request-context.js';
import type { Core } from '../../identity/core.js';
import { findBrand } from '../page-brand.js';
import { languageFor, themeFor } from '../page-choices.js';
import { useText } from '../views/language.js';
import { allowLogo, Page, renderPage, sendPage } from '../views/layout.js';
import { RefusalPage } from '../views/sign-in-pages.js';
import { liveSessionOf } from './live-session.js';

/** The tenant a page of the provider is for: the application's, where the request names one. */
function tenantOf(ctx: KoaContextWithOIDC): string | null {
  const entities = ctx.oidc as KoaContextWithOIDC['oidc'] | undefined;
  const id = entities?.client?.['tenant_id'];
  return typeof id === 'string' ? id : null;
}

async function answer(
  core: Core,
  ctx: KoaContextWithOIDC,
  page: React.ReactElement,
  tenantId = tenantOf(ctx),
): Promise<void> {
  const brand = await findBrand(core, tenantId);
  const policy = ctx.response.get('Content-Security-Policy');
  if (policy !== '') ctx.set('Content-Security-Policy', allowLogo(policy, brand));
  ctx.type = 'html';
  const look = { theme: themeFor(ctx.req) };
  ctx.body = renderPage(page, { brand, language: languageFor(ctx.req), look });
}

const refusal = (
  message: string,
  reference: string,
  links: readonly { href: string; text: string }[] = [],
): React.ReactElement => (
  <RefusalPage title="That did not work" alert={message} reference={reference} links={links} />
);

/** An error page outside the library's own routes. */
export function sendErrorPage(req: Request, res: Response, status: number, message: string): void {
  sendPage(res, status, refusal(message, requestIdOf(req)));
}

/** A confirmation of a sign-out that was sent twice, or from an old page: a browser without a session is signed out. */
async function answerOldConfirmation(core: Core, ctx: KoaContextWithOIDC): Promise<void> {
  if (!(await liveSessionOf(core, ctx.req))) {
    ctx.status = 200;
    await loggedOutPage(core, ctx);
    return;
  }
  const links = [{ href: '/signout', text: 'Sign out' }];
  await answer(core, ctx, refusal('This page has expired. Please try again.', requestIdOf(ctx.req), links));
}

/** A fault of an application's request, or of ours, where the browser cannot be sent back to the application. */
export async function renderError(core: Core, ctx: KoaContextWithOIDC, out: ErrorOut): Promise<void> {
  const isOurs = out.error === 'server_error';
  if (ctx.path === '/session/end/confirm' && !isOurs) return answerOldConfirmation(core, ctx);
  const reason = `${out.error_description ?? out.error} (${out.error})`;
  await answer(
    core,
    ctx,
    refusal(
      isOurs
        ? 'Something went wrong on our side. Please try again.'
        : `The application sent a request that cannot be answered: ${reason}.`,
      requestIdOf(ctx.req),
    ),
  );
}

/**
 * Asks before signing out (OpenID Connect RP-Initiated Logout 1.0 section 2): a foreign page may link here, so only the person decides.
 * The form carries the library's one-time token.
 */
export async function logoutPage(core: Core, ctx: KoaContextWithOIDC): Promise<void> {
  const live = await liveSessionOf(core, ctx.req);
  const token = ctx.oidc.session?.state?.['secret'];
  await answer(
    core,
    ctx,
    <EndPage
      action={ctx.oidc.urlFor('end_session_confirm')}
      token={typeof token === 'string' ? token : ''}
      email={live?.user.email ?? live?.user.userName}
    />,
    live?.user.tenantId ?? tenantOf(ctx),
  );
}

function EndPage(props: { action: string; token: string; email: string | undefined }): React.ReactElement {
  const t = useText();
  return (
    <Page title="Sign out?">
      {props.email !== undefined && <p>{t('You are signed in as {{email}}.', { email: props.email })}</p>}
      <p>{t('Signing out ends your session in all applications.')}</p>
      <form id="op.logoutForm" method="post" action={props.action}>
        <input type="hidden" name="xsrf" value={props.token} />
        <button type="submit" name="logout" value="yes">
          {t('Sign out')}
        </button>
        <button type="submit" className="quiet">
          {t('Stay signed in')}
        </button>
      </form>
    </Page>
  );
}

/** After a sign-out no application wanted the browser back from. */
export async function loggedOutPage(core: Core, ctx: KoaContextWithOIDC): Promise<void> {
  await answer(
    core,
    ctx,
    <Page title="You are signed out">
      <ClosingWords />
    </Page>,
  );
}

function ClosingWords(): React.ReactElement {
  const t = useText();
  return <p>{t('You can close this page.')}</p>;
}
