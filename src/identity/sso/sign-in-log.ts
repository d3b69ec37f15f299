import type { SsoSignInDocument, SsoSignInState } from '../../persistence/collections/sso-sign-ins.js';
import type { SsoConnectionDocument } from '../../persistence/collections/sso-connections.js';
import type { Query, Step, Transaction } from '../../persistence/store.js';
import { AppError } from '../../shared/errors.js';
import { hashToken, newId, newToken } from '../../shared/ids.js';
import { recordEvent } from '../audit/audit.js';
import type { Actor, Core } from '../core.js';
import { containingAnyCase } from '../search-text.js';
import { connectionAddress } from './connection-address.js';
import { providerDigest } from './provider-digest.js';

export {
  ssoSignInKinds,
  ssoSignInStates,
  type SsoSignInDocument,
} from '../../persistence/collections/sso-sign-ins.js';

const keptMs = 30 * 86_400_000;
/** How long the link of a test may wait to be followed. */
const linkSeconds = 600;
/** How many tests of a connection may be begun in an hour. */
const testsPerHour = 60;

/** What became of a sign-in. */
export type Outcome = Partial<
  Pick<SsoSignInDocument, 'stage' | 'reason' | 'hint' | 'reference' | 'userId' | 'person' | 'report'>
> & { state: Exclude<SsoSignInState, 'new' | 'waiting'> };

const blank = {
  finishedAt: null,
  stage: null,
  reason: null,
  hint: null,
  reference: null,
  userId: null,
  trip: null,
  linkHash: null,
  report: null,
};

type Begun = Pick<SsoSignInDocument, 'kind' | 'state' | 'person' | 'ip'> & Partial<SsoSignInDocument>;

function* insert(
  tx: Transaction,
  { _id: connectionId, tenantId }: SsoConnectionDocument,
  now: Date,
  begun: Begun,
): Step<SsoSignInDocument> {
  const expiresAt = new Date(now.getTime() + keptMs);
  return yield* tx
    .tenant(tenantId)
    .collection('sso_sign_ins')
    .insert({ _id: newId(), tenantId, connectionId, startedAt: now, expiresAt, ...blank, ...begun });
}

/** Where a browser goes to its provider. */
export interface Departure {
  /** The `state` that comes back with it. */
  trip: string;
  person: string | null;
  ip: string;
}

/**
 * Notes that a browser goes to a connection's provider.
 *
 * @param testId - of the test that it is for; undefined: for none.
 * @returns the id of the note.
 */
export function* noteDeparture(
  tx: Transaction,
  connection: SsoConnectionDocument,
  { ip, person, trip }: Departure,
  { now, testId }: { now: Date; testId: string | undefined },
): Step<string> {
  const provider = providerDigest(connection);
  const gone = { state: 'waiting' as const, trip: hashToken(trip), ip, provider };
  if (testId === undefined)
    return (yield* insert(tx, connection, now, { kind: 'sign_in', person, ...gone }))._id;
  yield* tx
    .tenant(connection.tenantId)
    .collection('sso_sign_ins')
    .update(testId, (stored) => ({ ...stored, ...gone }));
  return testId;
}

/** Notes what became of a sign-in. @param id - undefined: it was not noted before. */
export function* noteOutcome(
  tx: Transaction,
  connection: SsoConnectionDocument,
  outcome: Outcome,
  { id, ip, now }: { id: string | undefined; ip: string; now: Date },
): Step<void> {
  const ended = { ...outcome, finishedAt: now, trip: null };
  const updated =
    id === undefined
      ? undefined
      : yield* tx
          .tenant(connection.tenantId)
          .collection('sso_sign_ins')
          .update(id, (stored) => ({ ...stored, ...ended }));
  if (!updated) yield* insert(tx, connection, now, { kind: 'sign_in', person: null, ip, ...ended });
}

