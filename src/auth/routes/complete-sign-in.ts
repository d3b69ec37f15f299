import type { Request, Response } from 'express';
import { noteBreakGlassUse } from '../../identity/sso/break-glass.js';
import { bypassedConnectionOf, requiredConnectionOf } from '../../identity/sso/company-sign-in.js';
import type { Core } from '../../identity/core.js';
import { hasBothFactors } from '../../identity/users/sessions.js';
import { owesTerms } from '../../identity/users/terms.js';
import { browserText } from '../views/plain-words.js';
import { termsPathTo } from '../views/terms-page.js';
import { accessStampOf } from '../../identity/users/session-end.js';
import type { UserDocument } from '../../persistence/collections/users.js';
import { AppError } from '../../shared/errors.js';
import { mayEnter, type Admission } from '../admission.js';
import { rememberDevice } from '../devices.js';
import { statusText } from '../refusals.js';
import { giveSession, openSession, visitorOf, type SignInProof } from '../sessions.js';
import type { SignInContext } from '../sign-in-flow.js';
import { isInScope, scopeOf } from '../sign-in-scope.js';

export interface Completion {
  context: SignInContext;
  admission: Pick<Admission, 'user' | 'settings' | 'status' | 'needsCode' | 'needsEnrolment'>;
  proof: SignInProof;
  /** What the first factor was judged under: nobody comes in by a password that was changed while a code was typed. */
  accessStamp: string;
}

/** A session that was made, as {@link enter} hands it out; plain JSON. */
export interface Opened {
  token: string;
  userId: string;
  /** Terms the person accepted have changed. */
  owesTerms?: boolean;
}

/**
 * The company may have become required while a code was typed, or be so by another name of the person: then it alone signs them in.
 *
 * @throws AppError `auth.forbidden`.
 */
export async function refuseForwarded(core: Core, user: UserDocument): Promise<void> {
  if (await requiredConnectionOf(core, user))
    throw new AppError(
      'auth.forbidden',
      'Your company signs you in: please start again with your company’s address.',
    );
}

/** @throws AppError `auth.forbidden` without a second factor. */
async function noteBypass(core: Core, req: Request, user: UserDocument, proof: SignInProof): Promise<void> {
  const connection = await bypassedConnectionOf(core, user);
  if (!connection) return;
  if (!hasBothFactors(proof))
    throw new AppError('auth.forbidden', 'Emergency access needs a second factor. Please sign in again.');
  const { ip, requestId, userAgent } = visitorOf(req);
  await noteBreakGlassUse(core, user, connection, { ip, requestId, browser: browserText(userAgent) });
}

/**
 * The one door to a session. Every factor is proved by now; the status was read a moment ago and is looked at once more here.
 *
 * @throws AppError `auth.forbidden` when the person was shut out, or everything of theirs revoked, since the first factor,
 *   and for a password of somebody whose company alone signs them in.
 */
export async function makeSession(core: Core, req: Request, completion: Completion): Promise<Opened> {
  const { accessStamp, admission, context, proof } = completion;
  const isHalfDone =
    (admission.needsCode || admission.needsEnrolment) && proof.method !== 'sso' && !hasBothFactors(proof);
  if (isHalfDone) throw new Error('a session was requested for a user who may not sign in');
  if (!isInScope(await scopeOf(core, context), admission.user.tenantId))
    throw new AppError('auth.forbidden', 'This sign-in is not for your organization. Please start again.');
  if (!mayEnter(admission.status)) throw new AppError('auth.forbidden', statusText(admission.status));
  if (accessStamp !== accessStampOf(admission.user))
    throw new AppError('auth.forbidden', 'Your account has changed. Please sign in again.');
  if (proof.method !== 'sso') {
    await refuseForwarded(core, admission.user);
    await noteBypass(core, req, admission.user, proof);
  }
  const { token } = await openSession(core, req, { ...admission, proof });
  const { settings, user } = admission;
  return { token, userId: user._id, ...(owesTerms(user, settings) && { owesTerms: true }) };
}

/** Gives the browser its session, and notes that it has signed in to this account. */
export function handOver(core: Core, res: Response, opened: Opened): void {
  giveSession(core, res, opened.token);
  rememberDevice(core, res.req, res, opened.userId);
}

/** Gives the browser its session and sends it on: to the waiting application, the page asked for, or the account. */
export function enter(core: Core, res: Response, context: SignInContext, opened: Opened): void {
  handOver(core, res, opened);
  // 303: the browser asks for the next page with GET and without the password.
  res.redirect(303, opened.owesTerms ? termsPathTo(context.returnTo) : context.returnTo);
}
