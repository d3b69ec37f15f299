import type { Request } from 'express';
import { systemActor } from '../../identity/actors.js';
import { recordEvent } from '../../identity/audit/audit.js';
import { connectionAddress, findConnectionByAddress } from '../../identity/sso/connection-address.js';
import type { Core } from '../../identity/core.js';
import { noteOutcome } from '../../identity/sso/sign-in-log.js';
import { accessStampOf } from '../../identity/users/session-end.js';
import type { SsoConnectionDocument } from '../../persistence/collections/sso-connections.js';
import type { UserDocument } from '../../persistence/collections/users.js';
import { AppError } from '../../shared/errors.js';
import type { Admission } from '../admission.js';
import { deviceOf } from '../devices.js';
import { showSignIn } from '../page-brand.js';
import { takeLogin, type PendingLogin } from '../pending.js';
import { ssoRefusalText } from '../refusals.js';
import { currentSession } from '../session-guard.js';
import { visitorOf, type SignInProof } from '../sessions.js';
import { contextOf, findFlow, type SignInContext } from '../sign-in-flow.js';
import { resolveSsoUser } from '../sso/account-link.js';
import { foreseeSignIn } from '../sso/foreseen.js';
import { type SsoArrival, type SsoRefusal } from '../sso/link-rules.js';
import type { ProviderWord } from '../sso/provider-claims.js';
import { sendPage } from '../views/layout.js';
import { TestResultPage } from '../views/test-result-page.js';
import { RefusalPage } from '../views/sign-in-pages.js';
import { enter, makeSession } from './complete-sign-in.js';
import { reportingFaults, type Noted } from './forwarding.js';
import { answered, steps, type Exchange } from './steps.js';
import { refuseMisdirected, refuseStray } from './stray-answers.js';

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

/** A request at one of a connection's addresses. */
export interface ConnectionExchange extends Exchange {
  readonly req: Request<{ connectionId: string }>;
}

/** What this browser's own record says about a response. */
export interface Return {
  context: SignInContext;
  login: PendingLogin;
}

/** Takes the record out: foreign and second responses have none. */
export async function takeReturn(
  exchange: ConnectionExchange,
  state: unknown,
): Promise<Return | typeof answered> {
  const { core, req } = exchange;
  const flow = await findFlow(core, req);
  if (!flow)
    throw new AppError('auth.forbidden', 'This browser did not ask for a sign-in. Please start again.');
  const login = await takeLogin(core, flow, state, roundTripSeconds);
  const context = login && contextOf(flow, login.contextId);
  if (!context) return refuseStray(exchange, await findConnectionByAddress(core, req.params.connectionId));
  return { context, login };
}

/** The connection this browser left for; an answer at another one's address is no answer of its provider. */
export async function findAnsweredConnection(
  state: ConnectionExchange & Return,
): Promise<{ connection: SsoConnectionDocument }> {
  const { core, req, login } = state;
  const connection = await core.store.server
    .collection('sso_connections')
    .findOne({ _id: login.connectionId });
  if (!connection || (connection.mode === 'off' && !login.isTest))
    throw new AppError('auth.forbidden', 'This company sign-in has been switched off.');
  const { connectionId: address } = req.params;
  if (address !== login.address || address !== connectionAddress(connection))
    return refuseMisdirected(state, { connection, noteId: login.noteId, isTest: login.isTest === true });
  return { connection };
}

/** A person who comes back from their company's provider. */
export interface Arrival {
  context: SignInContext;
  login: PendingLogin;
  connection: SsoConnectionDocument;
  /** @throws {@link ProviderFault}. */
  askWord: () => Promise<ProviderWord>;
}

type Arriving = Exchange & Arrival;

const showCompany = ({ core, res, connection, context }: Arriving): Promise<void> =>
  showSignIn(core, res, { tenantId: connection.tenantId, language: context.language });

/** The user this browser is signed in as by other means: proof that an existing account is theirs. */
async function findProvenUser({ core, req }: Arriving): Promise<{ provenUserId: string | null }> {
  const live = await currentSession(core, req, { slides: false });
  return { provenUserId: live && live.session.method !== 'sso' ? live.user._id : null };
}

interface Resolved {
  word: ProviderWord;
  resolved: Awaited<ReturnType<typeof resolveSsoUser>>;
}

type Proven = Arriving & { provenUserId: string | null };

const notedOf = ({ connection, login }: Arriving): Noted => ({
  ...{ connection, noteId: login.noteId, isTest: login.isTest === true },
});

