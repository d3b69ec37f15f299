import { setTimeout as delay } from 'node:timers/promises';
import { signedResponseAlg } from '../identity/applications/applications.js';
import {
  leaveLogoutNotice,
  logoutNotifyJob,
  noteDelivery,
  type LogoutSubject,
} from '../identity/applications/logout-notices.js';
import { tenantsLeftJob } from '../identity/applications/reach.js';
import type { Core } from '../identity/core.js';
import { wakeJobs, type JobDocument, type JobHandlers } from '../identity/jobs/queue.js';
import { eraseTenant, sweepTenant, tenantEraseJob, tenantSweepJob } from '../identity/operator/erasure.js';
import { isCustomer } from '../identity/tenants/operator-tenant.js';
import { isReached, reachOf } from '../identity/tenants/server-applications.js';
import { isAccessRevoked, tenantAccessEndJob } from '../identity/tenants/state.js';
import { createGuardedFetch, OutboundRefused, type GuardedFetch } from '../infrastructure/guarded-fetch.js';
import type { OidcPayloadDocument } from '../persistence/collections/access.js';
import type { Query, Step, Transaction } from '../persistence/store.js';
import { noteEnded, noteEnding } from '../identity/privacy/access-ends.js';
import { isRevoked, sessionEndJob } from '../identity/users/session-end.js';
import { signLogoutToken } from './provider/logout-token.js';

function subjectOf(grant: OidcPayloadDocument): LogoutSubject | undefined {
  const { clientId, accountId, sessionId } = grant;
  if (!grant._id.startsWith('Grant:') || clientId === null || accountId === null || sessionId === null) {
    return undefined;
  }
  return { clientId, userId: accountId, sessionId };
}

/**
 * Removes what was given under ended sessions and leaves a notice to send for each application that wants one, as a job of the
 * people's own tenant.
 *
 * @returns how much was removed.
 */
function* releasePayloads(
  tx: Transaction,
  tenantId: string,
  query: Query,
  isOver: (one: OidcPayloadDocument) => boolean,
  now: Date,
): Step<number> {
  const payloads = tx.server.collection('oidc_payloads');
  const subjects = new Map<string, LogoutSubject>();
  let count = 0;
  for (const one of yield* payloads.find(query)) {
    if (!isOver(one)) continue;
    yield* payloads.remove(one._id);
    count += 1;
    const subject = subjectOf(one);
    if (subject) subjects.set(`${subject.sessionId} ${subject.clientId}`, subject);
  }
  for (const subject of subjects.values()) yield* leaveLogoutNotice(tx, tenantId, subject, now);
  return count;
}

/** Sessions removed by one transaction: a client that signs in for each request leaves thousands. */
const sessionsAtOnce = 200;

/** Removes the sessions that are over, a few at a time. */
async function removeOverSessions(core: Core, tenantId: string, userId: string): Promise<void> {
  const scope = core.store.tenant(tenantId);
  const user = await scope.collection('users').get(userId);
  let over: string[] = [];
  const remove = async (): Promise<void> => {
    const ids = over;
    over = [];
    await core.store.transaction(function* (tx) {
      for (const id of ids) yield* tx.tenant(tenantId).collection('sessions').remove(id);
    });
  };
  for await (const session of scope.collection('sessions').iterate({ userId })) {
    if (!user || isRevoked(session, user)) over.push(session._id);
    if (over.length >= sessionsAtOnce) await remove();
  }
  if (over.length > 0) await remove();
}

/**
 * `access.end`: every session of one user that was judged before the last revocation, and what was given under any session that is no more.
 * What a new sign-in made stays.
 */
