import { Router, urlencoded, type Request, type Response } from 'express';
import { pageHeaders } from '../../http/security-headers.js';
import { systemActor } from '../../identity/actors.js';
import { writeEvent } from '../../identity/audit/audit.js';
import { connectionAddress, findConnectionByAddress } from '../../identity/sso/connection-address.js';
import type { Core } from '../../identity/core.js';
import { providerOf } from '../../identity/sso/relying-party.js';
import { accessStampOf } from '../../identity/users/session-end.js';
import type { SsoConnectionDocument } from '../../persistence/collections/tenants.js';
import type { UserDocument } from '../../persistence/collections/users.js';
import { AppError } from '../../shared/errors.js';
import { ssoRefusalText } from '../refusals.js';
import { showBrand } from '../page-brand.js';
import { currentSession } from '../session-guard.js';
import { visitorOf, type SignInProof } from '../sessions.js';
import { takeLogin, type PendingLogin } from '../pending.js';
import { contextOf, enterFlow, findFlow, type Entry, type SignInContext } from '../sign-in-flow.js';
import { deviceOf } from '../devices.js';
import { isInScope, scopeOf } from '../sign-in-scope.js';
import { resolveSsoUser, type SsoRefusal } from '../sso/account-link.js';
import { acceptLogoutToken } from '../sso/backchannel-logout.js';
import { finishRoundTrip } from '../sso/forwarding-strategy.js';
import {
  readProviderWord,
  requireFresh,
  type ProviderClaims,
  type ProviderWord,
} from '../sso/provider-claims.js';
import { inStage, ProviderFault } from '../sso/provider-fault.js';
import { requireIssuer, requireTarget } from '../sso/third-party-start.js';
import { sendPage } from '../views/layout.js';
import { RefusalPage } from '../views/sign-in-pages.js';
import { enter, makeSession } from './complete-sign-in.js';
import { queryText } from './form-input.js';
import { forward, reportingFaults } from './forwarding.js';
import { forwardingLimit, logoutTokenLimit } from './sign-in-limits.js';
import { pageErrors } from './page-errors.js';
import { revocationRoute } from './revocation-route.js';

/** How long a person may take at their provider. */
const roundTripSeconds = 1800;

/**
 * A connection that may be used now. Its address is public and found before any tenant is known; what it opens is its own tenant alone.
 *
 * @throws AppError `sso_connection.not_found`.
 */
export async function liveConnection(core: Core, address: string): Promise<SsoConnectionDocument> {
  const connection = await findConnectionByAddress(core, address);
  if (!connection || connection.mode === 'off')
    throw new AppError('sso_connection.not_found', 'There is no such company sign-in.');
  return connection;
}

async function entryFor(
  core: Core,
  req: Request,
  res: Response,
  { connection, target }: { connection: SsoConnectionDocument; target: string | undefined },
): Promise<Entry> {
  const { tenantId } = connection;
  const flow = await findFlow(core, req);
  const context = flow && contextOf(flow, queryText(req, 'flow'));
  const isOfTenant = context && isInScope(await scopeOf(core, context), tenantId);
  if (isOfTenant && target === undefined) return { flow, context };
  const returnTo = target ?? '/account';
  return enterFlow(core, req, res, { tenantId, returnTo, applicationName: null, email: null });
}

type StartRequest = Request<{ connectionId: string }>;

/** Where a sign-in begins at a company's provider, also when the provider's own portal begins it (OpenID Connect Core section 4). */
async function start(core: Core, req: StartRequest, res: Response): Promise<void> {
  const connection = await liveConnection(core, req.params.connectionId);
  await showBrand(core, res, connection.tenantId);
  requireIssuer(connection, req.query['iss']);
  const target = await requireTarget(core, connection.tenantId, req.query['target_link_uri']);
  const { flow, context } = await entryFor(core, req, res, { connection, target });
  const hint = queryText(req, 'login_hint')?.slice(0, 320);
  await forward(core, req, res, { flow, context, connection, email: hint ?? context.email });
}

/** A post from a provider's portal brings no cookies of ours: the browser comes back with them by a GET. */
async function startPosted(core: Core, req: StartRequest, res: Response): Promise<void> {
  const connection = await liveConnection(core, req.params.connectionId);
  const form = { ...req.query, ...((req.body ?? {}) as Record<string, unknown>) };
  const given = new URLSearchParams();
  for (const name of ['iss', 'login_hint', 'target_link_uri', 'flow']) {
    const value = form[name];
    if (value === undefined) continue;
    if (typeof value !== 'string' || value.length > 2000)
      throw new AppError('input.invalid', `The parameter ${name} is not valid.`);
    given.set(name, value);
  }
  const query = given.toString();
  const path = `/sso/${connectionAddress(connection)}/start`;
  res.redirect(303, query === '' ? path : `${path}?${query}`);
}