/** The sign-in whose browser is at a provider with this `state`; undefined: there is none. */
export async function findOnTrip(
  core: Core,
  { _id, tenantId }: SsoConnectionDocument,
  trip: string,
): Promise<SsoSignInDocument | undefined> {
  const found = await core.store
    .tenant(tenantId)
    .collection('sso_sign_ins')
    .findOne({ trip: hashToken(trip) });
  return found?.connectionId === _id ? found : undefined;
}

/** The sign-ins at a connection, newest first. */
export async function listSignIns(
  core: Core,
  { _id, tenantId }: SsoConnectionDocument,
  { q, ...filter }: Partial<Pick<SsoSignInDocument, 'kind' | 'state'>> & { q?: string },
  page: {
    descending: boolean;
    limit: number;
    until?: (read: unknown) => boolean;
    afterId?: string | undefined;
  },
): Promise<{ items: SsoSignInDocument[]; total: number }> {
  const signIns = core.store.tenant(tenantId).collection('sso_sign_ins');
  const fields = ['person', 'ip', 'reason', 'reference'];
  const query: Query = {
    connectionId: _id,
    ...filter,
    ...(q !== undefined && { $or: fields.map((field) => ({ [field]: containingAnyCase(q) })) }),
  };
  const [items, total] = await Promise.all([
    signIns.find(query, {
      sort: { _id: page.descending ? -1 : 1 },
      limit: page.limit,
      ...(page.until && { until: page.until }),
      ...(page.afterId !== undefined && { after: { _id: page.afterId } }),
    }),
    signIns.count(query),
  ]);
  return { items, total };
}

/** @throws AppError `sso_connection.not_found`. */
export async function getSignIn(
  core: Core,
  { _id, tenantId }: SsoConnectionDocument,
  id: string,
): Promise<SsoSignInDocument> {
  const found = await core.store.tenant(tenantId).collection('sso_sign_ins').get(id);
  if (found?.connectionId !== _id)
    throw new AppError('sso_connection.not_found', 'there is no such sign-in at this connection');
  return found;
}

/**
 * Makes the link that a test sign-in begins with: good once, for ten minutes, in any browser.
 *
 * @throws AppError `rate.limited`.
 */
export async function openTest(
  core: Core,
  actor: Actor,
  connection: SsoConnectionDocument,
): Promise<{ signIn: SsoSignInDocument; url: string; expiresAt: Date }> {
  const now = core.clock.now();
  const hourEnd = new Date(now.getTime() + 3_600_000);
  const { count } = await core.store.increment(`sso-test:${connection._id}`, 1, hourEnd);
  if (count > testsPerHour) throw new AppError('rate.limited', 'too many tests in an hour');
  const secret = newToken('gh_test');
  const signIn = await core.store.transaction(function* (tx) {
    const begun = { kind: 'test' as const, state: 'new' as const, person: null, ip: actor.ip };
    const made = yield* insert(tx, connection, now, { ...begun, linkHash: hashToken(secret) });
    const target = { type: 'sso_connection', id: connection._id, label: connection.name };
    yield* recordEvent(tx, actor, { action: 'sso.test_opened', target }, now);
    return made;
  });
  const query = new URLSearchParams({ test: signIn._id, token: secret }).toString();
  return {
    signIn,
    url: `${core.config.baseUrl}/sso/${connectionAddress(connection)}/test?${query}`,
    expiresAt: new Date(now.getTime() + linkSeconds * 1000),
  };
}

/** Takes the link of a test, once. @returns undefined for one that is wrong, used or late. */
export async function takeTest(
  core: Core,
  { _id, tenantId }: SsoConnectionDocument,
  { id, secret }: { id: string; secret: string },
): Promise<SsoSignInDocument | undefined> {
  const since = core.clock.now().getTime() - linkSeconds * 1000;
  const seen = { isGood: false };
  const stored = await core.store
    .tenant(tenantId)
    .collection('sso_sign_ins')
    .update(id, (before) => {
      seen.isGood =
        before.connectionId === _id &&
        before.linkHash === hashToken(secret) &&
        before.startedAt.getTime() >= since;
      return seen.isGood ? { ...before, linkHash: null } : undefined;
    });
  return seen.isGood ? stored : undefined;
}
