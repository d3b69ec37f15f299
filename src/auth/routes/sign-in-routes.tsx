import { randomBytes } from 'node:crypto';
import { Router, urlencoded, type Request, type Response } from 'express';
import { refuseCrossSite } from '../../http/csrf.js';
import { pageHeaders } from '../../http/security-headers.js';
import type { Core } from '../../identity/core.js';
import { ownBrand } from '../../identity/tenants/branding.js';
import { parseEmail, type EmailAddress } from '../../identity/email.js';
import { hexColor } from '../../shared/color.js';
import { AppError } from '../../shared/errors.js';
import { mayEnter, readAdmission } from '../admission.js';
import { deviceOf } from '../devices.js';
import { once } from '../double-click.js';
import { resolveHomeRealm } from '../home-realm.js';
import { secondsUntil, statusText, wrongText } from '../refusals.js';
import { findBrand, showBrand } from '../page-brand.js';
import { currentSession } from '../session-guard.js';
import {
  contextOf,
  enterFlow,
  findFlow,
  interactionOf,
  keepChoice,
  ownPath,
  rememberEmail,
  SignInForgotten,
  takeChoice,
  type Entry,
  type SignInContext,
  type SignInFlow,
} from '../sign-in-flow.js';
import { scopeOf } from '../sign-in-scope.js';
import { sendPage } from '../views/layout.js';
import { ChoicePage, EmailPage, PasswordPage } from '../views/sign-in-pages.js';
import { faviconSvg } from '../views/favicon.js';
import { pageScript, scriptPath } from '../views/script.js';
import { brandStyleSheet, stylePath, styleSheet } from '../views/styles.js';
import { enter, makeSession } from './complete-sign-in.js';
import { askEnrolment, enrolmentPath, takeEnrolment } from './enrolment.js';
import {
  formTokenFor,
  parseChoiceForm,
  parseEmailForm,
  parsePasswordForm,
  queryText,
  requireOwnForm,
} from './form-input.js';
import { forward } from './forwarding.js';
import { pageErrors, showLocked, showRefusal } from './page-errors.js';
import { judgePassword, passwordProof, type Account, type Judgement } from './password-judgement.js';
import { askCode, takeCode } from './second-factor.js';
import { countAccountPost, signInLimits } from './sign-in-limits.js';

const notices: ReadonlyMap<string | undefined, string> = new Map([
  ['password', 'Your new password is set. Please sign in with it.'],
  ['activated', 'Your account is active. Please sign in.'],
]);
const invalidEmail = 'Enter a valid email.';
const invalidPassword = 'Enter a valid password.';

/** The tenant of `?tenant=slug`; null: none is named. */
async function tenantFromQuery(core: Core, req: Request): Promise<string | null> {
  const slug = queryText(req, 'tenant');
  if (slug === undefined) return null;
  const tenant = await core.store.server.collection('tenants').findOne({ slug });
  if (!tenant) throw new AppError('tenant.not_found', 'There is no such organization here.');
  return tenant._id;
}

/** The sign-in the address bar speaks of: one under way (`?flow=`), else a new one. */
async function enterFromQuery(core: Core, req: Request, res: Response): Promise<Entry> {
  const flow = await findFlow(core, req);
  const context = flow && contextOf(flow, queryText(req, 'flow'));
  if (context) {
    await showBrand(core, res, context.tenantId);
    return { flow, context };
  }
  const waiting = interactionOf(queryText(req, 'flow'));
  if (waiting !== undefined) throw new SignInForgotten(waiting);
  const tenantId = await tenantFromQuery(core, req);
  await showBrand(core, res, tenantId);
  // Who comes from a form of ours has just shown the address there.
  const shown =
    queryText(req, 'done') === undefined
      ? undefined
      : flow?.contexts.findLast((one) => one.tenantId === tenantId)?.email;
  return enterFlow(core, req, res, {
    tenantId,
    returnTo: ownPath(queryText(req, 'return_to')) ?? '/account',
    applicationName: null,
    email: shown ?? null,
  });
}

