import { Router, urlencoded, type Request, type Response } from 'express';
import { requestIdOf } from '../../http/request-context.js';
import { pageHeaders } from '../../http/security-headers.js';
import { systemActor } from '../../identity/actors.js';
import { writeEvent } from '../../identity/audit.js';
import type { Core } from '../../identity/core.js';
import { accessStampOf } from '../../identity/session-end.js';
import type { SsoConnectionDocument } from '../../persistence/collections/tenants.js';
import type { UserDocument } from '../../persistence/collections/users.js';
import { AppError } from '../../shared/errors.js';
import { ssoRefusalText } from '../refusals.js';
import { currentSession } from '../session-guard.js';
import { visitorOf } from '../sessions.js';
import {
  contextOf,
  enterFlow,
  findFlow,
  takeLogin,
  type Entry,
  type PendingLogin,
  type SignInContext,
} from '../sign-in-flow.js';
import { resolveSsoUser, type SsoRefusal } from '../sso/account-link.js';
import { acceptLogoutToken } from '../sso/backchannel-logout.js';
import { finishRoundTrip } from '../sso/forwarding-strategy.js';
import { readProviderClaims, type ProviderClaims } from '../sso/provider-claims.js';
import { ProviderFault, toProviderFault } from '../sso/provider-fault.js';
import { providerOf } from '../sso/relying-party.js';
import { sendPage } from '../views/layout.js';
import { RefusalPage } from '../views/sign-in-pages.js';
import { enter, makeSession } from './complete-sign-in.js';
import { queryText } from './form-input.js';
import { forward } from './forwarding.js';
import { forwardingLimit, logoutTokenLimit } from './sign-in-limits.js';
import { pageErrors } from './page-errors.js';

/** How long a person may take at their provider. */
const roundTripSeconds = 1800;

/** A connection that may be used now. Its id is public and found before any tenant is known; what it opens is its own tenant alone. */
async function liveConnection(core: Core, id: string): Promise<SsoConnectionDocument | undefined> {
  const connection = await core.store.server.collection('sso_connections').findOne({ _id: id });
  return connection && connection.mode !== 'off' ? connection : undefined;
}

async function entryFor(core: Core, req: Request, res: Response, tenantId: string): Promise<Entry> {
  const flow = await findFlow(core, req);
  const context = flow && contextOf(flow, queryText(req, 'flow'));
  if (context && (context.tenantId === null || context.tenantId === tenantId)) return { flow, context };
  return enterFlow(core, req, res, { tenantId, returnTo: '/account', applicationName: null, email: null });
}

async function start(core: Core, req: Request<{ connectionId: string }>, res: Response): Promise<void> {
  const connection = await liveConnection(core, req.params.connectionId);
  if (!connection) throw new AppError('sso_connection.not_found', 'There is no such company sign-in.');
  const { flow, context } = await entryFor(core, req, res, connection.tenantId);
  await forward(core, req, res, { flow, context, connection, email: context.email });
}

interface Return {
  context: SignInContext;
  login: PendingLogin;
}

/** What this browser's own record says about the response: foreign and second ones have none. */
async function takeReturn(core: Core, req: Request): Promise<Return> {
  const flow = await findFlow(core, req);
  if (!flow)
    throw new AppError('auth.forbidden', 'This browser did not ask for a sign-in. Please start again.');
  const login = await takeLogin(core, flow, queryText(req, 'state'), roundTripSeconds);
  const context = login && contextOf(flow, login.contextId);
  if (!context) throw new ProviderFault('response_invalid');
  return { context, login };
}

async function claimsOf(
  core: Core,
  req: Request,
  res: Response,
  { login, connection }: { login: PendingLogin; connection: SsoConnectionDocument },
): Promise<ProviderClaims> {
  try {
    const config = await providerOf(core, connection);
    return await readProviderClaims(config, await finishRoundTrip(core, config, { req, res, trip: login }));
  } catch (error) {
    core.log.warn(
      { err: error, connectionId: connection._id, requestId: requestIdOf(req) },
      'sign-in refused',
    );
    throw toProviderFault(error);
  }
}

async function finish(core: Core, req: Request, res: Response): Promise<void> {
  const { context, login } = await takeReturn(core, req);
  const connection = await liveConnection(core, login.connectionId);
  if (!connection) throw new AppError('auth.forbidden', 'This company sign-in has been switched off.');
  const claims = await claimsOf(core, req, res, { login, connection });
  const live = await currentSession(core, req, { slides: false });
  const provenUserId = live?.session.method === 'password' ? live.user._id : null;
  const { requestId, ip } = visitorOf(req);
  const origin = { requestId, ip };
  const resolved = await resolveSsoUser(core, { connection, claims, provenUserId, origin });
  if (resolved.kind === 'refused') {
    await refuse(core, req, res, {
      context,
      connection,
      claims,
      reason: resolved.reason,
      user: resolved.user,
    });
    return;
  }
  const proof = {
    method: 'sso' as const,
    amr: ['fed'],
    connectionId: connection._id,
    providerSid: claims.sid,
  };
  const { admission } = resolved;
  const accessStamp = accessStampOf(admission.user);
  enter(core, res, context, await makeSession(core, req, { context, admission, proof, accessStamp }));
}

async function refuse(
  core: Core,
  req: Request,
  res: Response,
  refusal: {
    context: SignInContext;
    connection: SsoConnectionDocument;
    claims: ProviderClaims;
    reason: SsoRefusal;
    user: UserDocument | undefined;
  },
): Promise<void> {
  const { requestId, ip } = visitorOf(req);
  const { connection, claims, context, reason, user } = refusal;
  const target = { type: 'user', id: user?._id ?? '', label: claims.email ?? claims.subject };
  const actor = { ...systemActor(connection.tenantId, connection.name), requestId, ip };
  const changes = [{ path: 'reason', before: null, after: reason }];
  await writeEvent(core, actor, { action: 'login.refused', target, changes, result: 'failure' });
  const links = [{ href: `/signin?flow=${context.id}`, text: 'Use another email' }];
  sendPage(
    res,
    403,
    <RefusalPage
      title="You cannot sign in"
      alert={ssoRefusalText(reason)}
      reference={requestId}
      links={links}
    />,
  );
}

/** The relying party's addresses: where people leave for their company's provider, where they come back, where it ends their sessions. */
export function ssoRoutes(core: Core): Router {
  const router = Router();

  router.post(
    '/sso/backchannel-logout',
    logoutTokenLimit(core),
    urlencoded({ extended: false, limit: '64kb' }),
    async (req: Request, res: Response) => {
      res.setHeader('Cache-Control', 'no-store');
      const body = (req.body ?? {}) as Record<string, unknown>;
      const accepted = await acceptLogoutToken(core, body['logout_token'], visitorOf(req));
      if (accepted) res.status(200).end();
      else
        res
          .status(400)
          .json({ error: 'invalid_request', error_description: 'the logout token is not valid' });
    },
  );

  router.use('/sso', pageHeaders());
  router.get('/sso/callback', (req, res) => finish(core, req, res));
  router.get(
    '/sso/:connectionId/start',
    forwardingLimit(core),
    (req: Request<{ connectionId: string }>, res: Response) => start(core, req, res),
  );
  router.use('/sso', pageErrors(core));
  return router;
}
