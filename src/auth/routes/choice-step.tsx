import { randomBytes } from 'node:crypto';
import type { Response } from 'express';
import type { Core } from '../../identity/core.js';
import { AppError } from '../../shared/errors.js';
import { mayEnter, readAdmission, type Admission } from '../admission.js';
import { deviceOf } from '../devices.js';
import { once } from '../double-click.js';
import { keepChoice, takeChoice } from '../pending.js';
import { statusText } from '../refusals.js';
import type { SignInContext, SignInFlow } from '../sign-in-flow.js';
import { sendPage } from '../views/layout.js';
import { ChoicePage } from '../views/sign-in-pages.js';
import { enter, makeSession } from './complete-sign-in.js';
import { askEnrolment } from './enrolment.js';
import { formTokenFor, parseChoiceForm, readOwnForm, type OwnForm } from './form-input.js';
import { showRefusal } from './page-errors.js';
import { passwordProof, type Account } from './password-judgement.js';
import { askCode } from './second-factor.js';
import { answered, steps, type Exchange } from './steps.js';

/** A password that opens the accounts of several tenants: asks which one. */
export async function showChoice(
  core: Core,
  res: Response,
  { flow, context }: { flow: SignInFlow; context: SignInContext },
  open: readonly Account[],
): Promise<void> {
  const choice = randomBytes(9).toString('base64url');
  await keepChoice(core, flow, {
    id: choice,
    contextId: context.id,
    accounts: [...open],
    startedAt: core.clock.now().getTime(),
  });
  const accounts = await Promise.all(
    open.map(async ({ tenantId, userId }) => {
      const tenant = await core.store.tenant(tenantId).collection('tenants').get(tenantId);
      return { userId, tenantName: tenant?.name ?? '' };
    }),
  );
  sendPage(res, 200, <ChoicePage csrf={formTokenFor(flow, context)} choice={choice} accounts={accounts} />);
}

/** A double click takes the same account, and makes one session. */
const onceForForm = <R,>(
  { core, req, flow, nonce }: Exchange & OwnForm,
  step: string,
  work: () => Promise<R>,
): Promise<R> => once(core, flow, [nonce, step, JSON.stringify(parseChoiceForm(req.body))], work);

const takeAccount = (state: Exchange & OwnForm): Promise<{ account: Account }> =>
  onceForForm(state, 'choice', async () => {
    const { core, req, flow, context } = state;
    const input = parseChoiceForm(req.body);
    const choice = await takeChoice(core, flow, input?.choice);
    const account = choice?.accounts.find(({ userId }) => userId === input?.user);
    if (!account || choice?.contextId !== context.id) {
      throw new AppError('csrf.invalid', 'This page has expired. Please sign in again.');
    }
    return { account };
  });

type Chosen = Exchange & OwnForm & { account: Account };

/** The status may have changed since the password was judged. */
async function readStatus({
  core,
  req,
  res,
  context,
  account,
}: Chosen): Promise<{ admission: Admission } | typeof answered> {
  const admission = await readAdmission(core, account.tenantId, account.userId, deviceOf(core, req));
  if (admission && mayEnter(admission.status)) return { admission };
  showRefusal(res, statusText(admission?.status ?? 'deleted'), context);
  return answered;
}

async function askSecondFactor(
  state: Chosen & { admission: Admission },
): Promise<typeof answered | undefined> {
  const { core, res, account, admission } = state;
  if (admission.needsCode) await askCode(core, res, state, account);
  else if (admission.needsEnrolment) await askEnrolment(core, res, state, account);
  else return undefined;
  return answered;
}

async function openSession(state: Chosen & { admission: Admission }): Promise<void> {
  const { core, req, res, context, admission, account } = state;
  const { accessStamp } = account;
  const opened = await onceForForm(state, 'chosen', () =>
    makeSession(core, req, { context, admission, proof: passwordProof, accessStamp }),
  );
  enter(core, res, context, opened);
}

/** `POST /signin/choice`: the account that was picked of several. */
export const takeChosenAccount = steps()
  .step(readOwnForm)
  .step(takeAccount)
  .step(readStatus)
  .step(askSecondFactor)
  .end(openSession);