async function endAccess(core: Core, job: JobDocument): Promise<void> {
  const { userId, revokedAt, reason } = job.payload as Record<'userId' | 'revokedAt' | 'reason', string>;
  const until = new Date(revokedAt);
  const ending = { tenantId: job.tenantId, userId, calledAt: until, reason };
  await noteEnding(core, ending);
  await removeOverSessions(core, job.tenantId, userId);
  await core.store.transaction(function* (tx) {
    const sessions = tx.tenant(job.tenantId).collection('sessions');
    const user = yield* tx.tenant(job.tenantId).collection('users').get(userId);
    const live = new Set<string>();
    for (const session of yield* sessions.find({ userId })) {
      if (user && !isRevoked(session, user)) live.add(session._id);
      else yield* sessions.remove(session._id);
    }
    const isOver = (one: OidcPayloadDocument): boolean =>
      one.sessionId === null ? one.createdAt <= until : !live.has(one.sessionId);
    const now = core.clock.now();
    const count = yield* releasePayloads(tx, job.tenantId, { accountId: userId }, isOver, now);
    yield* noteEnded(tx, ending, count, now);
  });
  wakeJobs(core);
}

/** Sessions that end in one transaction with all that hangs on them. */
const maxTenantSessionsAtOnce = 20;

/**
 * `tenant.access_end`: every session of a tenant that is closed, or that began before all of them were ended, with what was given under it. Its applications are told.
 */
async function endTenantAccess(core: Core, tenantId: string): Promise<void> {
  const sessions = core.store.tenant(tenantId).collection('sessions');
  const tenant = await core.store.tenant(tenantId).collection('tenants').get(tenantId);
  if (!tenant) return;
  let over: string[] = [];
  const end = async (): Promise<void> => {
    const ids = over;
    over = [];
    await core.store.transaction(function* (tx) {
      for (const sessionId of ids) {
        yield* tx.tenant(tenantId).collection('sessions').remove(sessionId);
        yield* releasePayloads(tx, tenantId, { sessionId }, () => true, core.clock.now());
      }
    });
    wakeJobs(core);
  };
  for await (const { _id, signedInAt } of sessions.iterate({}, { fields: ['signedInAt'] })) {
    if (isAccessRevoked(tenant, signedInAt)) over.push(_id);
    if (over.length >= maxTenantSessionsAtOnce) await end();
  }
  if (over.length > 0) await end();
}

/**
 * `application.tenants_left`: what people of tenants that a server application does not serve any more have of it. It is told of each
 * session; the sessions themselves go on.
 */
async function endAccessOfLeft(core: Core, job: JobDocument): Promise<void> {
  const { applicationId } = job.payload as { applicationId: string };
  const application = await core.store.server.collection('applications').get(applicationId);
  if (!application) return;
  const reach = reachOf(application);
  const { clientId } = application;
  const payloads = core.store.server.collection('oidc_payloads');
  for await (const { _id: tenantId } of core.store.server
    .collection('tenants')
    .iterate(isCustomer, { fields: [] })) {
    if (isReached(reach, tenantId)) continue;
    const sessions = core.store.tenant(tenantId).collection('sessions');
    for await (const { _id: sessionId } of sessions.iterate({}, { fields: [] })) {
      const given = { sessionId, clientId };
      if (!(await payloads.findOne(given, { fields: [] }))) continue;
      await core.store.transaction((tx) =>
        releasePayloads(tx, tenantId, given, () => true, core.clock.now()),
      );
    }
  }
  wakeJobs(core);
}

/** How long an erasure waits for the tenant's applications to be told; those that do not answer are not told again. */
const noticeWaitMs = 5_000;
const noticeLookMs = 50;

/** Waits until each notice of the tenant has been tried once. */
async function settleNotices(core: Core, tenantId: string): Promise<void> {
  const until = performance.now() + noticeWaitMs;
  const jobs = core.store.tenant(tenantId).collection('jobs');
  while (performance.now() < until) {
    const isLeft = (await jobs.findOne({ kind: logoutNotifyJob, error: null }, { fields: [] })) !== undefined;
    if (!isLeft) return;
    await delay(noticeLookMs);
  }
}

/** People of a tenant that is erased are signed out of its applications first. */
async function endAccessForGood(core: Core, tenantId: string): Promise<void> {
  await endTenantAccess(core, tenantId);
  await settleNotices(core, tenantId);
}

