import type { Response } from 'express';
import { parseEmail, type EmailAddress } from '../../identity/email.js';
import { instantText } from '../../identity/jobs/mail-language.js';
import { once } from '../double-click.js';
import { shownLanguage } from '../page-choices.js';
import { endedText, secondsUntil, statusText, wrongText } from '../refusals.js';
import type { SignInContext } from '../sign-in-flow.js';
import type { SignInScope } from '../sign-in-scope.js';
import { showChoice } from './choice-step.js';
import { enter } from './complete-sign-in.js';
import {
  countPost,
  findHomeRealm,
  forwardToCompany,
  refuseEmail,
  showPasswordPage,
  type Addressed,
  type Located,
} from './email-step.js';
import { askEnrolment } from './enrolment.js';
import { parsePasswordForm, readOwnForm, type OwnForm } from './form-input.js';
import { showLocked, showRefusal } from './page-errors.js';
import { judgePassword, type Judgement } from './password-judgement.js';
import { askCode } from './second-factor.js';
import { answered, steps, type Exchange } from './steps.js';

const invalidPassword = 'Enter a valid password.';

/** The address of a password post: typed into this very form, else the one of the step before; undefined: no valid one. */
function emailOfPost(body: unknown, context: SignInContext): EmailAddress | undefined {
  const typed = (body as Record<string, unknown> | undefined)?.['email'];
  if (typed === undefined) return parseEmail(context.email ?? '');
  return typeof typed === 'string' ? parseEmail(typed) : undefined;
}

/** The address may have been changed or typed straight into this form. */
async function readEmail(state: Exchange & OwnForm): Promise<Addressed | typeof answered> {
  const email = emailOfPost(state.req.body, state.context);
  if (email) return { email };
  await refuseEmail(state);
  return answered;
}

/** At an application of several tenants the company of the address says which one is meant. */
function narrowScope({ context, realm, scope }: OwnForm & Located): { scope: SignInScope } {
  const decided = context.clientId === undefined ? null : realm.connection;
  return { scope: decided ? [decided.tenantId] : scope };
}

async function readPassword(
  state: Exchange & OwnForm & Addressed,
): Promise<{ password: string } | typeof answered> {
  const input = parsePasswordForm(state.req.body);
  if (input) return { password: input.password };
  await showPasswordPage(state, { status: 400, alert: invalidPassword });
  return answered;
}

type Judging = Exchange & OwnForm & Addressed & { scope: SignInScope; password: string };

async function judge(state: Judging): Promise<{ judgement: Judgement }> {
  const { core, req, flow, nonce, email, password } = state;
  const judgement = await once(core, flow, [nonce, email.key, password], () =>
    judgePassword(core, req, state, password),
  );
  return { judgement };
}

function refusalOf(res: Response, { status, endedAt }: Extract<Judgement, { kind: 'refused' }>): string {
  if (endedAt === undefined) return statusText(status);
  return endedText(instantText(new Date(endedAt), shownLanguage(res)));
}

async function answerJudgement(
  state: Exchange & OwnForm & Addressed & { judgement: Judgement },
): Promise<void> {
  const { core, res, context, judgement } = state;
  switch (judgement.kind) {
    case 'wrong':
      return showPasswordPage(state, { status: 401, alert: wrongText });
    case 'locked':
      showLocked(res, secondsUntil(new Date(judgement.until), core.clock.now()), context);
      return;
    case 'refused':
      showRefusal(res, refusalOf(res, judgement), context);
      return;
    case 'activation':
      res.redirect(303, judgement.path);
      return;
    case 'choice':
      return showChoice(core, res, state, judgement.accounts);
    case 'code':
      return askCode(core, res, state, judgement.account);
    case 'enrolment':
      return askEnrolment(core, res, state, judgement.account);
    case 'token':
      enter(core, res, context, judgement.opened);
  }
}

/** `POST /signin/password`. */
export const takePassword = steps()
  .step(readOwnForm)
  .step(readEmail)
  .step(countPost)
  .step(findHomeRealm)
  .step(forwardToCompany)
  .step(narrowScope)
  .step(readPassword)
  .step(judge)
  .end(answerJudgement);
