import { Router, urlencoded, type Request, type Response } from 'express';
import { requestIdOf } from '../../http/request-context.js';
import { pageHeaders } from '../../http/security-headers.js';
import { systemActor } from '../../identity/actors.js';
import { writeEvent } from '../../identity/audit/audit.js';
import { findConnectionByAddress } from '../../identity/sso/connection-address.js';
import type { Core } from '../../identity/core.js';
import { isSaml, type SamlConnection } from '../../identity/sso/saml/saml-settings.js';
import { AppError } from '../../shared/errors.js';
import { showBrand } from '../page-brand.js';
import { SamlRefused } from '../saml/saml-refused.js';
import { acceptLogoutMessage, type LogoutInput } from '../saml/single-logout.js';
import { visitorOf } from '../sessions.js';
import { SignedOutPage } from '../views/account-pages.js';
import { sendPage } from '../views/layout.js';
import { RefusalPage } from '../views/sign-in-pages.js';
import { samlAnswerLimit } from './sign-in-limits.js';

type LogoutExchangeRequest = Request<{ connectionId: string }>;

/** Anybody can send messages: a tenant is informed of refused ones this often, no more. */
const atMostEachMs = 60_000;

async function reportRefused(
  core: Core,
  req: Request,
  connection: SamlConnection,
  refused: SamlRefused,
): Promise<void> {
  const { requestId, ip } = visitorOf(req);
  const about = { connectionId: connection._id, requestId };
  core.log.warn({ err: refused, ...about }, 'a SAML logout message was refused');
  const until = new Date(core.clock.now().getTime() + atMostEachMs);
  if ((await core.store.increment(`saml-logout-refused:${connection._id}`, 1, until)).count !== 1) return;
  const actor = { ...systemActor(connection.tenantId, connection.name), requestId, ip };
  const target = { type: 'sso_connection', id: connection._id, label: connection.name };
  const told = { reason: refused.reason, hint: `${refused.hint} (${refused.message.slice(0, 200)})` };
  const changes = Object.entries(told).map(([path, after]) => ({ path, before: null, after }));
  await writeEvent(core, actor, { action: 'sso.logout_refused', target, changes, result: 'failure' });
}

function showRefused(req: Request, res: Response): void {
  sendPage(
    res,
    400,
    <RefusalPage
      title="That did not work"
      alert="The sign-out message of your company’s sign-in could not be accepted. You may still be signed in here."
      reference={requestIdOf(req)}
      links={[{ href: '/signout', text: 'Sign out' }]}
    />,
  );
}

function showUnfinished(res: Response, target: string | undefined): void {
  sendPage(
    res,
    200,
    <RefusalPage
      title="You are signed out"
      alert="You are signed out here, but your company’s sign-in did not confirm that you are signed out there. Close the browser to be sure."
      links={target === undefined ? [] : [{ href: target, text: 'Continue' }]}
    />,
  );
}

async function take(
  core: Core,
  req: LogoutExchangeRequest,
  res: Response,
  input: LogoutInput,
): Promise<void> {
  const connection = await findConnectionByAddress(core, req.params.connectionId);
  if (!connection || !isSaml(connection) || connection.mode === 'off')
    throw new AppError('sso_connection.not_found', 'There is no such company sign-in.');
  await showBrand(core, res, connection.tenantId);
  try {
    const outcome = await acceptLogoutMessage(core, connection, input, visitorOf(req));
    if (outcome.kind === 'redirect') res.redirect(303, outcome.url);
    else if (outcome.isComplete) sendPage(res, 200, <SignedOutPage />);
    else showUnfinished(res, outcome.target);
  } catch (error) {
    if (!(error instanceof SamlRefused)) throw error;
    await reportRefused(core, req, connection, error);
    showRefused(req, res);
  }
}

/** `/sso/{connection}/slo`: where SAML providers send the messages of single logout, by HTTP-Redirect and HTTP-POST. */
export function samlLogoutRoutes(core: Core): Router {
  const router = Router();
  const before = [pageHeaders(), samlAnswerLimit(core)];
  router.get('/sso/:connectionId/slo', before, (req: LogoutExchangeRequest, res: Response) => {
    const { originalUrl } = req;
    const rawQuery = originalUrl.includes('?') ? originalUrl.slice(originalUrl.indexOf('?') + 1) : '';
    return take(core, req, res, { rawQuery });
  });
  router.post(
    '/sso/:connectionId/slo',
    before,
    urlencoded({ extended: false, limit: '1mb', parameterLimit: 20 }),
    (req: LogoutExchangeRequest, res: Response) =>
      take(core, req, res, { form: (req.body ?? {}) as Record<string, unknown> }),
  );
  return router;
}