async function showEmailPage(core: Core, req: Request, res: Response): Promise<void> {
  const { flow, context } = await enterFromQuery(core, req, res);
  const live = await currentSession(core, req, { slides: false });
  sendPage(
    res,
    200,
    <EmailPage
      csrf={formTokenFor(flow, context)}
      application={context.applicationName}
      email={context.email ?? ''}
      signedInAs={live?.user.email ?? live?.user.userName}
      notice={notices.get(queryText(req, 'done'))}
    />,
  );
}

interface PasswordStep {
  flow: SignInFlow;
  context: SignInContext;
  email: EmailAddress;
}

async function showPasswordPage(
  core: Core,
  res: Response,
  { flow, context, email }: PasswordStep,
  answer: { status: number; alert?: string } = { status: 200 },
): Promise<void> {
  const { connection } = await resolveHomeRealm(core, email, await scopeOf(core, context));
  sendPage(
    res,
    answer.status,
    <PasswordPage
      csrf={formTokenFor(flow, context)}
      application={context.applicationName}
      email={email.address}
      restartPath={`/signin?flow=${context.id}`}
      alert={answer.alert}
      ssoPath={connection ? `/sso/${connection._id}/start?flow=${context.id}` : undefined}
      companyName={connection ? (await findBrand(core, connection.tenantId)).name : undefined}
    />,
  );
}

/** First step: forwarded before anybody looks at users, else on to the password, known or not. */
async function takeEmail(core: Core, req: Request, res: Response): Promise<void> {
  const input = parseEmailForm(req.body);
  const email = input && parseEmail(input.email);
  if (!email) {
    await refuseEmail(core, req, res);
    return;
  }
  const { flow, context } = await requireOwnForm(core, req);
  await countAccountPost(core, req, email.key);
  const realm = await resolveHomeRealm(core, email, await scopeOf(core, context));
  await rememberEmail(core, flow, context.id, email.address);
  if (realm.kind === 'forwarded') {
    await forward(core, req, res, { flow, context, connection: realm.connection, email: email.address });
    return;
  }
  await showPasswordPage(core, res, { flow, context, email });
}

async function refuseEmail(core: Core, req: Request, res: Response): Promise<void> {
  const own = await requireOwnForm(core, req).catch(() => undefined);
  const { flow, context } = own ?? (await enterFromQuery(core, req, res));
  const typed = (req.body as Record<string, unknown> | undefined)?.['email'];
  sendPage(
    res,
    400,
    <EmailPage
      csrf={formTokenFor(flow, context)}
      application={context.applicationName}
      email={typeof typed === 'string' ? typed.slice(0, 320) : ''}
      alert={invalidEmail}
    />,
  );
}

/** The address of a password post: typed into this very form, else the one of the step before; undefined: no valid one. */
function emailOfPost(body: unknown, context: SignInContext): EmailAddress | undefined {
  const typed = (body as Record<string, unknown> | undefined)?.['email'];
  if (typed === undefined) return parseEmail(context.email ?? '');
  return typeof typed === 'string' ? parseEmail(typed) : undefined;
}

/** Second step. The address may have been changed or typed straight into this form, so it is looked at as in the first. */
async function takePassword(core: Core, req: Request, res: Response): Promise<void> {
  const { flow, context, nonce } = await requireOwnForm(core, req);
  const email = emailOfPost(req.body, context);
  if (!email) {
    await refuseEmail(core, req, res);
    return;
  }
  await countAccountPost(core, req, email.key);
  const scope = await scopeOf(core, context);
  const realm = await resolveHomeRealm(core, email, scope);
  if (realm.kind === 'forwarded') {
    await forward(core, req, res, { flow, context, connection: realm.connection, email: email.address });
    return;
  }
  // At an application of several tenants the company of the address says which one is meant.
  const decided = context.clientId === undefined ? null : realm.connection;
  const step = { flow, context, email, scope: decided ? [decided.tenantId] : scope };
  const input = parsePasswordForm(req.body);
  if (!input) {
    await showPasswordPage(core, res, step, { status: 400, alert: invalidPassword });
    return;
  }
  const judgement = await once(core, flow, [nonce, email.key, input.password], () =>
    judgePassword(core, req, step, input.password),
  );
  await answerJudgement(core, res, step, judgement);
}

