import type { Response } from 'express';
import type { Core } from '../../identity/core.js';
import { once } from '../double-click.js';
import type { AttemptSubject } from '../local/attempt-subject.js';
import { settleCode } from '../local/attempts.js';
import { statusText } from '../refusals.js';
import { showBrand } from '../page-brand.js';
import { visitorOf } from '../sessions.js';
import { keepCode } from '../pending.js';
import type { Entry } from '../sign-in-flow.js';
import { sendPage } from '../views/layout.js';
import { CodePage } from '../views/sign-in-pages.js';
import { answerFactor, judgeSecondFactor, type FactorResult, type Who } from './factor-judgement.js';
import { formTokenFor, parseCodeForm, readOwnForm, type OwnForm } from './form-input.js';
import { showRefusal } from './page-errors.js';
import { askedSecondPasskey } from './passkey-sign-in.js';
import { bothFactorsProof } from './password-judgement.js';
import { countFactorPost, findPending, showTenantBrand } from './pending-step.js';
import { steps, type Exchange } from './steps.js';

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
    contextId: tab.context.id,
    tenantId,
    userId,
    accessStamp,
  });
  await showBrand(core, res, tenantId);
  await showCodePage(core, res, tab, { email: user.email ?? user.userName, tenantId, userId });
}

type CodeExchange = Exchange & OwnForm;

async function judge(state: CodeExchange): Promise<{ result: FactorResult<{ who: Who }> }> {
  const { core, req, flow, nonce } = state;
  const code = parseCodeForm(req.body)?.code ?? '';
  const factor = {
    proof: bothFactorsProof,
    settle: (subject: AttemptSubject) =>
      settleCode(core, subject, visitorOf(req), { code, now: core.clock.now() }),
  };
  const judgeCode = () => judgeSecondFactor(core, req, state, factor);
  return { result: await once(core, flow, [nonce, 'code', code], judgeCode) };
}

const answerCode = (state: CodeExchange & { result: FactorResult<{ who: Who }> }): Promise<void> | void =>
  answerFactor(state, ({ who }) =>
    showCodePage(state.core, state.res, state, who, { status: 401, alert: 'That code is not right.' }),
  );

/** `POST /signin/2fa`: wrong codes count and lock like wrong passwords. */
export const takeCode = steps()
  .step(readOwnForm)
  .step(findPending)
  .step(countFactorPost)
  .step(showTenantBrand)
  .step(judge)
  .end(answerCode);
