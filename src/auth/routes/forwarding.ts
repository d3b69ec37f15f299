import type { Request, Response } from 'express';
import { systemActor } from '../../identity/actors.js';
import { recordEvent } from '../../identity/audit/audit.js';
import { connectionAddress } from '../../identity/sso/connection-address.js';
import type { Core } from '../../identity/core.js';
import { isSaml, type SamlConnection } from '../../identity/sso/saml/saml-settings.js';
import { noteDeparture, noteOutcome } from '../../identity/sso/sign-in-log.js';
import { providerOf } from '../../identity/sso/relying-party.js';
import type { AuditParty } from '../../persistence/collections/events.js';
import type { SsoConnectionDocument } from '../../persistence/collections/sso-connections.js';
import { keepLogin } from '../pending.js';
import type { SignInContext, SignInDemand, SignInFlow } from '../sign-in-flow.js';
import { visitorOf } from '../sessions.js';
import { newRequestId, relayStateOf } from '../saml/saml-answer.js';
import { requestUrl } from '../saml/service-provider.js';
import { startRoundTrip, type RoundTrip } from '../sso/forwarding-strategy.js';
import { inStage, ProviderFault, reportOf } from '../sso/provider-fault.js';

interface Forwarding {
  flow: SignInFlow;
  context: SignInContext;
  connection: SsoConnectionDocument;
  /** Goes along as `login_hint`. */
  email: string | null;
  /** The test that it is for; absent: it is a sign-in. */
  testId?: string;
}

/** The earliest moment of signing in at the provider that does for the application; milliseconds since the epoch, null: any. */
function freshFrom(demand: SignInDemand | undefined, now: number): number | null {
  if (!demand) return null;
  const { login, maxAge } = demand;
  if (login) return now;
  return maxAge === null ? null : now - maxAge * 1000;
}

/** The same by SAML: the RelayState is the state, and the request's id what the answer has to name. */
async function startSamlTrip(
  core: Core,
  connection: SamlConnection,
  demand: SignInDemand | undefined,
): Promise<{ url: string; trip: RoundTrip }> {
  const id = newRequestId(core, connection._id);
  const relayState = relayStateOf(id);
  const url = await requestUrl(core, connection, { id, relayState, demand });
  const address = connectionAddress(connection);
  return { url, trip: { address, state: relayState, nonce: id, codeVerifier: '' } };
}

/**
 * Sends the browser to a company's provider; what its return will be checked against is kept with this browser's flow, under the `state`.
 *
 * @throws {@link ProviderFault} when the provider does not answer or cannot be used.
 */
export async function forward(core: Core, req: Request, res: Response, to: Forwarding): Promise<void> {
  const { flow, context, connection, email, testId } = to;
  const started = await reportingFaults(
    core,
    req,
    { connection, noteId: testId, isTest: testId !== undefined },
    () =>
      inStage('discovery', async () => {
        if (isSaml(connection)) return startSamlTrip(core, connection, context.demand);
        const provider = await providerOf(core, connection);
        return startRoundTrip(core, provider.open(), {
          ...{ req, res, loginHint: email, demand: context.demand },
          address: connectionAddress(connection),
          scopes: connection.scopes,
        });
      }),
  );
  const noteId = await note(core, req, to, started.trip);
  const startedAt = core.clock.now().getTime();
  await keepLogin(core, flow, {
    ...started.trip,
    connectionId: connection._id,
    contextId: context.id,
    freshFrom: freshFrom(context.demand, startedAt),
    isTimed: (context.demand?.maxAge ?? null) !== null,
    startedAt,
    noteId,
    isTest: testId !== undefined,
  });
  res.redirect(303, started.url);
}

/** @returns the id of the note. */
function note(
  core: Core,
  req: Request,
  { connection, email, testId }: Forwarding,
  { state }: RoundTrip,
): Promise<string> {
  const { requestId, ip } = visitorOf(req);
  const now = core.clock.now();
  const actor = { ...systemActor(connection.tenantId), requestId, ip };
  return core.store.transaction(function* (tx) {
    if (testId === undefined)
      yield* recordEvent(tx, actor, { action: 'login.forwarded', target: partyOf(connection) }, now);
    return yield* noteDeparture(tx, connection, { trip: state, person: email, ip }, { now, testId });
  });
}

const partyOf = ({ _id, name }: SsoConnectionDocument): AuditParty => ({
  type: 'sso_connection',
  id: _id,
  label: name,
});

/** The sign-in that a step belongs to. */
export interface Noted {
  connection: SsoConnectionDocument;
  /** undefined: it was not noted. */
  noteId: string | undefined;
  /** A failed test is no failed sign-in. */
  isTest: boolean;
}

/**
 * Lets a company's administrators know why a sign-in at their provider failed: the person who failed cannot tell them.
 *
 * @throws what the step throws.
 */
export async function reportingFaults<T>(
  core: Core,
  req: Request,
  noted: Noted,
  step: () => Promise<T>,
): Promise<T> {
  try {
    return await step();
  } catch (error) {
    if (error instanceof ProviderFault) await reportFault(core, req, noted, error);
    throw error;
  }
}

async function reportFault(
  core: Core,
  req: Request,
  { connection, isTest, noteId }: Noted,
  fault: ProviderFault,
): Promise<void> {
  const { requestId, ip } = visitorOf(req);
  const about = { connectionId: connection._id, requestId };
  core.log.warn({ err: fault.cause, ...about }, 'a sign-in at a provider failed');
  const report = reportOf(fault);
  const changes = Object.entries(report).map(([path, after]) => ({
    path,
    before: null,
    after: String(after),
  }));
  const actor = { ...systemActor(connection.tenantId, connection.name), requestId, ip };
  const target = partyOf(connection);
  const now = core.clock.now();
  await core.store.transaction(function* (tx) {
    const outcome = { state: 'failed' as const, ...report, reference: requestId };
    yield* noteOutcome(tx, connection, outcome, { id: noteId, ip, now });
    if (isTest) return;
    yield* recordEvent(tx, actor, { action: 'login.failed', target, changes, result: 'failure' }, now);
  });
}
