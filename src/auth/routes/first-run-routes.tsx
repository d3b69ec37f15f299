import { Router, urlencoded, type Request, type RequestHandler, type Response } from 'express';
import { makeFormToken, readFormToken, refuseCrossSite } from '../../http/csrf.js';
import { isLocalRequest } from '../../http/local-request.js';
import { pageHeaders } from '../../http/security-headers.js';
import type { Core } from '../../identity/core.js';
import {
  isFirstRunToken,
  isUnused,
  makeFirstRun,
  type FirstRun,
} from '../../identity/bootstrap/first-run.js';
import { presets } from '../../identity/tenants/settings.js';
import type { UserDocument } from '../../persistence/collections/users.js';
import { AppError, type InputFault } from '../../shared/errors.js';
import { mayEnter, readAdmission } from '../admission.js';
import { openSession, visitorOf } from '../sessions.js';
import {
  BeginPage,
  FirstRunDonePage,
  FirstRunElsewherePage,
  FirstRunOverPage,
  FirstRunPage,
  type FirstRunValues,
} from '../views/first-run-pages.js';
import { sendPage } from '../views/layout.js';
import { handOver } from './complete-sign-in.js';
import { pageErrors } from './page-errors.js';
import { passwordProof } from './password-judgement.js';

type TokenRequest = Request<{ token: string }>;

const labels: ReadonlyMap<string, string> = new Map([
  ['organization', 'The name of the organization'],
  ['slug', 'The short name'],
  ['preset', 'The kind of organization'],
  ['givenName', 'The first name'],
  ['familyName', 'The last name'],
  ['email', 'The email'],
  ['password', 'The password'],
]);

/** A field of a posted form: arrays have no place in it. */
function textOf(body: unknown, name: string): string {
  const value = (body as Record<string, unknown> | undefined)?.[name];
  return typeof value === 'string' ? value : '';
}

function valuesOf(body: unknown): FirstRunValues {
  const preset = textOf(body, 'preset');
  return {
    organization: textOf(body, 'organization'),
    slug: textOf(body, 'slug'),
    preset: preset === '' ? 'default' : preset,
    givenName: textOf(body, 'givenName'),
    familyName: textOf(body, 'familyName'),
    email: textOf(body, 'email'),
    isForMany: textOf(body, 'reach') === 'many',
  };
}

const minLengthOf = (preset: string): number =>
  (presets.find(({ name }) => name === preset) ?? presets[0])?.settings['password.minLength'] ?? 0;

/** Each fault as a sentence. */
function alertOf(faults: readonly InputFault[]): string {
  return faults
    .map(({ pointer, detail }) => `${labels.get(pointer.slice(1)) ?? 'The form'} ${detail}.`)
    .join(' ');
}

function showForm(req: TokenRequest, res: Response, faults: readonly InputFault[] = []): void {
  const { token } = req.params;
  const values = valuesOf(req.body);
  sendPage(
    res,
    faults.length === 0 ? 200 : 400,
    <FirstRunPage
      csrf={makeFormToken(token)}
      action={`/first-run/${encodeURIComponent(token)}`}
      presets={presets}
      values={values}
      minLength={minLengthOf(values.preset)}
      faulty={new Set(faults.map(({ pointer }) => pointer.slice(1)))}
      alert={faults.length === 0 ? undefined : alertOf(faults)}
    />,
  );
}

/** Signs the new administrator in, where a password alone does. */
async function signInFirst(core: Core, req: Request, res: Response, user: UserDocument): Promise<boolean> {
  const admission = await readAdmission(core, user.tenantId, user._id);
  if (!admission || !mayEnter(admission.status) || admission.needsCode || admission.needsEnrolment)
    return false;
  const { token } = await openSession(core, req, { ...admission, proof: passwordProof });
  handOver(core, res, { token, userId: user._id });
  return true;
}

async function showDone(core: Core, req: Request, res: Response, made: FirstRun): Promise<void> {
  // The key is shown this once: whatever happens to the sign-in, it has to be seen.
  const isSignedIn = await signInFirst(core, req, res, made.user).catch((error: unknown) => {
    core.log.error({ err: error }, 'the first administrator could not be signed in');
    return false;
  });
  sendPage(
    res,
    200,
    <FirstRunDonePage
      organization={made.tenant.name}
      email={made.user.email ?? made.user.userName}
      apiKey={made.apiKey}
      operatorKey={made.operatorKey}
      baseUrl={core.config.baseUrl}
      isSignedIn={isSignedIn}
    />,
  );
}

async function takeForm(core: Core, req: TokenRequest, res: Response): Promise<void> {
  const { token } = req.params;
  if (!readFormToken(token, textOf(req.body, '_csrf')))
    throw new AppError('csrf.invalid', 'This page has expired. Please try again.');
  const password = textOf(req.body, 'password');
  const again: InputFault[] =
    password === textOf(req.body, 'password2')
      ? []
      : [{ pointer: '/password', detail: 'is not the same in both fields' }];
  if (again.length > 0) {
    showForm(req, res, again);
    return;
  }
  const { ip, requestId } = visitorOf(req as Request);
  try {
    const made = await makeFirstRun(core, token, { ...valuesOf(req.body), password }, { ip, requestId });
    if (made) await showDone(core, req as Request, res, made);
    else sendPage(res, 410, <FirstRunOverPage />);
  } catch (error) {
    if (!(error instanceof AppError && error.code === 'input.invalid')) throw error;
    showForm(req, res, error.errors);
  }
}

function refuseElsewhere(): RequestHandler {
  return (req, res, next) => {
    if (isLocalRequest(req)) next();
    else sendPage(res, 403, <FirstRunElsewherePage />);
  };
}

/** Before the form is read: to a dead link nothing is said about it. */
function refuseDead(core: Core) {
  return async (req: TokenRequest, res: Response, next: () => void): Promise<void> => {
    if (await isFirstRunToken(core, req.params.token)) next();
    else sendPage(res, 410, <FirstRunOverPage />);
  };
}

/**
 * `/first-run/:token`: makes the first tenant and its administrator, once, from the machine the server runs on. Until then the bare address
 * says how to begin.
 */
export function firstRunRoutes(core: Core): Router {
  const router = Router();
  const path = '/first-run/:token';
  router.get('/', pageHeaders(), async (_req, res, next) => {
    if (await isUnused(core)) sendPage(res, 200, <BeginPage />);
    else next();
  });
  router.use(path, pageHeaders(), refuseElsewhere(), refuseCrossSite());
  router.use(path, urlencoded({ extended: false, limit: '16kb' }));
  router.all(path, refuseDead(core));
  router.get(path, (req, res) => {
    showForm(req, res);
  });
  router.post(path, (req: TokenRequest, res: Response) => takeForm(core, req, res));
  router.use(path, pageErrors(core));
  return router;
}
