import type { Request } from 'express';
import type { Core } from '../../identity/core.js';
import { AppError } from '../../shared/errors.js';
import { mayEnter, readAdmission, type Admission, type EntryStatus } from '../admission.js';
import { deviceOf } from '../devices.js';
import { subjectOf, type AttemptSubject } from '../local/attempt-subject.js';
import { codeOf, dropCode, type PendingCode } from '../pending.js';
import { secondsUntil, statusText } from '../refusals.js';
import type { SignInProof } from '../sessions.js';
import type { Entry } from '../sign-in-flow.js';
import { enter, makeSession, refuseForwarded, type Opened } from './complete-sign-in.js';
import type { OwnForm } from './form-input.js';
import { showLocked, showRefusal } from './page-errors.js';
import type { Exchange } from './steps.js';

/** Whose second factor is asked for. */
export interface Who {
  email: string;
  tenantId: string;
  userId: string;
}

/** What a factor was found to be; plain JSON, so that a second click at another process can be answered alike. */
export type FactorResult<W = object> =
  | { kind: 'token'; opened: Opened }
  | { kind: 'refused'; status: EntryStatus }
  | ({ kind: 'wrong' } & W)
  | { kind: 'locked'; until: string };

/** A second factor: what a session by it says, and the one atomic step that judges and counts it. */
interface SecondFactor {
  proof: SignInProof;
  settle: (
    subject: AttemptSubject,
    asked: Admission,
    pending: PendingCode,
  ) => Promise<'right' | 'wrong' | { until: Date }>;
}

/**
 * Judges the second factor that a tab's sign-in waits for, and signs in.
 *
 * @throws AppError `csrf.invalid` where it waits for none, or no longer.
 */
export async function judgeSecondFactor(
  core: Core,
  req: Request,
  { flow, context }: Entry,
  { proof, settle }: SecondFactor,
): Promise<FactorResult<{ who: Who }>> {
  const pending = codeOf(core, flow, context.id);
  const device = deviceOf(core, req);
  const asked = pending && (await readAdmission(core, pending.tenantId, pending.userId, device));
  if (!asked || pending.offered !== undefined)
    throw new AppError('csrf.invalid', 'This page has expired. Please sign in again.');
  const { user, settings, status } = asked;
  await refuseForwarded(core, user);
  // A lock is answered by the judge.
  if (!mayEnter(status) && status !== 'locked') return { kind: 'refused', status };
  const subject = subjectOf(user, settings, device);
  const who = { email: subject.label, tenantId: user.tenantId, userId: user._id };
  const verdict = await settle(subject, asked, pending);
  if (verdict === 'wrong') return { kind: 'wrong', who };
  if (verdict !== 'right') return { kind: 'locked', until: verdict.until.toISOString() };
  await dropCode(core, flow, pending.id);
  // The status once more: it may have changed while the person was asked.
  const admission = await readAdmission(core, pending.tenantId, pending.userId, device);
  if (!admission || !mayEnter(admission.status)) return { kind: 'wrong', who };
  const { accessStamp } = pending;
  return { kind: 'token', opened: await makeSession(core, req, { context, admission, proof, accessStamp }) };
}

/** Answers by what a factor was found to be. @param again - the page for a wrong one. */
export function answerFactor<W>(
  { core, res, context, result }: Exchange & OwnForm & { result: FactorResult<W> },
  again: (wrong: { kind: 'wrong' } & W) => Promise<void> | void,
): Promise<void> | void {
  switch (result.kind) {
    case 'token':
      enter(core, res, context, result.opened);
      return;
    case 'refused':
      showRefusal(res, statusText(result.status), context);
      return;
    case 'locked':
      showLocked(res, secondsUntil(new Date(result.until), core.clock.now()), context);
      return;
    case 'wrong':
      return again(result);
  }
}
