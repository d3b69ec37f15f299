import type { Request, RequestHandler, Response, Router } from 'express';
import { z } from 'zod';
import { withdrawConsent } from '../../identity/applications/consents.js';
import type { Core } from '../../identity/core.js';
import { changeOwnPassword } from '../../identity/credentials/own-password.js';
import type { OwnProof } from '../../identity/credentials/own-proof.js';
import {
  beginTwoFactor,
  confirmTwoFactor,
  pendingOffer,
  removeOwnTwoFactor,
  renewBackupCodes,
  type FactorOffer,
} from '../../identity/credentials/two-factor.js';
import { noteSecondFactor, revokeSession } from '../../identity/users/sessions.js';
import { AppError } from '../../shared/errors.js';
import { weakPasswordText } from '../refusals.js';
import { showBrand } from '../page-brand.js';
import { currentSession, isSessionFormToken, sessionFormToken, type LiveSession } from '../session-guard.js';
import { BackupCodesPage, EnrolmentPage } from '../views/enrolment-pages.js';
import { sendPage } from '../views/layout.js';
import { actorOf, type AccountWork } from './account-form.js';
import { provenForms } from './account-proven.js';
import { addressOf, showAccountPage } from './account-page.js';

const text = z.string().min(1).max(1000);
const passwordForm = z.object({ current: text, password: text, password2: text });
const proofForm = z.object({ password: text.optional(), code: text.optional() });
const confirmForm = z.object({ code: z.string().max(64) });
const consentForm = z.object({ application: z.string().max(100) });
const sessionForm = z.object({ session: z.string().max(100) });

type Work = (live: LiveSession, req: Request, res: Response) => Promise<void>;

/** What a refusal says to the person: its first fault, as a sentence. */
function alertOf({ errors, message }: AppError): string {
  const fault = errors[0];
  if (fault?.pointer === '/newPassword') return weakPasswordText(fault.detail);
  if (fault?.pointer === '/currentPassword') return 'Your current password is not right.';
  return `${message.charAt(0).toUpperCase()}${message.slice(1)}.`;
}

/** A form of the account page: of a live session, sent from our own page; what is refused is shown there. */
function accountForm(core: Core, work: Work): RequestHandler {
  return async (req, res) => {
    const live = await currentSession(core, req);
    if (!live) {
      res.redirect(303, '/signin?return_to=/account');
      return;
    }
    await showBrand(core, res, live.tenant._id);
    const body = (req.body ?? {}) as Record<string, unknown>;
    if (!isSessionFormToken(core, live.session, body['_csrf'])) {
      throw new AppError('csrf.invalid', 'This page has expired. Please try again.');
    }
    try {
      await work(live, req, res);
    } catch (error) {
      if (!(error instanceof AppError) || error.status >= 500) throw error;
      if (error.retryAfterSeconds !== undefined)
        res.setHeader('Retry-After', String(error.retryAfterSeconds));
      await showAccountPage(core, res, live, { status: error.status, alert: alertOf(error) });
    }
  };
}

/** Changing the password ends every session, this one too (M0-34). */
async function takePassword(core: Core, live: LiveSession, req: Request, res: Response): Promise<void> {
  const form = passwordForm.safeParse(req.body).data;
  if (!form) throw new AppError('input.invalid', 'Enter a valid password');
  if (form.password !== form.password2)
    throw new AppError('input.invalid', 'The two passwords are not the same');
  const change = { currentPassword: form.current, newPassword: form.password };
  await changeOwnPassword(core, await actorOf(core, live, req), live.user, change);
  res.redirect(303, `/signin?tenant=${encodeURIComponent(live.tenant.slug)}&done=password`);
}

function showSetUp(
  core: Core,
  res: Response,
  live: LiveSession,
  offer: FactorOffer,
  answer: { status: number; alert?: string } = { status: 200 },
): void {
  sendPage(
    res,
    answer.status,
    <EnrolmentPage
      {...offer}
      csrf={sessionFormToken(core, live.session)}
      action="/account/2fa/confirm"
      email={addressOf(live)}
      tenantName={live.tenant.name}
      isRequired={false}
      back={{ href: '/account', text: 'Back to your account' }}
      alert={answer.alert}
    />,
  );
}

async function takeSetUp(core: Core, live: LiveSession, req: Request, res: Response): Promise<void> {
  const proof: OwnProof = proofForm.safeParse(req.body).data ?? {};
  showSetUp(core, res, live, await beginTwoFactor(core, live.user, live.settings, proof));
}

async function takeFirstCode(core: Core, live: LiveSession, req: Request, res: Response): Promise<void> {
  const code = confirmForm.safeParse(req.body).data?.code ?? '';
  const offer = await pendingOffer(core, live.user);
  try {
    const codes = await confirmTwoFactor(core, await actorOf(core, live, req), live.user, code);
    await noteSecondFactor(core, live.session);
    sendPage(res, 200, <BackupCodesPage codes={codes} next="/account" />);
  } catch (error) {
    if (!offer || !(error instanceof AppError) || error.code !== 'input.invalid') throw error;
    const alert = 'That code is not right. Type the one your app shows now.';
    showSetUp(core, res, live, offer, { status: 400, alert });
  }
}

async function takeRenewal(core: Core, live: LiveSession, req: Request, res: Response): Promise<void> {
  const proof: OwnProof = proofForm.safeParse(req.body).data ?? {};
  const codes = await renewBackupCodes(core, await actorOf(core, live, req), live.user, proof);
  sendPage(res, 200, <BackupCodesPage codes={codes} next="/account" />);
}

async function takeRemoval(core: Core, live: LiveSession, req: Request, res: Response): Promise<void> {
  const proof: OwnProof = proofForm.safeParse(req.body).data ?? {};
  await removeOwnTwoFactor(core, await actorOf(core, live, req), live.user, live.settings, proof);
  res.redirect(303, '/account?done=2fa_off');
}

async function takeSessionEnd(core: Core, live: LiveSession, req: Request, res: Response): Promise<void> {
  const form = sessionForm.safeParse(req.body).data;
  await revokeSession(core, await actorOf(core, live, req), live.user, form?.session ?? '');
  res.redirect(303, '/account?done=session');
}

async function takeConsentBack(core: Core, live: LiveSession, req: Request, res: Response): Promise<void> {
  const form = consentForm.safeParse(req.body).data;
  await withdrawConsent(core, await actorOf(core, live, req), form?.application ?? '');
  res.redirect(303, '/account?done=consent');
}

/** The forms of the account page: password, second factor, sessions, consents. */
export function accountSecurityRoutes(core: Core, router: Router, form: RequestHandler[]): void {
  const forms: Record<string, AccountWork> = {
    '/account/password': takePassword,
    '/account/2fa': takeSetUp,
    '/account/2fa/confirm': takeFirstCode,
    '/account/2fa/backup-codes': takeRenewal,
    '/account/2fa/remove': takeRemoval,
    '/account/sessions/end': takeSessionEnd,
    '/account/consents/withdraw': takeConsentBack,
    ...provenForms,
  };
  for (const [path, take] of Object.entries(forms)) {
    router.post(
      path,
      form,
      accountForm(core, (live, req, res) => take(core, live, req, res)),
    );
    // A reloaded form.
    router.get(path, (_req, res) => res.redirect(303, '/account'));
  }
}
