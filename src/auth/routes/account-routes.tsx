import { Router, urlencoded, type Request, type Response } from 'express';
import { refuseCrossSite } from '../../http/csrf.js';
import { pageHeaders } from '../../http/security-headers.js';
import type { Core } from '../../identity/core.js';
import { AppError } from '../../shared/errors.js';
import { showBrand } from '../page-brand.js';
import { currentSession, isSessionFormToken, sessionFormToken } from '../session-guard.js';
import { endSession } from '../sessions.js';
import { SignedOutPage, SignOutPage } from '../views/account-pages.js';
import { sendPage } from '../views/layout.js';
import { addressOf, showAccountPage } from './account-page.js';
import { owesTerms } from '../../identity/users/terms.js';
import { ownPath } from '../sign-in-flow.js';
import { termsPath, termsPathTo } from '../views/terms-page.js';
import { showTerms } from './account-proven.js';
import { accountSecurityRoutes } from './account-security.js';
import { queryText } from './form-input.js';
import { pageErrors } from './page-errors.js';

const notices: ReadonlyMap<string | undefined, string> = new Map([
  ['2fa_off', 'Your second factor is off.'],
  ['session', 'That session has ended.'],
  ['email', 'We have sent a link to your new address.'],
  ['consent', 'The application has nothing of yours any more.'],
  ['passkey', 'Your passkey is ready.'],
  ['passkey_off', 'That passkey is gone.'],
  ['proof', 'Thank you. You can go on now.'],
]);

async function showAccount(core: Core, req: Request, res: Response): Promise<void> {
  const live = await currentSession(core, req);
  if (live && owesTerms(live.user, live.settings)) res.redirect(303, termsPathTo('/account'));
  else if (live)
    await showAccountPage(core, res, live, { status: 200, notice: notices.get(queryText(req, 'done')) });
  else res.redirect(303, '/signin?return_to=/account');
}

/** Terms that have changed; who owes none goes on. */
async function showChangedTerms(core: Core, req: Request, res: Response): Promise<void> {
  const live = await currentSession(core, req);
  const returnTo = ownPath(queryText(req, 'return_to')) ?? '/account';
  if (!live || !owesTerms(live.user, live.settings)) {
    res.redirect(303, returnTo);
    return;
  }
  await showBrand(core, res, live.tenant._id);
  showTerms(core, live, res, { returnTo });
}

async function askSignOut(core: Core, req: Request, res: Response): Promise<void> {
  const live = await currentSession(core, req);
  await showBrand(core, res, live?.tenant._id ?? null);
  const page = live ? (
    <SignOutPage csrf={sessionFormToken(core, live.session)} email={addressOf(live)} />
  ) : (
    <SignedOutPage />
  );
  sendPage(res, 200, page);
}

async function signOut(core: Core, req: Request, res: Response): Promise<void> {
  const live = await currentSession(core, req);
  await showBrand(core, res, live?.tenant._id ?? null);
  if (live) {
    const body = (req.body ?? {}) as Record<string, unknown>;
    if (!isSessionFormToken(core, live.session, body['_csrf'])) {
      throw new AppError('csrf.invalid', 'This page has expired. Please try again.');
    }
    await endSession(core, req, res, live);
  }
  sendPage(res, 200, <SignedOutPage />);
}

/** `/account` and `/signout`: what a signed-in person needs when no application waits. */
export function accountRoutes(core: Core): Router {
  const router = Router();
  const form = [urlencoded({ extended: false, limit: '16kb' }), refuseCrossSite()];
  router.use(['/account', '/account/*rest', '/signout'], pageHeaders());
  // Whoever opens the bare address is a person who wants in.
  router.get('/', (_req, res) => res.redirect(303, '/account'));
  router.get('/account', (req, res) => showAccount(core, req, res));
  router.get(termsPath, (req, res) => showChangedTerms(core, req, res));
  accountSecurityRoutes(core, router, form);
  // Where password managers lead people to.
  router.get('/.well-known/change-password', (_req, res) => res.redirect(303, '/account#password'));
  router.get('/signout', (req, res) => askSignOut(core, req, res));
  router.post('/signout', form, (req: Request, res: Response) => signOut(core, req, res));
  router.use(['/account', '/account/*rest', '/signout'], pageErrors(core));
  return router;
}
