import { randomBytes } from 'node:crypto';
import type { Request, Response } from 'express';
import type { Core } from '../../identity/core.js';
import type { UserDocument } from '../../persistence/collections/users.js';
import { AppError } from '../../shared/errors.js';
import { mayEnter, readAdmission, type EntryStatus } from '../admission.js';
import { deviceOf } from '../devices.js';
import { once } from '../double-click.js';
import { settleCode } from '../local/attempts.js';
import { secondsUntil, statusText } from '../refusals.js';
import { showBrand } from '../page-brand.js';
import { visitorOf } from '../sessions.js';
import { codeOf, dropCode, keepCode } from '../pending.js';
import type { Entry } from '../sign-in-flow.js';
import { sendPage } from '../views/layout.js';
import { CodePage } from '../views/sign-in-pages.js';
import { enter, makeSession, refuseForwarded, type Opened } from './complete-sign-in.js';
import { formTokenFor, parseCodeForm, readOwnForm, type OwnForm } from './form-input.js';
import { showLocked, showRefusal } from './page-errors.js';
import { askedSecondPasskey } from './passkey-sign-in.js';
import { bothFactorsProof } from './password-judgement.js';
import { countFactorPost, findPending, showTenantBrand } from './pending-step.js';
import { steps, type Exchange } from './steps.js';

/** Whose code is asked for. */
interface Who {
  email: string;
  tenantId: string;
  userId: string;
}

async function showCodePage(
  core: Core,
  res: Response,
  { flow, context }: Entry,
  { email, tenantId, userId }: Who,
  answer: { status: number; alert?: string } = { status: 200 },
): Promise<void> {
  const credential = await core.store.tenant(tenantId).collection('credentials').get(userId);
  sendPage(
    res,
    answer.status,
    <CodePage
      csrf={formTokenFor(flow, context)}
      email={email}
      hasApp={credential?.twoFactor?.state === 'on'}
      passkey={askedSecondPasskey(core, res, { flow, context }, credential?.passkeys ?? [])}
      restartPath={`/signin?flow=${context.id}`}
      alert={answer.alert}
    />,
  );
}

const addressOf = (user: UserDocument): string => user.email ?? user.userName;

/** A right password of an account with a second factor: nobody is signed in before its code has come. */
export async function askCode(
  core: Core,
  res: Response,
  tab: Entry,
  { accessStamp, tenantId, userId }: { accessStamp: string; tenantId: string; userId: string },
): Promise<void> {
  const user = await core.store.tenant(tenantId).collection('users').get(userId);
  if (!user) {
    showRefusal(res, statusText('deleted'), tab.context);
    return;
  }
  await keepCode(core, tab.flow, {
    id: randomBytes(9).toString('base64url'),
    contextId: tab.context.id,
    tenantId,
    userId,
    accessStamp,
    startedAt: core.clock.now().getTime(),
  });
  await showBrand(core, res, tenantId);
  await showCodePage(core, res, tab, { email: addressOf(user), tenantId, userId });
}

/** What a code was found to be; plain JSON, so that a second click at another process can be answered alike. */
type CodeResult =
  | { kind: 'token'; opened: Opened }
  | { kind: 'refused'; status: EntryStatus }
  | { kind: 'wrong'; who: Who }
  | { kind: 'locked'; until: string };

async function judgeCode(
  core: Core,
  req: Request,
  { flow, context }: Entry,
  code: string,
): Promise<CodeResult> {
  const pending = codeOf(core, flow, context.id);
  const device = deviceOf(core, req);
  const asked = pending && (await readAdmission(core, pending.tenantId, pending.userId, device));
  if (!asked || pending.offered !== undefined)
    throw new AppError('csrf.invalid', 'This page has expired. Please sign in again.');
  const { user, settings, status } = asked;
  const email = addressOf(user);
  const who = { email, tenantId: user.tenantId, userId: user._id };
  await refuseForwarded(core, user);
  // A lock is answered by the judge.
  if (!mayEnter(status) && status !== 'locked') return { kind: 'refused', status };
  const subject = {
    tenantId: user.tenantId,
    id: user._id,
    label: email,
    isKnown: true,
    isRecorded: true,
    settings,
    device: device.at(user._id),
  };
  const verdict = await settleCode(core, subject, visitorOf(req), { code, now: core.clock.now() });
  if (verdict === 'wrong') return { kind: 'wrong', who };
  if (verdict !== 'right') return { kind: 'locked', until: verdict.until.toISOString() };
  await dropCode(core, flow, pending.id);
  // The status once more: it may have changed while the code was typed.
  const admission = await readAdmission(core, pending.tenantId, pending.userId, device);
  if (!admission || !mayEnter(admission.status)) return { kind: 'wrong', who };
  const { accessStamp } = pending;
  const opened = await makeSession(core, req, {
    context,
    admission,
    proof: bothFactorsProof,
    accessStamp,
  });
  return { kind: 'token', opened };
}

async function judge(state: Exchange & OwnForm): Promise<{ result: CodeResult }> {
  const { core, req, flow, nonce } = state;
  const code = parseCodeForm(req.body)?.code ?? '';
  return { result: await once(core, flow, [nonce, 'code', code], () => judgeCode(core, req, state, code)) };
}

async function answerCode(state: Exchange & OwnForm & { result: CodeResult }): Promise<void> {
  const { core, res, context, result } = state;
  switch (result.kind) {
    case 'token':
      enter(core, res, context, result.opened);
      return;
    case 'refused':
      showRefusal(res, statusText(result.status), context);
      return;
    case 'wrong':
      return showCodePage(core, res, state, result.who, { status: 401, alert: 'That code is not right.' });
    case 'locked':
      showLocked(res, secondsUntil(new Date(result.until), core.clock.now()), context);
  }
}

/** `POST /signin/2fa`: wrong codes count and lock like wrong passwords. */
export const takeCode = steps()
  .step(readOwnForm)
  .step(findPending)
  .step(countFactorPost)
  .step(showTenantBrand)
  .step(judge)
  .end(answerCode);