export interface Return {
  context: SignInContext;
  login: PendingLogin;
}

/** What this browser's own record says about the response: foreign and second ones have none. */
export async function takeReturn(core: Core, req: Request, state: unknown): Promise<Return> {
  const flow = await findFlow(core, req);
  if (!flow)
    throw new AppError('auth.forbidden', 'This browser did not ask for a sign-in. Please start again.');
  const login = await takeLogin(core, flow, state, roundTripSeconds);
  const context = login && contextOf(flow, login.contextId);
  if (!context) throw new ProviderFault('response_invalid');
  return { context, login };
}

/** Redeems what the provider answered for its word about a person. */
async function wordOf(
  core: Core,
  req: Request,
  res: Response,
  { login, connection }: { login: PendingLogin; connection: SsoConnectionDocument },
): Promise<ProviderWord> {
  const provider = await inStage('discovery', () => providerOf(core, connection));
  const config = provider.open();
  try {
    return await inStage('token', async () => {
      const word = readProviderWord(config, await finishRoundTrip(core, config, { req, res, trip: login }));
      requireFresh(word, login);
      return word;
    });
  } finally {
    provider.close(config);
  }
}

/** The connection this browser left for; an answer at another one's address is no answer of its provider. */
export async function answeredConnection(
  core: Core,
  req: Request<{ connectionId: string }>,
  login: PendingLogin,
): Promise<SsoConnectionDocument> {
  const connection = await core.store.server
    .collection('sso_connections')
    .findOne({ _id: login.connectionId });
  if (!connection || connection.mode === 'off')
    throw new AppError('auth.forbidden', 'This company sign-in has been switched off.');
  const { connectionId: address } = req.params;
  if (address !== login.address || address !== connectionAddress(connection))
    throw new ProviderFault('response_invalid');
  return connection;
}

interface Arriving {
  context: SignInContext;
  connection: SsoConnectionDocument;
  /** @throws {@link ProviderFault}. */
  wordOf: () => Promise<ProviderWord>;
}

async function finish(core: Core, req: Request<{ connectionId: string }>, res: Response): Promise<void> {
  const { context, login } = await takeReturn(core, req, queryText(req, 'state'));
  const connection = await answeredConnection(core, req, login);
  await arrive(core, req, res, {
    context,
    connection,
    wordOf: () => wordOf(core, req, res, { login, connection }),
  });
}

/** Somebody whom a company's provider signed in, whichever way it said so. */
export async function arrive(
  core: Core,
  req: Request,
  res: Response,
  { context, connection, wordOf: askWord }: Arriving,
): Promise<void> {
  await showBrand(core, res, connection.tenantId);
  const live = await currentSession(core, req, { slides: false });
  const provenUserId = live && live.session.method !== 'sso' ? live.user._id : null;
  const { requestId, ip } = visitorOf(req);
  const { word, resolved } = await reportingFaults(core, req, connection, async () => {
    const told = await askWord();
    const origin = { requestId, ip };
    const arrival = { connection, word: told, provenUserId, device: deviceOf(core, req), origin };
    return { word: told, resolved: await resolveSsoUser(core, arrival) };
  });
  if (resolved.kind === 'refused') {
    const { reason, user } = resolved;
    await refuse(core, req, res, { context, connection, claims: word.claims, reason, user });
    return;
  }
  const { admission } = resolved;
  const proof = proofOf(connection, word, core.clock.now());
  const accessStamp = accessStampOf(admission.user);
  enter(core, res, context, await makeSession(core, req, { context, admission, proof, accessStamp }));
}

function proofOf(
  connection: SsoConnectionDocument,
  { authTime, acr, sid, sessionEndsAt }: ProviderWord,
  now: Date,
): SignInProof {
  return {
    method: 'sso',
    amr: ['fed'],
    connectionId: connection._id,
    providerSid: sid,
    providerEndsAt: sessionEndsAt,
    ...(acr !== null && { acr }),
    // A clock ahead of ours makes nobody sign in later than now.
    ...(authTime && authTime < now && { authenticatedAt: authTime }),
  };
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

  router.use(revocationRoute(core));
  router.use('/sso', pageHeaders());
  router.get('/sso/:connectionId/callback', (req, res) => finish(core, req, res));
  const limit = forwardingLimit(core);
  router.get('/sso/:connectionId/start', limit, (req: StartRequest, res: Response) => start(core, req, res));
  router.post(
    '/sso/:connectionId/start',
    limit,
    urlencoded({ extended: false, limit: '16kb' }),
    (req: StartRequest, res: Response) => startPosted(core, req, res),
  );
  router.use('/sso', pageErrors(core));
  return router;
}
