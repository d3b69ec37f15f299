import type { Request, Response } from 'express';
import type { Interaction, Provider } from 'oidc-provider';
import { requestIdOf } from '../../http/request-context.js';
import { personActor } from '../../identity/actors.js';
import { giveConsent } from '../../identity/applications/consents.js';
import type { Core } from '../../identity/core.js';
import { errors } from '../../infrastructure/oidc-provider-library.js';
import type { ApplicationDocument } from '../../persistence/collections/applications.js';
import { AppError } from '../../shared/errors.js';
import { showBrand } from '../page-brand.js';
import { languageIn, showLanguage } from '../page-choices.js';
import { currentSession, isSessionFormToken, sessionFormToken, type LiveSession } from '../session-guard.js';
import { ConsentPage } from '../views/consent-page.js';
import { sendPage } from '../views/layout.js';
import { claimWord, resourceWord } from './asked.js';
import { supportedScopes } from './claims.js';

const listOf = (value: unknown): string[] =>
  [value ?? []].flat().filter((one): one is string => typeof one === 'string');

/** What a request asks of a person, in the words of a consent. */
function wordsOf({ params, prompt }: Interaction, { resources = [] }: ApplicationDocument): string[] {
  const scopes = listOf(params['scope']).flatMap((text) => text.split(' '));
  const targets = listOf(params['resource']);
  const claims = listOf((prompt.details as { missingOIDCClaims?: unknown }).missingOIDCClaims);
  return [
    ...supportedScopes.filter((scope) => scopes.includes(scope)),
    ...claims.map(claimWord),
    ...resources
      .filter(({ resource }) => targets.includes(resource))
      .flatMap((one) =>
        one.scopes
          .filter((scope) => scopes.includes(scope))
          .map((scope) => resourceWord(one.resource, scope)),
      ),
  ];
}

/** A request that waits for a person's consent. */
export interface ConsentRequest {
  provider: Provider;
  details: Interaction;
  application: ApplicationDocument;
}

/** @throws SessionNotFound when the browser has no session any more. */
async function personOf(core: Core, req: Request): Promise<LiveSession> {
  const live = await currentSession(core, req);
  if (!live) throw new errors.SessionNotFound('the browser has no session');
  return live;
}

/** Asks the person. */
export async function askConsent(
  core: Core,
  req: Request,
  res: Response,
  request: ConsentRequest,
): Promise<void> {
  const live = await personOf(core, req);
  await showBrand(core, res, live.tenant._id);
  const asked = languageIn(request.details.params['ui_locales']);
  showLanguage(res, asked ?? live.user.attributes['preferredLanguage']);
  sendPage(
    res,
    200,
    <ConsentPage
      csrf={sessionFormToken(core, live.session)}
      action={req.path}
      applicationName={request.application.name}
      email={live.user.email ?? live.user.userName}
      asked={wordsOf(request.details, request.application)}
    />,
  );
}

/** Takes the person's answer, and sends the browser to the application. */
export async function takeConsent(
  core: Core,
  req: Request,
  res: Response,
  request: ConsentRequest,
): Promise<void> {
  const { provider, details, application } = request;
  const live = await personOf(core, req);
  const body = (req.body ?? {}) as Record<string, unknown>;
  if (!isSessionFormToken(core, live.session, body['_csrf'])) {
    throw new AppError('csrf.invalid', 'This page has expired. Please try again.');
  }
  if (body['decision'] !== 'allow') {
    const refusal = { error: 'access_denied', error_description: 'the person did not agree' };
    await provider.interactionFinished(req, res, refusal, { mergeWithLastSubmission: false });
    return;
  }
  const actor = personActor(live.user, { requestId: requestIdOf(req), ip: req.ip ?? '' });
  await giveConsent(core, actor, application, wordsOf(details, application));
  await provider.interactionFinished(req, res, { consent: {} });
}
