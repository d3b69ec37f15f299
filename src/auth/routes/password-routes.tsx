import { Router, urlencoded, type Request, type Response } from 'express';
import { z } from 'zod';
import { refuseCrossSite } from '../../http/csrf.js';
import { pageHeaders } from '../../http/security-headers.js';
import { activateByToken, findActivationHolder } from '../../identity/invitations/activation.js';
import type { Core } from '../../identity/core.js';
import { parseEmail } from '../../identity/email.js';
import {
  askPasswordReset,
  findResetHolder,
  resetPassword,
  type PasswordSetting,
} from '../../identity/credentials/reset.js';
import { tenantSettings } from '../../identity/tenants/settings.js';
import type { UserDocument } from '../../persistence/collections/users.js';
import { mayEnter, readAdmission } from '../admission.js';
import { visitorOf } from '../sessions.js';
import { contextOf, enterFlow, findFlow, rememberEmail, type Entry } from '../sign-in-flow.js';
import { showBrand, showSignIn } from '../page-brand.js';
import { sendPage } from '../views/layout.js';
import {
  ActivateThroughCompanyPage,
  DeadLinkPage,
  ForgotDonePage,
  ForgotPage,
  NewPasswordPage,
} from '../views/password-pages.js';
import { askEnrolment } from './enrolment.js';
import { parseEmailForm, queryText } from './form-input.js';
import { pageErrors } from './page-errors.js';
import { accountOf } from './password-judgement.js';
import { weakPasswordText } from '../refusals.js';
import { forgotLimit, signInLimits } from './sign-in-limits.js';

type TokenRequest = Request<{ token: string }>;

const passwordForm = z.object({
  password: z.string().min(1).max(1024),
  password2: z.string().max(1024),
  terms: z.string().optional(),
});

async function tenantBySlug(core: Core, slug: unknown): Promise<{ _id: string; slug: string } | undefined> {
  if (typeof slug !== 'string') return undefined;
  return core.store.server.collection('tenants').findOne({ slug });
}

/** The sign-in somebody came from, so that its address need not be typed again, and the way back leads to it. */
async function signInLeft(core: Core, req: Request, id: unknown): Promise<Entry | undefined> {
  const flow = await findFlow(core, req);
  const context = flow && contextOf(flow, id);
  return context && { flow, context };
}

async function askForgot(core: Core, req: Request, res: Response): Promise<void> {
  const left = await signInLeft(core, req, queryText(req, 'flow'));
  const ofSignIn = left?.context.tenantId ?? null;
  const tenant =
    ofSignIn === null
      ? await tenantBySlug(core, queryText(req, 'tenant'))
      : await core.store.tenant(ofSignIn).collection('tenants').get(ofSignIn);
  await showSignIn(core, res, { tenantId: tenant?._id ?? null, language: left?.context.language });
  const { email, id } = left?.context ?? { email: null, id: undefined };
  sendPage(res, 200, <ForgotPage tenant={tenant?.slug} flow={id} email={email ?? ''} />);
}

/** The same page, at the same speed, for every address: who has it is looked up afterwards. */
async function takeForgot(core: Core, req: Request, res: Response): Promise<void> {
  const typed = parseEmailForm(req.body)?.email ?? '';
  const email = parseEmail(typed);
  const body = (req.body ?? {}) as Record<string, unknown>;
  const { _id = null, slug } = (await tenantBySlug(core, body['tenant'])) ?? {};
  const left = await signInLeft(core, req, body['flow']);
  const flow = left?.context.id;
  await showSignIn(core, res, { tenantId: _id, language: left?.context.language });
  if (!email) {
    const page = <ForgotPage tenant={slug} flow={flow} email={typed} alert="Enter a valid email." />;
    sendPage(res, 400, page);
    return;
  }
  await askPasswordReset(core, email.key, _id);
  if (left) await rememberEmail(core, left.flow, left.context.id, email.address);
  sendPage(res, 200, <ForgotDonePage email={email.address} flow={flow} />);
}

/** One page for used, late, revoked and invented links. */
function sendDeadLink(res: Response, kind: 'reset' | 'activation'): void {
  sendPage(res, 410, <DeadLinkPage kind={kind} />);
}

interface PasswordForm {
  title: string;
  action: string;
  button: string;
  /** Where the terms stand that are accepted with it; empty: none. */
  termsUrl: string;
}

const resetForm = (token: string): PasswordForm => ({
  title: 'Set a new password',
  action: `/reset/${encodeURIComponent(token)}`,
  button: 'Set password',
  termsUrl: '',
});

const activationForm = async (
  core: Core,
  token: string,
  { tenantId }: UserDocument,
): Promise<PasswordForm> => ({
  title: 'Activate your account',
  action: `/activate/${encodeURIComponent(token)}`,
  button: 'Activate',
  termsUrl: (await tenantSettings(core, tenantId))['terms.url'],
});

