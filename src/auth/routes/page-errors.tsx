import type { ErrorRequestHandler, Response } from 'express';
import { toAppError } from '../../http/error-page.js';
import { requestIdOf } from '../../http/request-context.js';
import { pageHeaders } from '../../http/security-headers.js';
import type { Core } from '../../identity/core.js';
import { lockText } from '../refusals.js';
import { SignInForgotten, type SignInContext } from '../sign-in-flow.js';
import { ProviderFault } from '../sso/provider-fault.js';
import { sendPage } from '../views/layout.js';
import { RefusalPage } from '../views/sign-in-pages.js';

const titles: Readonly<Record<number, string>> = {
  403: 'You cannot sign in',
  404: 'Page not found',
  429: 'Please wait a little',
};

/** A message with its full stop. */
const sentence = (text: string): string => (/[.!?]$/.test(text) ? text : `${text}.`);

function titleOf({ status }: { status: number }, code: string | undefined): string {
  if (code === 'csrf.invalid') return 'Please start again';
  return titles[status] ?? (status >= 500 ? 'Something went wrong' : 'That did not work');
}

/** Renders what the sign-in pages throw as a page with a way back; nothing of the cause is shown. */
export function pageErrors(core: Core): ErrorRequestHandler {
  return (error: unknown, req, res, next) => {
    if (res.headersSent) {
      next(error);
      return;
    }
    if (error instanceof SignInForgotten) {
      res.redirect(303, error.path);
      return;
    }
    const shown = error instanceof ProviderFault ? error : toAppError(error, core.log, req);
    if ('retryAfterSeconds' in shown && shown.retryAfterSeconds !== undefined) {
      res.setHeader('Retry-After', String(shown.retryAfterSeconds));
    }
    sendPage(
      res,
      shown.status,
      <RefusalPage
        title={titleOf(shown, 'code' in shown ? shown.code : undefined)}
        alert={sentence(shown.message)}
        reference={requestIdOf(req)}
        links={[{ href: '/signin', text: 'Back to sign-in' }]}
      />,
    );
  };
}

/** The same for every other address, where it is a browser that asks. */
export function browserErrors(core: Core): ErrorRequestHandler {
  const render = pageErrors(core);
  const headers = pageHeaders();
  return (error: unknown, req, res, next) => {
    if (res.headersSent || req.accepts(['json', 'html']) !== 'html') next(error);
    else headers(req, res, () => render(error, req, res, next));
  };
}

/** Too many attempts: there is nothing to type before the time is over. */
export function showLocked(res: Response, seconds: number, context: SignInContext): void {
  res.setHeader('Retry-After', String(seconds));
  const links = [{ href: `/signin?flow=${context.id}`, text: 'Back to sign-in' }];
  const shown = { alert: lockText(seconds), waitSeconds: seconds, links };
  sendPage(res, 429, <RefusalPage title="Please wait a little" {...shown} />);
}

/** Somebody who has proved who they are, and may not come in all the same. */
export function showRefusal(
  res: Response,
  alert: string,
  context: SignInContext,
  status: 401 | 403 = 403,
): void {
  const links = [{ href: `/signin?flow=${context.id}`, text: 'Use another email' }];
  sendPage(res, status, <RefusalPage title="You cannot sign in" alert={alert} links={links} />);
}