/** `session.end`: everything that hung on one browser session. */
async function releaseSession(core: Core, job: JobDocument): Promise<void> {
  const { sessionId } = job.payload as { sessionId: string };
  await core.store.transaction((tx) =>
    releasePayloads(tx, job.tenantId, { sessionId }, () => true, core.clock.now()),
  );
  wakeJobs(core);
}

/** Longest wait for an application's answer. */
const notifyTimeoutMs = 2_500;
/** How long an application that did not answer is not asked again, so that its notices cannot hold up everybody else's. */
const restMs = 10_000;

/** What the sending of notices needs. */
interface Notifier {
  fetch: GuardedFetch;
  /** By origin: until when it is left alone, in milliseconds of the process. */
  resting: Map<string, number>;
  onConfirmed?: ((seconds: number) => void) | undefined;
}

/** @throws Error with what the application answered, when it did not take the token. */
async function sendToken(
  { fetch, resting }: Notifier,
  uri: string,
  token: () => Promise<string>,
): Promise<number> {
  const { origin } = new URL(uri);
  if ((resting.get(origin) ?? 0) > performance.now())
    throw new Error(`${origin} did not answer a moment ago`);
  try {
    const body = new URLSearchParams({ logout_token: await token() }).toString();
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    const { status } = await fetch(uri, { method: 'POST', headers, body });
    if (status !== 200 && status !== 204) throw new Error(`${origin} answered ${status}`);
    resting.delete(origin);
    return status;
  } catch (error) {
    if (error instanceof Error && error.name === 'TimeoutError')
      resting.set(origin, performance.now() + restMs);
    throw error;
  }
}

/**
 * `logout.notify`: one logout token to one application (OpenID Connect Back-Channel Logout 1.0 section 2.5).
 *
 * @throws Error when the application did not take it: the job is tried again later.
 */
async function notify(core: Core, notifier: Notifier, job: JobDocument): Promise<void> {
  const subject = job.payload as LogoutSubject;
  const { clientId } = subject;
  const application = await core.store.server.collection('applications').findOne({ clientId });
  const uri = application?.backchannelLogoutUri;
  if (!uri) return noteDelivery(core, job, 'given_up', 'the application wants no notices any more');
  const token = () => signLogoutToken(core, subject, signedResponseAlg(application));
  try {
    const status = await sendToken(notifier, uri, token);
    await noteDelivery(core, job, 'confirmed', `answered ${status}`);
    notifier.onConfirmed?.((core.clock.now().getTime() - job.createdAt.getTime()) / 1000);
  } catch (error) {
    if (error instanceof OutboundRefused) {
      core.log.warn({ err: error, clientId }, 'logout notice refused: the address is closed');
      return noteDelivery(core, job, 'given_up', 'the address is closed');
    }
    await noteDelivery(core, job, 'failed', error instanceof Error ? error.message : 'no answer');
    throw error;
  }
}

/**
 * What ends sessions and tokens after the change that asked for it has been committed.
 *
 * @param onConfirmed - told how long, in seconds, an application took to confirm the end of a session.
 */
export function revocationJobs(core: Core, onConfirmed?: (seconds: number) => void): JobHandlers {
  const fetch = createGuardedFetch({
    allowPrivate: core.config.allowPrivateIssuers,
    timeoutMs: notifyTimeoutMs,
    maxBytes: 16_384,
  });
  const notifier = { fetch, resting: new Map<string, number>(), onConfirmed };
  return {
    'access.end': (job) => endAccess(core, job),
    [tenantAccessEndJob]: (job) => endTenantAccess(core, job.tenantId),
    [tenantsLeftJob]: (job) => endAccessOfLeft(core, job),
    [tenantEraseJob]: (job) => eraseTenant(core, job, (tenantId) => endAccessForGood(core, tenantId)),
    [tenantSweepJob]: (job) => sweepTenant(core, job),
    [sessionEndJob]: (job) => releaseSession(core, job),
    [logoutNotifyJob]: {
      run: (job) => notify(core, notifier, job),
      onGivenUp: (job, reason) => noteDelivery(core, job, 'given_up', reason),
    },
  };
}