async function answerJudgement(
  core: Core,
  res: Response,
  step: PasswordStep,
  judgement: Judgement,
): Promise<void> {
  switch (judgement.kind) {
    case 'wrong':
      return showPasswordPage(core, res, step, { status: 401, alert: wrongText });
    case 'locked':
      showLocked(res, secondsUntil(new Date(judgement.until), core.clock.now()), step.context);
      return;
    case 'refused':
      showRefusal(res, statusText(judgement.status), step.context);
      return;
    case 'activation':
      res.redirect(303, judgement.path);
      return;
    case 'choice':
      return showChoice(core, res, step, judgement.accounts);
    case 'code':
      return askCode(core, res, step, judgement.account);
    case 'enrolment':
      return askEnrolment(core, res, step, judgement.account);
    case 'token':
      enter(core, res, step.context, judgement.opened);
  }
}

async function showChoice(
  core: Core,
  res: Response,
  { flow, context }: PasswordStep,
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

/** The account picked of several one password opens. Its status is read anew: it may have changed since. */
async function takeChoicePost(core: Core, req: Request, res: Response): Promise<void> {
  const input = parseChoiceForm(req.body);
  const { flow, context } = await requireOwnForm(core, req);
  const choice = await takeChoice(core, flow, input?.choice);
  const account = choice?.accounts.find(({ userId }) => userId === input?.user);
  if (!account || choice?.contextId !== context.id) {
    throw new AppError('csrf.invalid', 'This page has expired. Please sign in again.');
  }
  const admission = await readAdmission(core, account.tenantId, account.userId, deviceOf(core, req));
  if (!admission || !mayEnter(admission.status)) {
    showRefusal(res, statusText(admission?.status ?? 'deleted'), context);
    return;
  }
  if (admission.needsCode) {
    await askCode(core, res, { flow, context }, account);
    return;
  }
  if (admission.needsEnrolment) {
    await askEnrolment(core, res, { flow, context }, account);
    return;
  }
  const { accessStamp } = account;
  const token = await makeSession(core, req, { context, admission, proof: passwordProof, accessStamp });
  enter(core, res, context, token);
}

/** `/signin` and its steps: plain forms, no script needed. */
export function signInRoutes(core: Core): Router {
  const router = Router();
  const form = [urlencoded({ extended: false, limit: '16kb' }), refuseCrossSite()];
  const limits = signInLimits(core);

  const forEver = 'public, max-age=31536000, immutable';
  router.get(stylePath, (_req, res) => {
    res.set('Cache-Control', forEver).type('css').send(styleSheet);
  });
  router.get(scriptPath, (_req, res) => {
    res.set('Cache-Control', forEver).type('js').send(pageScript);
  });
  router.get('/assets/brand-:color.css', (req, res, next) => {
    const color = `#${req.params.color}`;
    if (hexColor.test(color)) res.set('Cache-Control', forEver).type('css').send(brandStyleSheet(color));
    else next();
  });

  // Browsers ask for one with every page.
  router.get('/favicon.ico', (_req, res) => {
    res.set('Cache-Control', 'public, max-age=86400').type('svg').send(faviconSvg(ownBrand));
  });

  router.use(['/signin', '/signin/*rest'], pageHeaders());
  router.get('/signin', (req, res) => showEmailPage(core, req, res));
  router.post('/signin', form, limits, (req: Request, res: Response) => takeEmail(core, req, res));
  router.post('/signin/password', form, limits, (req: Request, res: Response) =>
    takePassword(core, req, res),
  );
  router.post('/signin/choice', form, limits, (req: Request, res: Response) =>
    takeChoicePost(core, req, res),
  );
  router.post('/signin/2fa', form, limits, (req: Request, res: Response) => takeCode(core, req, res));
  router.post(enrolmentPath, form, limits, (req: Request, res: Response) => takeEnrolment(core, req, res));
  // A reloaded step: its form is gone, the sign-in begins again.
  router.get(['/signin/password', '/signin/choice', '/signin/2fa', enrolmentPath], (_req, res) =>
    res.redirect(303, '/signin'),
  );
  router.use(['/signin', '/signin/*rest'], pageErrors(core));
  return router;
}
