import type { Request, RequestHandler, Response } from 'express';
import { Router, urlencoded } from 'express';
import type { Interaction, KoaContextWithOIDC, Provider } from 'oidc-provider';
import { refuseCrossSite } from '../../http/csrf.js';
import type { Core } from '../../identity/core.js';
import { errors } from '../../infrastructure/oidc-provider-library.js';
import { currentSession, type LiveSession } from '../session-guard.js';
import { authTimeOf } from '../sessions.js';
import { owesTerms } from '../../identity/users/terms.js';
import { termsPathTo } from '../views/terms-page.js';
import { languageIn } from '../page-choices.js';
import { startFlowForInteraction } from '../sign-in-flow.js';
import { onlyTenantOf } from '../sign-in-scope.js';
import { isReached, reachOf } from '../../identity/tenants/server-applications.js';
import { findApplicationByClientId } from './clients.js';
import { AppError } from '../../shared/errors.js';
import { askConsent, takeConsent, type ConsentRequest } from './consent.js';
import { demandOf } from './demand.js';
import { knownLiveSession } from './live-session.js';
import { isMeant, organizationOf, wrongOrganization } from './organization.js';
import { sendErrorPage } from './pages.js';

const interactionPath = '/oidc/interaction';

/** An interaction with the field we add to it. */
type OwnInteraction = Interaction & {
  /** The sign-in the browser had at its beginning, which did not do (its token's hash); absent: there was none. */
  startedBy?: string;
};

/**
 * Lets the library keep two values of ours in its records: the browser session a grant was given in, and the sign-in an interaction began
 * with.
 */
export function keepOwnFields(provider: Provider): void {
  const add = (model: { IN_PAYLOAD: string[] }, field: string) =>
    Object.defineProperty(model, 'IN_PAYLOAD', { value: [...model.IN_PAYLOAD, field] });
  add(provider.Grant, 'sid');
  add(provider.Interaction, 'startedBy');
}

/**
 * Notes which sign-in did not do (`prompt=login`, too old for `max_age`, another tenant's, ...): only another one, made since, finishes the
 * interaction, be it in the same session.
 *
 * @returns the interaction's own path, which its cookie is bound to.
 */
export async function beginInteraction(
  ctx: KoaContextWithOIDC,
  interaction: OwnInteraction,
): Promise<string> {
  const live = knownLiveSession(ctx.req);
  if (live) {
    interaction.startedBy = live.session.tokenHash;
    await interaction.persist();
  }
  return `${interactionPath}/${interaction.uid}`;
}

/** Continues the application's request with a session that is good for it. */
async function finish(
  provider: Provider,
  req: Request,
  res: Response,
  { session, user }: LiveSession,
): Promise<void> {
  const login = {
    accountId: user._id,
    ts: Math.floor(authTimeOf(session).getTime() / 1000),
    amr: [...session.amr],
    ...(session.acr && { acr: session.acr }),
    remember: false,
  };
  const result = { login, select_account: {} };
  await provider.interactionFinished(req, res, result, { mergeWithLastSubmission: false });
}

/** Applications of the organization need no consent. */
async function consent(core: Core, req: Request, res: Response, request: ConsentRequest): Promise<void> {
  if (request.application.isThirdParty) await askConsent(core, req, res, request);
  else await request.provider.interactionFinished(req, res, { consent: {} });
}

async function interact(core: Core, provider: Provider, req: Request, res: Response): Promise<void> {
  const details: OwnInteraction = await provider.interactionDetails(req, res);
  if (details.uid !== req.params['uid']) throw new errors.SessionNotFound('another sign-in');
  const application = await findApplicationByClientId(core, String(details.params['client_id']));
  if (!application) throw new errors.SessionNotFound('the application is gone');
  if (details.prompt.name === 'consent') {
    await consent(core, req, res, { provider, details, application });
    return;
  }
  const reach = reachOf(application);
  const organization = await organizationOf(core, reach, details.params['organization']);
  if (organization.kind === 'wrong') {
    const refusal = { error: 'invalid_request', error_description: wrongOrganization };
    await provider.interactionFinished(req, res, refusal, { mergeWithLastSubmission: false });
    return;
  }
  const live = await currentSession(core, req);
  const isServed = live && isReached(reach, live.tenant._id) && isMeant(organization, live.tenant._id);
  if (isServed && live.session.tokenHash !== details.startedBy) {
    if (owesTerms(live.user, live.settings)) {
      res.redirect(303, termsPathTo(`${interactionPath}/${details.uid}`));
      return;
    }
    await finish(provider, req, res, live);
    return;
  }
  const hint = details.params['login_hint'];
  const path = await startFlowForInteraction(core, req, res, {
    tenantId: organization.kind === 'one' ? organization.tenantId : onlyTenantOf(reach),
    clientId: application.clientId,
    returnTo: `${interactionPath}/${details.uid}`,
    applicationName: application.name,
    loginHint: typeof hint === 'string' ? hint : undefined,
    language: languageIn(details.params['ui_locales']),
    demand: demandOf(details.params),
  });
  res.redirect(303, path);
}

/** The person's answer to an application of a third party. */
async function answerConsent(core: Core, provider: Provider, req: Request, res: Response): Promise<void> {
  const details = await provider.interactionDetails(req, res);
  const application = await findApplicationByClientId(core, String(details.params['client_id']));
  const isAsked = details.uid === req.params['uid'] && details.prompt.name === 'consent';
  if (!isAsked || !application?.isThirdParty) throw new errors.SessionNotFound('nothing is asked');
  await takeConsent(core, req, res, { provider, details, application });
}

type Step = (core: Core, provider: Provider, req: Request, res: Response) => Promise<void>;

/** Shows our own page for a sign-in that is over, or of another browser. */
function stepOf(core: Core, providerNow: () => Promise<Provider>, step: Step): RequestHandler {
  return async (req, res) => {
    res.setHeader('Cache-Control', 'no-store');
    try {
      await step(core, await providerNow(), req, res);
    } catch (error) {
      const isOld = error instanceof AppError && error.code === 'csrf.invalid';
      if (!isOld && !(error instanceof errors.SessionNotFound)) throw error;
      const text = 'This sign-in has expired. Please go back to the application and start again.';
      sendErrorPage(req, res, isOld ? 403 : 400, text);
    }
  };
}

/**
 * The pages' side of a sign-in an application waits for. `GET /oidc/interaction/:uid` sends the browser to the sign-in page, and, once it
 * comes back with a session, on to the application. The interaction's cookie (signed, bound to this path) ties it to the browser that
 * began.
 */
export function interactionRoutes(core: Core, providerNow: () => Promise<Provider>): Router {
  const router = Router();
  router.get(`${interactionPath}/:uid`, stepOf(core, providerNow, interact));
  const form = [urlencoded({ extended: false, limit: '16kb' }), refuseCrossSite()];
  router.post(`${interactionPath}/:uid`, form, stepOf(core, providerNow, answerConsent));
  return router;
}