async function sendForm(
  core: Core,
  res: Response,
  form: PasswordForm,
  user: UserDocument,
  alert?: string,
): Promise<void> {
  const settings = await tenantSettings(core, user.tenantId);
  await showBrand(core, res, user.tenantId);
  sendPage(
    res,
    alert === undefined ? 200 : 400,
    <NewPasswordPage
      {...form}
      email={user.email ?? user.userName}
      minLength={settings['password.minLength']}
      alert={alert}
    />,
  );
}

/** What is wrong with a sent form, before its password is looked at. */
function formFault(input: z.infer<typeof passwordForm> | undefined, withTerms: boolean): string | undefined {
  if (!input) return 'Enter a valid password.';
  if (input.password !== input.password2) return 'The two passwords are not the same.';
  return withTerms && input.terms !== 'on' ? 'Please accept the terms of use.' : undefined;
}

/** Takes the password of either form; a fault shows the form again and leaves the link good. */
async function takePassword(
  core: Core,
  req: TokenRequest,
  res: Response,
  step: {
    form: PasswordForm;
    user: UserDocument;
    work: (password: string) => Promise<PasswordSetting>;
    done: string;
  },
): Promise<void> {
  const parsed = passwordForm.safeParse(req.body ?? {});
  const fault = formFault(parsed.data, step.form.termsUrl !== '');
  if (fault !== undefined || !parsed.data) {
    await sendForm(core, res, step.form, step.user, fault);
    return;
  }
  const result = await step.work(parsed.data.password);
  if (result.kind === 'weak') {
    await sendForm(core, res, step.form, step.user, weakPasswordText(result.fault));
  } else if (result.kind === 'dead') {
    sendDeadLink(res, step.done === 'password' ? 'reset' : 'activation');
  } else {
    await goOn(core, req as Request, res, result.user, step.done);
  }
}

/** After the password: to the sign-in, or first to the second factor, where that is required and still missing. */
async function goOn(
  core: Core,
  req: Request,
  res: Response,
  user: UserDocument,
  done: string,
): Promise<void> {
  const { _id, tenantId, email, userName } = user;
  const admission = await readAdmission(core, tenantId, _id);
  const start = { tenantId, returnTo: '/account', applicationName: null, email: email ?? userName };
  // The sign-in that follows knows the address.
  const entry = await enterFlow(core, req, res, start);
  if (admission?.needsEnrolment && mayEnter(admission.status)) {
    await askEnrolment(core, res, entry, accountOf(user));
    return;
  }
  const tenant = await core.store.tenant(tenantId).collection('tenants').get(tenantId);
  res.redirect(303, `/signin?tenant=${encodeURIComponent(tenant?.slug ?? '')}&done=${done}`);
}

function resetRoutes(core: Core, router: Router): void {
  router.get('/reset/:token', async (req, res) => {
    const holder = await findResetHolder(core, req.params.token);
    if (holder) await sendForm(core, res, resetForm(req.params.token), holder.user);
    else sendDeadLink(res, 'reset');
  });
  router.post('/reset/:token', async (req: TokenRequest, res: Response) => {
    const { token } = req.params;
    const holder = await findResetHolder(core, token);
    if (!holder) {
      sendDeadLink(res, 'reset');
      return;
    }
    const work = (password: string) => resetPassword(core, token, password, visitorOf(req));
    await takePassword(core, req, res, { form: resetForm(token), user: holder.user, work, done: 'password' });
  });
}

function activationRoutes(core: Core, router: Router): void {
  router.get('/activate/:token', async (req, res) => {
    const holder = await findActivationHolder(core, req.params.token);
    if (!holder) sendDeadLink(res, 'activation');
    else if (holder.connectionId === null)
      await sendForm(core, res, await activationForm(core, req.params.token, holder.user), holder.user);
    else {
      await showBrand(core, res, holder.user.tenantId);
      sendPage(res, 200, <ActivateThroughCompanyPage ssoPath={`/sso/${holder.connectionId}/start`} />);
    }
  });
  router.post('/activate/:token', async (req: TokenRequest, res: Response) => {
    const { token } = req.params;
    const holder = await findActivationHolder(core, token);
    if (holder?.connectionId !== null) {
      sendDeadLink(res, 'activation');
      return;
    }
    const work = (password: string) => activateByToken(core, token, password, visitorOf(req));
    await takePassword(core, req, res, {
      form: await activationForm(core, token, holder.user),
      user: holder.user,
      work,
      done: 'activated',
    });
  });
}

/**
 * `/forgot`, `/reset/:token` and `/activate/:token`. A GET never uses a link up, since mail scanners follow them. These forms need no token
 * against forged posts: the address itself is the secret, and asking for a mail changes nothing.
 */
export function passwordRoutes(core: Core): Router {
  const router = Router();
  const paths = ['/forgot', '/reset/:token', '/activate/:token'];
  router.use(paths, pageHeaders(), refuseCrossSite(), urlencoded({ extended: false, limit: '16kb' }));
  router.post(paths, signInLimits(core));
  router.post('/forgot', forgotLimit(core));
  router.get('/forgot', (req, res) => askForgot(core, req, res));
  router.post('/forgot', (req, res) => takeForgot(core, req, res));
  resetRoutes(core, router);
  activationRoutes(core, router);
  router.use(paths, pageErrors(core));
  return router;
}
