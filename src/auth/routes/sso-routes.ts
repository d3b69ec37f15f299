import { Router, urlencoded, type Request, type Response } from 'express';
import { pageHeaders } from '../../http/security-headers.js';
import { publishedKeys } from '../../identity/sso/client-keys.js';
import { connectionAddress, findConnectionByAddress } from '../../identity/sso/connection-address.js';
import type { Core } from '../../identity/core.js';
import { takeTest } from '../../identity/sso/sign-in-log.js';
import { providerOf } from '../../identity/sso/relying-party.js';
import type { SsoConnectionDocument } from '../../persistence/collections/sso-connections.js';
import { AppError } from '../../shared/errors.js';
import { showBrand } from '../page-brand.js';
import { visitorOf } from '../sessions.js';
import { contextOf, enterFlow, findFlow, type Entry } from '../sign-in-flow.js';
import { isInScope, scopeOf } from '../sign-in-scope.js';
import { acceptLogoutToken } from '../sso/backchannel-logout.js';
import { finishRoundTrip } from '../sso/forwarding-strategy.js';
import { readProviderWord, requireFresh, type ProviderWord } from '../sso/provider-claims.js';
import { inStage } from '../sso/provider-fault.js';
import { requireIssuer, requireTarget } from '../sso/third-party-start.js';
import { queryText } from './form-input.js';
import { forward } from './forwarding.js';
import { forwardingLimit, logoutTokenLimit } from './sign-in-limits.js';
import { pageErrors } from './page-errors.js';
import {
  arrive,
  findAnsweredConnection,
  liveConnection,
  takeReturn,
  type Arrival,
  type ConnectionExchange,
  type Return,
} from './provider-return.js';
import { revocationRoute } from './revocation-route.js';
import { steps, type answered, type Exchange } from './steps.js';

type StartRequest = Request<{ connectionId: string }>;

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

/** `GET /sso/{connection}/test`: a browser begins a test by the link that an administrator got for it. */
async function startTest(core: Core, req: StartRequest, res: Response): Promise<void> {
  const connection = await findConnectionByAddress(core, req.params.connectionId);
  const id = queryText(req, 'test') ?? '';
  const secret = queryText(req, 'token') ?? '';
  const test = connection && (await takeTest(core, connection, { id, secret }));
  if (!connection || !test)
    throw new AppError(
      'auth.forbidden',
      'This test was begun already, or its link is too old. Please make another.',
    );
  await showBrand(core, res, connection.tenantId);
  const { tenantId } = connection;
  const start = { tenantId, returnTo: '/account', applicationName: null, email: null };
  const { flow, context } = await enterFlow(core, req, res, start);
  await forward(core, req, res, { flow, context, connection, email: null, testId: test._id });
}

/** `GET /sso/{connection}/jwks`: answers in the mode `off` as well, since the provider reads it first. */
async function sendClientKeys(core: Core, req: StartRequest, res: Response): Promise<void> {
  const connection = await findConnectionByAddress(core, req.params.connectionId);
  if (!connection?.clientKeys)
    throw new AppError('sso_connection.not_found', 'There is no such company sign-in.');
  res.setHeader('Cache-Control', 'public, max-age=300');
  res.type('application/jwk-set+json').send(JSON.stringify(publishedKeys(connection.clientKeys)));
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

/** Redeems what the provider answered for its word about a person. */
const askProvider = ({
  core,
  req,
  res,
  login,
  connection,
}: Exchange & Return & Pick<Arrival, 'connection'>): Pick<Arrival, 'askWord'> => ({
  async askWord(): Promise<ProviderWord> {
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
  },
});

const takeCallback = (exchange: ConnectionExchange): Promise<Return | typeof answered> =>
  takeReturn(exchange, queryText(exchange.req, 'state'));

/** `GET /sso/{connection}/callback`. */
const finish = steps<ConnectionExchange>()
  .step(takeCallback)
  .step(findAnsweredConnection)
  .step(askProvider)
  .end(arrive);

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
  router.get('/sso/:connectionId/jwks', (req: StartRequest, res: Response) => sendClientKeys(core, req, res));
  router.get('/sso/:connectionId/callback', (req, res) => finish({ core, req, res }));
  const limit = forwardingLimit(core);
  router.get('/sso/:connectionId/start', limit, (req: StartRequest, res: Response) => start(core, req, res));
  router.get('/sso/:connectionId/test', limit, (req: StartRequest, res: Response) =>
    startTest(core, req, res),
  );
  router.post(
    '/sso/:connectionId/start',
    limit,
    urlencoded({ extended: false, limit: '16kb' }),
    (req: StartRequest, res: Response) => startPosted(core, req, res),
  );
  router.use('/sso', pageErrors(core));
  return router;
}
