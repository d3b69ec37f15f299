import { randomBytes } from 'node:crypto';
import type { Request, Response } from 'express';
import type { Core } from '../../identity/core.js';
import { parseEmail } from '../../identity/email-domain.js';
import type { UserDocument } from '../../persistence/collections/users.js';
import { AppError } from '../../shared/errors.js';
import { mayEnter, readAdmission } from '../admission.js';
import { once } from '../double-click.js';
import { resolveHomeRealm } from '../home-realm.js';
import { settleCode, type AttemptSubject } from '../local/attempts.js';
import { lockText, secondsUntil, statusText } from '../refusals.js';
import { visitorOf, type SignInProof } from '../sessions.js';
import {
  codeOf,
  dropCode,
  keepCode,
  type PendingCode,
  type SignInContext,
  type SignInFlow,
} from '../sign-in-flow.js';
import { sendPage } from '../views/layout.js';
import { CodePage } from '../views/sign-in-pages.js';
import { enter, makeSession } from './complete-sign-in.js';
import { formTokenFor, parseCodeForm, requireOwnForm } from './form-input.js';
import { showRefusal } from './page-errors.js';

const proof: SignInProof = {
  method: 'password',
  amr: ['pwd', 'otp', 'mfa'],
  connectionId: null,
  providerSid: null,
};

interface Tab {
  flow: SignInFlow;
  context: SignInContext;
}

function showCodePage(
  res: Response,
  { flow, context }: Tab,
  user: UserDocument,
  answer: { status: number; alert?: string } = { status: 200 },
): void {
  sendPage(
    res,
    answer.status,
    <CodePage
      csrf={formTokenFor(flow, context)}
      email={user.email ?? user.userName}
      restartPath={`/signin?flow=${context.id}`}
      alert={answer.alert}
    />,
  );
}

/** A right password of an account with a second factor: nobody is signed in before its code has come. */
export async function askCode(core: Core, res: Response, tab: Tab, user: UserDocument): Promise<void> {
  await keepCode(core, tab.flow, {
    id: randomBytes(9).toString('base64url'),
    contextId: tab.context.id,
    tenantId: user.tenantId,
    userId: user._id,
    startedAt: core.clock.now().getTime(),
  });
  showCodePage(res, tab, user);
}

type CodeResult = { kind: 'token'; token: string } | { kind: 'wrong' } | { kind: 'locked'; until: Date };

async function judgeCode(
  core: Core,
  req: Request,
  { flow, context, pending }: Tab & { pending: PendingCode },
  step: { subject: AttemptSubject; code: string },
): Promise<CodeResult> {
  const now = core.clock.now();
  const verdict = await settleCode(core, step.subject, visitorOf(req), { code: step.code, now });
  if (verdict === 'wrong') return { kind: 'wrong' };
  if (verdict !== 'right') return { kind: 'locked', until: verdict.until };
  await dropCode(core, flow, pending.id);
  // The status once more: it may have changed while the code was typed.
  const admission = await readAdmission(core, pending.tenantId, pending.userId);
  if (!admission || !mayEnter(admission.status)) return { kind: 'wrong' };
  return { kind: 'token', token: await makeSession(core, req, { context, admission, proof }) };
}

/** The company may have become required while the code was typed: then it alone signs its people in. */
async function refuseForwarded(core: Core, user: UserDocument): Promise<void> {
  const email = parseEmail(user.email ?? user.userName);
  const realm = email && (await resolveHomeRealm(core, email, user.tenantId));
  if (realm?.kind === 'forwarded') {
    throw new AppError('auth.forbidden', 'Your company signs you in now. Please start again.');
  }
}

/** `POST /signin/2fa`: wrong codes count and lock like wrong passwords. */
export async function takeCode(core: Core, req: Request, res: Response): Promise<void> {
  const { flow, context, nonce } = await requireOwnForm(core, req);
  const pending = codeOf(core, flow, context.id);
  const admission = pending && (await readAdmission(core, pending.tenantId, pending.userId));
  if (!admission) throw new AppError('csrf.invalid', 'This page has expired. Please sign in again.');
  const { user, settings, status } = admission;
  const label = user.email ?? user.userName;
  await refuseForwarded(core, user);
  // A lock is answered below, by the judge.
  if (!mayEnter(status) && status !== 'locked') {
    showRefusal(res, statusText(status), context);
    return;
  }
  const code = parseCodeForm(req.body)?.code ?? '';
  const subject = { tenantId: user.tenantId, id: user._id, label, isKnown: true, settings };
  const result = await once(core, [nonce, 'code', code], () =>
    judgeCode(core, req, { flow, context, pending }, { subject, code }),
  );
  if (result.kind === 'token') {
    enter(core, res, context, result.token);
  } else if (result.kind === 'wrong') {
    showCodePage(res, { flow, context }, user, { status: 401, alert: 'That code is not right.' });
  } else {
    const seconds = secondsUntil(result.until, core.clock.now());
    res.setHeader('Retry-After', String(seconds));
    showCodePage(res, { flow, context }, user, { status: 429, alert: lockText(seconds) });
  }
}
