import { Router, urlencoded, type Request, type Response } from 'express';
import { pageHeaders } from '../../http/security-headers.js';
import { connectionAddress, findConnectionByAddress } from '../../identity/sso/connection-address.js';
import type { Core } from '../../identity/core.js';
import { findOnTrip, type SsoSignInDocument } from '../../identity/sso/sign-in-log.js';
import { refreshSoon } from '../../identity/sso/saml/metadata-refresh.js';
import { isSaml, type SamlConnection } from '../../identity/sso/saml/saml-settings.js';
import { AppError } from '../../shared/errors.js';
import { showBrand } from '../page-brand.js';
import { keepAnswer, takeAnswer, type KeptAnswer } from '../saml/kept-answer.js';
import { judgeAnswer, relayStateOf, type JudgedAnswer } from '../saml/saml-answer.js';
import { SamlRefused } from '../saml/saml-refused.js';
import { toProviderWord } from '../saml/saml-word.js';
import { ownMetadata } from '../saml/sp-metadata.js';
import { requireFresh } from '../sso/provider-claims.js';
import { inStage, ProviderFault } from '../sso/provider-fault.js';
import { requireTarget } from '../sso/third-party-start.js';
import { queryText } from './form-input.js';
import { reportingFaults } from './forwarding.js';
import { pageErrors } from './page-errors.js';
import { samlLogoutRoutes } from './saml-logout-routes.js';
import { samlAnswerLimit } from './sign-in-limits.js';
import {
  arrive,
  findAnsweredConnection,
  takeReturn,
  type Arrival,
  type ConnectionExchange,
  type Return,
} from './provider-return.js';
import { steps, type answered, type Exchange } from './steps.js';

type ConnectionRequest = Request<{ connectionId: string }>;

const unknown = (): AppError => new AppError('sso_connection.not_found', 'There is no such company sign-in.');

interface Answered {
  connection: SamlConnection;
  /** The sign-in it seems to answer; undefined: it is not known. */
  signIn: SsoSignInDocument | undefined;
}

/** The connection an answer was posted to; one that is off takes the answers to tests alone. */
async function answeredConnection(core: Core, address: string, relayState: string): Promise<Answered> {
  const connection = await findConnectionByAddress(core, address);
  if (!connection || !isSaml(connection)) throw unknown();
  const signIn = relayState === '' ? undefined : await findOnTrip(core, connection, relayState);
  if (connection.mode === 'off' && signIn?.kind !== 'test') throw unknown();
  return { connection, signIn };
}

/** Answers in mode `off` as well: the provider needs it before we know the provider. */
async function sendMetadata(core: Core, req: ConnectionRequest, res: Response): Promise<void> {
  const connection = await findConnectionByAddress(core, req.params.connectionId);
  if (!connection || !isSaml(connection)) throw unknown();
  res.type('application/samlmetadata+xml').send(ownMetadata(core, connection));
}

/** A provider sent an answer without a request: a request is made, and the answer itself opens nothing. */
async function beginAnew(core: Core, connection: SamlConnection, relayState: string): Promise<string> {
  const path = `/sso/${connectionAddress(connection)}/start`;
  const target = await requireTarget(core, connection.tenantId, relayState).catch((error: unknown) => {
    if (error instanceof AppError && error.status < 500) return undefined;
    throw error;
  });
  return target === undefined
    ? path
    : `${path}?${new URLSearchParams({ target_link_uri: target }).toString()}`;
}

/** A signature of an unknown key may be of the provider's new one, which its metadata then have. */
async function judged(
  core: Core,
  connection: SamlConnection,
  posted: { encoded: unknown; relayState: string },
): Promise<JudgedAnswer> {
  try {
    return await judgeAnswer(core, connection, posted);
  } catch (error) {
    if (error instanceof SamlRefused && error.reason === 'signature') await refreshSoon(core, connection);
    throw error;
  }
}

/**
 * The assertion consumer service. The post comes from the provider's site, without our cookies: the answer is judged here, and kept until the
 * browser comes back by a GET and shows that it asked for it.
 */
async function takePosted(core: Core, req: ConnectionRequest, res: Response): Promise<void> {
  const form = (req.body ?? {}) as Record<string, unknown>;
  const relayState = typeof form['RelayState'] === 'string' ? form['RelayState'].slice(0, 2000) : '';
  const { connection, signIn } = await answeredConnection(core, req.params.connectionId, relayState);
  await showBrand(core, res, connection.tenantId);
  // Who posts has not shown to be the browser that left: only of a test it is noted as its end.
  const isTest = signIn?.kind === 'test';
  const noted = { connection, noteId: isTest ? signIn._id : undefined, isTest };
  const { word, requestId } = await reportingFaults(core, req, noted, () =>
    inStage('saml_response', () => judged(core, connection, { encoded: form['SAMLResponse'], relayState })),
  );
  if (requestId === undefined) {
    if (connection.mode === 'off') throw unknown();
    res.redirect(303, await beginAnew(core, connection, relayState));
    return;
  }
  const answer = await keepAnswer(core, { connectionId: connection._id, relayState, requestId, word });
  res.redirect(
    303,
    `/sso/${connectionAddress(connection)}/acs?${new URLSearchParams({ answer }).toString()}`,
  );
}

async function takeKept({ core, req }: Exchange): Promise<{ kept: KeptAnswer }> {
  const kept = await takeAnswer(core, queryText(req, 'answer') ?? '');
  if (!kept) throw new ProviderFault('response_invalid');
  return { kept };
}

const takeAnswered = (state: ConnectionExchange & { kept: KeptAnswer }): Promise<Return | typeof answered> =>
  takeReturn(state, state.kept.relayState || relayStateOf(state.kept.requestId));

/** The answer counts where this browser asked for it, in this very request. */
const readKept = ({
  kept,
  login,
  connection,
}: Return & Pick<Arrival, 'connection'> & { kept: KeptAnswer }): Pick<Arrival, 'askWord'> => ({
  askWord: () =>
    inStage('saml_response', () => {
      if (kept.connectionId !== connection._id || kept.requestId !== login.nonce)
        throw new SamlRefused('in_response_to', 'the answer to another request of this browser');
      const word = toProviderWord(kept.word);
      requireFresh(word, login);
      return word;
    }),
});

/** `GET /sso/{connection}/acs`: the browser is back with its cookie. */
const finish = steps<ConnectionExchange>()
  .step(takeKept)
  .step(takeAnswered)
  .step(findAnsweredConnection)
  .step(readKept)
  .end(arrive);

/** The addresses of SAML connections: our metadata, and where their providers post answers. */
export function samlRoutes(core: Core): Router {
  const router = Router();
  const headers = pageHeaders();
  const limit = samlAnswerLimit(core);
  router.get('/sso/:connectionId/metadata', headers, (req: ConnectionRequest, res: Response) =>
    sendMetadata(core, req, res),
  );
  router.get('/sso/:connectionId/acs', headers, (req: ConnectionRequest, res: Response) =>
    finish({ core, req, res }),
  );
  router.post(
    '/sso/:connectionId/acs',
    headers,
    limit,
    urlencoded({ extended: false, limit: '1mb', parameterLimit: 20 }),
    (req: ConnectionRequest, res: Response) => takePosted(core, req, res),
  );
  router.use(samlLogoutRoutes(core));
  router.use('/sso', pageErrors(core));
  return router;
}
