import type { Request, Response } from 'express';
import { personActor } from '../../identity/actors.js';
import type { Core } from '../../identity/core.js';
import { enrolTwoFactor, offerTwoFactor } from '../../identity/credentials/two-factor.js';
import { AppError } from '../../shared/errors.js';
import { mayEnter, readAdmission, type Admission } from '../admission.js';
import { deviceOf } from '../devices.js';
import { once } from '../double-click.js';
import { statusText } from '../refusals.js';
import { showBrand } from '../page-brand.js';
import { visitorOf } from '../sessions.js';
import { dropCode, keepCode, type PendingCode } from '../pending.js';
import type { Entry } from '../sign-in-flow.js';
import { BackupCodesPage, EnrolmentPage } from '../views/enrolment-pages.js';
import { sendPage } from '../views/layout.js';
import { handOver, makeSession, refuseForwarded, type Opened } from './complete-sign-in.js';
import { formTokenFor, parseCodeForm, readOwnForm, type OwnForm } from './form-input.js';
import { showRefusal } from './page-errors.js';
import { bothFactorsProof, type Account } from './password-judgement.js';
import { findPending, showTenantBrand, type AfterPassword } from './pending-step.js';
import { steps, type Exchange } from './steps.js';

/** Own path the page's form posts to. */
export const enrolmentPath = '/signin/enrol';

async function showEnrolmentPage(
  core: Core,
  res: Response,
  { flow, context }: Entry,
  { user, tenant }: Pick<Admission, 'user' | 'tenant'>,
  answer: { status: number; offered: string; alert?: string },
): Promise<void> {
  const { secret, otpauthUrl } = await offerTwoFactor(core, user, answer.offered);
  sendPage(
    res,
    answer.status,
    <EnrolmentPage
      csrf={formTokenFor(flow, context)}
      action={enrolmentPath}
      email={user.email ?? user.userName}
      tenantName={tenant.name}
      secret={secret}
      otpauthUrl={otpauthUrl}
      isRequired
      back={{ href: `/signin?flow=${context.id}`, text: 'Use another email' }}
      alert={answer.alert}
    />,
  );
}

/**
 * A right password (or a new one, by a link) of somebody who has to have a second factor and has none: nobody is signed in before it is set
 * up. The secret belongs to this very sign-in, so that nobody who knows the password can slip in one of theirs.
 */
export async function askEnrolment(
  core: Core,
  res: Response,
  tab: Entry,
  { tenantId, userId, accessStamp }: Account,
): Promise<void> {
  const admission = await readAdmission(core, tenantId, userId, deviceOf(core, res.req));
  if (!admission || !mayEnter(admission.status)) {
    showRefusal(res, statusText(admission?.status ?? 'deleted'), tab.context);
    return;
  }
  await showBrand(core, res, tenantId);
  const { sealed } = await offerTwoFactor(core, admission.user);
  await keepCode(core, tab.flow, {
    contextId: tab.context.id,
    tenantId,
    userId,
    accessStamp,
    offered: sealed,
  });
  await showEnrolmentPage(core, res, tab, admission, { status: 200, offered: sealed });
}

/** What a first code was found to be; plain JSON, so that a second click at another process can be answered alike. */
type EnrolmentResult = { kind: 'done'; opened: Opened; codes: string[] } | { kind: 'wrong' };

async function enrol(
  core: Core,
  req: Request,
  { flow, context }: Entry,
  {
    pending,
    admission,
    code,
  }: { pending: PendingCode & { offered: string }; admission: Admission; code: string },
): Promise<EnrolmentResult> {
  const { user } = admission;
  const offer = { sealed: pending.offered, code };
  const codes = await enrolTwoFactor(core, personActor(user, visitorOf(req)), user, offer);
  if (!codes) return { kind: 'wrong' };
  await dropCode(core, flow, pending.id);
  // Read again: the status, and what the password was judged under, may have changed while the app was set up.
  const now = await readAdmission(core, user.tenantId, user._id, deviceOf(core, req));
  if (!now) return { kind: 'wrong' };
  const { accessStamp } = pending;
  return {
    kind: 'done',
    codes,
    opened: await makeSession(core, req, { context, admission: now, proof: bothFactorsProof, accessStamp }),
  };
}

/** The person who is setting up an app, and the secret this sign-in offered; absent: it waits for none, or no longer. */
interface Offered {
  admission: Admission | undefined;
  offer: (PendingCode & { offered: string }) | undefined;
}

async function findOffer({ core, req, pending }: Exchange & AfterPassword): Promise<Offered> {
  const offered = pending?.offered;
  return {
    admission: pending && (await readAdmission(core, pending.tenantId, pending.userId, deviceOf(core, req))),
    offer: pending && offered !== undefined ? { ...pending, offered } : undefined,
  };
}

type Enrolling = Exchange & OwnForm & Offered;

async function judge(state: Enrolling): Promise<{ result: EnrolmentResult }> {
  const { core, req, flow, nonce, admission, offer } = state;
  const code = parseCodeForm(req.body)?.code ?? '';
  const result = await once(core, flow, [nonce, 'enrolment', code], async (): Promise<EnrolmentResult> => {
    if (!admission || !offer) {
      throw new AppError('csrf.invalid', 'This page has expired. Please sign in again.');
    }
    await refuseForwarded(core, admission.user);
    if (!mayEnter(admission.status)) throw new AppError('auth.forbidden', statusText(admission.status));
    return enrol(core, req, state, { pending: offer, admission, code });
  });
  return { result };
}

async function answerEnrolment(state: Enrolling & { result: EnrolmentResult }): Promise<void> {
  const { core, res, context, admission, offer, result } = state;
  if (result.kind === 'done') {
    handOver(core, res, result.opened);
    sendPage(res, 200, <BackupCodesPage codes={result.codes} next={context.returnTo} />);
  } else if (admission && offer) {
    await showEnrolmentPage(core, res, state, admission, {
      status: 401,
      offered: offer.offered,
      alert: 'That code is not right. Type the one your app shows now.',
    });
  }
}

/** `POST /signin/enrol`: the first code of a new app. After it the backup codes, and from there to where the person wanted to go. */
export const takeEnrolment = steps()
  .step(readOwnForm)
  .step(findPending)
  .step(findOffer)
  .step(showTenantBrand)
  .step(judge)
  .end(answerEnrolment);