/** The provider's word with what else decides on the person. */
async function arrivalOf({ core, req, connection, askWord, provenUserId }: Proven): Promise<SsoArrival> {
  const word = await askWord();
  const { requestId, ip } = visitorOf(req);
  return { connection, word, provenUserId, device: deviceOf(core, req), origin: { requestId, ip } };
}

/** Of a test the browser is shown what a sign-in would do, and nothing else happens. */
async function answerTest(state: Proven): Promise<typeof answered | undefined> {
  if (!state.login.isTest) return undefined;
  const { core, req, res, connection, login } = state;
  const foreseen = await reportingFaults(core, req, notedOf(state), async () =>
    // A test proves nothing about the accounts of the person who makes it.
    foreseeSignIn(core, { ...(await arrivalOf(state)), provenUserId: null }),
  );
  const { requestId, ip } = visitorOf(req);
  const { account, lacking, person, reason, user } = foreseen;
  const outcome = {
    state: account === 'refused' ? ('refused' as const) : ('passed' as const),
    ...{ stage: 'account', reason, hint: lacking[0]?.hint ?? null, reference: requestId },
    ...{ userId: user?.id ?? null, person: person['email'] ?? person['subject'] ?? null },
    report: { ...foreseen },
  };
  await core.store.transaction((tx) =>
    noteOutcome(tx, connection, outcome, { id: login.noteId, ip, now: core.clock.now() }),
  );
  sendPage(res, 200, <TestResultPage connection={connection.name} foreseen={foreseen} />);
  return answered;
}

const resolvePerson = (state: Proven): Promise<Resolved> =>
  reportingFaults(state.core, state.req, notedOf(state), async () => {
    const arrival = await arrivalOf(state);
    return { word: arrival.word, resolved: await resolveSsoUser(state.core, arrival) };
  });

async function requireAdmitted(
  state: Arriving & Resolved,
): Promise<{ admission: Admission } | typeof answered> {
  const { resolved } = state;
  if (resolved.kind === 'admitted') return { admission: resolved.admission };
  await refuse(state, resolved.reason, resolved.user);
  return answered;
}

async function openSession(state: Arriving & Resolved & { admission: Admission }): Promise<void> {
  const { core, req, res, context, connection, word, admission, login } = state;
  const proof = proofOf(connection, word, core.clock.now());
  const accessStamp = accessStampOf(admission.user);
  const opened = await makeSession(core, req, { context, admission, proof, accessStamp });
  const { user } = admission;
  const { requestId, ip } = visitorOf(req);
  const reached = { userId: user._id, person: user.email ?? user.userName, reference: requestId };
  await core.store.transaction((tx) =>
    noteOutcome(
      tx,
      connection,
      { state: 'admitted', ...reached },
      { id: login.noteId, ip, now: core.clock.now() },
    ),
  );
  enter(core, res, context, opened);
}

/** A person whom a company's provider signed in, by OpenID or SAML. */
export const arrive = steps<Arriving>()
  .step(showCompany)
  .step(findProvenUser)
  .step(answerTest)
  .step(resolvePerson)
  .step(requireAdmitted)
  .end(openSession);

function proofOf(
  connection: SsoConnectionDocument,
  { authTime, acr, amr, name, sid, sessionEndsAt }: ProviderWord,
  now: Date,
): SignInProof {
  return {
    method: 'sso',
    amr: ['fed', ...amr.filter((method) => method !== 'fed')],
    connectionId: connection._id,
    providerSid: sid,
    ...(name && { providerName: name }),
    providerEndsAt: sessionEndsAt,
    ...(acr !== null && { acr }),
    // A provider's clock ahead of ours makes no sign-in later than now.
    ...(authTime && authTime < now && { authenticatedAt: authTime }),
  };
}

async function refuse(
  { core, req, res, connection, context, login, word }: Arriving & Resolved,
  reason: SsoRefusal,
  user: UserDocument | undefined,
): Promise<void> {
  const { requestId, ip } = visitorOf(req);
  const { claims } = word;
  const target = { type: 'user', id: user?._id ?? '', label: claims.email ?? claims.subject };
  const actor = { ...systemActor(connection.tenantId, connection.name), requestId, ip };
  const changes = [{ path: 'reason', before: null, after: reason }];
  const outcome = {
    state: 'refused' as const,
    ...{ stage: 'account', reason, reference: requestId, userId: user?._id ?? null, person: target.label },
  };
  const now = core.clock.now();
  await core.store.transaction(function* (tx) {
    yield* recordEvent(tx, actor, { action: 'login.refused', target, changes, result: 'failure' }, now);
    yield* noteOutcome(tx, connection, outcome, { id: login.noteId, ip, now });
  });
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
