import { Router, urlencoded, type Request, type RequestHandler, type Response } from 'express';
import { refuseCrossSite } from '../../http/csrf.js';
import { multipartForm } from '../../http/multipart.js';
import { pageHeaders } from '../../http/security-headers.js';
import type { Core } from '../../identity/core.js';
import { owesTerms } from '../../identity/users/terms.js';
import { AppError } from '../../shared/errors.js';
import { showBrand } from '../page-brand.js';
import { keepLanguage, showLanguage } from '../page-choices.js';
import { weakPasswordText } from '../refusals.js';
import { currentSession, isSessionFormToken, sessionFormToken } from '../session-guard.js';
import { endSession } from '../sessions.js';
import { forgetAskedLanguages, ownPath } from '../sign-in-flow.js';
import { accountPlaces, type AccountPlace } from '../views/account-frame.js';
import { singleLogoutUrl } from '../saml/single-logout.js';
import { SignedOutPage, SignOutPage } from '../views/account-pages.js';
import { isLanguage } from '../views/language.js';
import { sendPage } from '../views/layout.js';
import { termsPath, termsPathTo } from '../views/terms-page.js';
import { expiredPage, type AccountWork } from './account-form.js';
import { addressOf, showAccountPage } from './account-page.js';
import { profileForms } from './account-profile.js';
import { addressForms, provenForms, showTerms } from './account-proven.js';
import { applicationForms } from './account-applications.js';
import { securityForms, sessionForms } from './account-security.js';
import { queryText } from './form-input.js';
import { pageErrors } from './page-errors.js';

const notices: ReadonlyMap<string | undefined, string> = new Map([
  ['2fa_off', 'Your second factor is off.'],
  ['session', 'That session has ended.'],
  ['sessions', 'All other sessions have ended.'],
  ['email', 'We have sent a link to your new address.'],
  ['consent', 'The application has nothing of yours any more.'],
  ['passkey', 'Your passkey is ready.'],
  ['passkey_off', 'That passkey is gone.'],
  ['proof', 'Thank you. You can go on now.'],
  ['profile', 'Your profile has been successfully updated.'],
  ['picture', 'Your picture is in use.'],
  ['picture_off', 'Your picture is gone.'],
  ['asked', 'You have asked for the role. You get a mail when it is decided.'],
  ['taken_back', 'You have taken the request back.'],
]);

/** The forms of each page of the account. */
const forms: Readonly<Partial<Record<AccountPlace, Readonly<Record<string, AccountWork>>>>> = {
  profile: { ...profileForms, ...addressForms },
  security: { ...securityForms, ...provenForms },
  sessions: sessionForms,
  applications: applicationForms,
};

async function showAccount(core: Core, req: Request, res: Response, place: AccountPlace): Promise<void> {
  const live = await currentSession(core, req);
  const { path } = accountPlaces[place];
  if (live && owesTerms(live.user, live.settings)) res.redirect(303, termsPathTo(path));
  else if (live) {
    const notice = notices.get(queryText(req, 'done'));
    await showAccountPage(core, res, live, place, { status: 200, notice, before: queryText(req, 'before') });
  } else res.redirect(303, `/signin?return_to=${path}`);
}

/** What a refusal says to the person: its first fault, as a sentence. */
function alertOf({ errors, message }: AppError): string {
  const fault = errors[0];
  if (fault?.pointer === '/newPassword') return weakPasswordText(fault.detail);
  if (fault?.pointer === '/currentPassword') return 'Your current password is not right.';
  if (fault?.pointer === '/givenName' || fault?.pointer === '/familyName') return fault.detail;
  return `${message.charAt(0).toUpperCase()}${message.slice(1)}.`;
}

/** A form of the account: of a live session, sent from our own page; what is refused is shown on the page it came from. */
function accountForm(core: Core, place: AccountPlace, work: AccountWork): RequestHandler {
  return async (req, res) => {
    const live = await currentSession(core, req);
    if (!live) {
      res.redirect(303, `/signin?return_to=${accountPlaces[place].path}`);
      return;
    }
    await showBrand(core, res, live.tenant._id);
    showLanguage(res, live.user.attributes['preferredLanguage']);
    const body = (req.body ?? {}) as Record<string, unknown>;
    if (!isSessionFormToken(core, live.session, body['_csrf'])) {
      throw new AppError('csrf.invalid', expiredPage);
    }
    try {
      await work(core, live, req, res);
    } catch (error) {
      if (!(error instanceof AppError) || error.status >= 500) throw error;
      if (error.retryAfterSeconds !== undefined)
        res.setHeader('Retry-After', String(error.retryAfterSeconds));
      await showAccountPage(core, res, live, place, { status: error.status, alert: alertOf(error) });
    }
  };
}

/** The pages of the account and their forms; a reloaded form leads to its page. */
function placeRoutes(core: Core, router: Router, form: RequestHandler[]): void {
  const places = Object.entries(accountPlaces) as [AccountPlace, { path: string }][];
  for (const [place, { path }] of places) {
    router.get(path, (req, res) => showAccount(core, req, res, place));
    for (const [action, work] of Object.entries(forms[place] ?? {})) {
      router.post(action, form, accountForm(core, place, work));
      router.get(action, (_req, res) => res.redirect(303, path));
    }
  }
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
      throw new AppError('csrf.invalid', expiredPage);
    }
    const elsewhere = await singleLogoutUrl(core, live.session, '/signout');
    await endSession(core, req, res, live);
    if (elsewhere !== undefined) {
      res.redirect(303, elsewhere);
      return;
    }
  }
  sendPage(res, 200, <SignedOutPage />);
}

/** A picture, and the fields beside it. */
const maxFileForm = 128 * 1024;

/** `/account` and `/signout`: what a signed-in person needs when no application waits. */
export function accountRoutes(core: Core): Router {
  const router = Router();
  const form = [urlencoded({ extended: false, limit: '16kb' }), refuseCrossSite()];
  const fileForm = multipartForm(maxFileForm);
  router.use(['/account', '/account/*rest', '/signout'], pageHeaders());
  // Whoever opens the bare address is a person who wants in.
  router.get('/', (_req, res) => res.redirect(303, '/account'));
  router.get(termsPath, (req, res) => showChangedTerms(core, req, res));
  router.post('/account/picture', fileForm);
  placeRoutes(core, router, form);
  router.get('/language/:language', async (req, res) => {
    if (isLanguage(req.params.language)) {
      keepLanguage(core.config, res, req.params.language);
      await forgetAskedLanguages(core, req);
    }
    res.redirect(303, ownPath(queryText(req, 'return_to')) ?? '/signin');
  });
  // Where password managers lead people to.
  router.get('/.well-known/change-password', (_req, res) => res.redirect(303, '/account/security'));
  router.get('/signout', (req, res) => askSignOut(core, req, res));
  router.post('/signout', form, (req: Request, res: Response) => signOut(core, req, res));
  router.use(['/account', '/account/*rest', '/signout'], pageErrors(core));
  return router;
}
