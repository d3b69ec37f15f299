import type { Request, Response } from 'express';
import { z } from 'zod';
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
import { noteSecondFactor, revokeOtherSessions, revokeSession } from '../../identity/users/sessions.js';
import { AppError } from '../../shared/errors.js';
import { sessionFormToken, type LiveSession } from '../session-guard.js';
import { accountPlaces } from '../views/account-frame.js';
import { BackupCodesPage, EnrolmentPage } from '../views/enrolment-pages.js';
import { sendPage } from '../views/layout.js';
import { actorOf, type AccountWork } from './account-form.js';
import { addressOf } from './account-page.js';

const securityPath = accountPlaces.security.path;

const text = z.string().min(1).max(1000);
const passwordForm = z.object({ current: text, password: text, password2: text });
const proofForm = z.object({ password: text.optional(), code: text.optional() });
const confirmForm = z.object({ code: z.string().max(64) });
const sessionForm = z.object({ session: z.string().max(100) });

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
      back={{ href: securityPath, text: 'Back to your account' }}
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
    sendPage(res, 200, <BackupCodesPage codes={codes} next={securityPath} />);
  } catch (error) {
    if (!offer || !(error instanceof AppError) || error.code !== 'input.invalid') throw error;
    const alert = 'That code is not right. Type the one your app shows now.';
    showSetUp(core, res, live, offer, { status: 400, alert });
  }
}

async function takeRenewal(core: Core, live: LiveSession, req: Request, res: Response): Promise<void> {
  const proof: OwnProof = proofForm.safeParse(req.body).data ?? {};
  const codes = await renewBackupCodes(core, await actorOf(core, live, req), live.user, proof);
  sendPage(res, 200, <BackupCodesPage codes={codes} next={securityPath} />);
}

async function takeRemoval(core: Core, live: LiveSession, req: Request, res: Response): Promise<void> {
  const proof: OwnProof = proofForm.safeParse(req.body).data ?? {};
  await removeOwnTwoFactor(core, await actorOf(core, live, req), live.user, live.settings, proof);
  res.redirect(303, `${securityPath}?done=2fa_off`);
}

async function takeSessionEnd(core: Core, live: LiveSession, req: Request, res: Response): Promise<void> {
  const form = sessionForm.safeParse(req.body).data;
  await revokeSession(core, await actorOf(core, live, req), live.user, form?.session ?? '');
  res.redirect(303, `${accountPlaces.sessions.path}?done=session`);
}

async function takeOthersEnd(core: Core, live: LiveSession, req: Request, res: Response): Promise<void> {
  await revokeOtherSessions(core, await actorOf(core, live, req), live.user, live.session);
  res.redirect(303, `${accountPlaces.sessions.path}?done=sessions`);
}

/** Forms about password and second factor, by their own paths. */
export const securityForms: Readonly<Record<string, AccountWork>> = {
  '/account/password': takePassword,
  '/account/2fa': takeSetUp,
  '/account/2fa/confirm': takeFirstCode,
  '/account/2fa/backup-codes': takeRenewal,
  '/account/2fa/remove': takeRemoval,
};

/** Forms about sessions, by their own paths. */
export const sessionForms: Readonly<Record<string, AccountWork>> = {
  '/account/sessions/end': takeSessionEnd,
  '/account/sessions/end-others': takeOthersEnd,
};
