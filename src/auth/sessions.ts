import type { IncomingMessage, ServerResponse } from 'node:http';
import { clearCookie, readCookie, writeCookie } from '../http/cookies.js';
import { requestIdOf } from '../http/request-context.js';
import { personActor } from '../identity/actors.js';
import { recordEvent } from '../identity/audit/audit.js';
import type { Actor, Core } from '../identity/core.js';
import { newCredential } from '../identity/users/credentials.js';
import { wakeJobs } from '../identity/jobs/queue.js';
import type { Settings } from '../identity/tenants/settings.js';
import type { ProviderName, SessionDocument, SignInMethod } from '../persistence/collections/access.js';
import type { UserDocument } from '../persistence/collections/users.js';
import type { Step, Transaction } from '../persistence/store.js';
import { hashToken, newId, newToken } from '../shared/ids.js';
import { accessStampOf, isRevoked, sessionEnded } from '../identity/users/session-end.js';
import { isAccessRevoked, isOpen } from '../identity/tenants/state.js';
import { AppError } from '../shared/errors.js';
import { noticeDevice } from '../identity/users/notices.js';
import { deviceOf } from './devices.js';
import { statusText } from './refusals.js';
import { browserText } from './views/plain-words.js';

export const sessionCookie = 'gh_session';

/** A browser's request, as far as a session remembers it. */
export interface Visitor {
  ip: string;
  userAgent: string;
  requestId: string;
}

/** @param req - express's request: `ip` respects `TRUST_PROXY`. */
export function visitorOf(req: IncomingMessage & { ip?: string | undefined }): Visitor {
  return {
    ip: req.ip ?? req.socket.remoteAddress ?? '',
    userAgent: (req.headers['user-agent'] ?? '').slice(0, 300),
    requestId: requestIdOf(req),
  };
}

/** How a person proved who they are. */
export interface SignInProof {
  method: SignInMethod;
  /** RFC 8176 values. */
  amr: string[];
  connectionId: string | null;
  /** The company's provider's `sid`. */
  providerSid: string | null;
  /** How its SAML provider names the person. */
  providerName?: ProviderName;
  /** When the company's provider says its session ends; null or absent: it does not say. */
  providerEndsAt?: Date | null;
  /** Absent: now. */
  authenticatedAt?: Date;
  /** The authentication context the company's provider claims. */
  acr?: string;
}

/** When the person of a session last proved who they are: what applications get as `auth_time`. */
export function authTimeOf({
  authenticatedAt,
  signedInAt,
}: Pick<SessionDocument, 'authenticatedAt' | 'signedInAt'>): Date {
  return authenticatedAt ?? signedInAt;
}

type SpanSettings = Pick<
  Settings,
  'sessions.idleSeconds' | 'sessions.absoluteSeconds' | 'access.endSessionsAtExpiry'
>;

const farFuture = new Date('9999-01-01T00:00:00.000Z');
const earliest = (...times: (Date | null)[]): Date =>
  new Date(Math.min(...times.map((time) => (time ?? farFuture).getTime())));
const after = (now: Date, seconds: number): Date | null =>
  seconds === 0 ? null : new Date(now.getTime() + seconds * 1000);

/** When a session ends if it is not used again; the settings' 0 is no limit. */
export function sessionEnd(
  absoluteExpiresAt: Date | null,
  user: Pick<UserDocument, 'accessExpiresAt'>,
  settings: SpanSettings,
  now: Date,
): Date {
  return earliest(
    after(now, settings['sessions.idleSeconds']),
    absoluteExpiresAt,
    settings['access.endSessionsAtExpiry'] ? user.accessExpiresAt : null,
  );
}

/** Between two mails about new devices. */
const toldAgainMs = 86_400_000;

/**
 * @param isNew - whether the account was never used on this device.
 * @returns whether a mail about the device is due: not at the first sign-in of all.
 */
function* rememberLogin(tx: Transaction, user: UserDocument, isNew: boolean, now: Date): Step<boolean> {
  const credentials = tx.tenant(user.tenantId).collection('credentials');
  const told = { now: false };
  const updated = yield* credentials.update(user._id, (stored) => {
    const before = stored.newDeviceToldAt?.getTime() ?? 0;
    told.now = isNew && stored.lastLoginAt !== null && now.getTime() - before >= toldAgainMs;
    return { ...stored, lastLoginAt: now, ...(told.now && { newDeviceToldAt: now }) };
  });
  if (!updated) yield* credentials.insert({ ...newCredential(user.tenantId, user._id), lastLoginAt: now });
  return told.now;
}

function* recordLogin(
  tx: Transaction,
  actor: Actor,
  facts: { method: string; browser: string },
  now: Date,
): Step<void> {
  const changes = Object.entries(facts).map(([path, after]) => ({ path, before: null, after }));
  yield* recordEvent(tx, actor, { action: 'login.succeeded', target: actor.party, changes }, now);
}

type SessionFields = Omit<SessionDocument, '_id' | 'version' | 'createdAt' | 'updatedAt'>;

/**
 * Whether a sign-in continues the session this browser has: the same person's, alive, and with no other connection behind it. For the
 * applications signing in again is no sign-out then.
 */
function* goesOn(
  tx: Transaction,
  old: SessionDocument,
  fresh: SessionFields,
  { user, now }: { user: UserDocument; now: Date },
): Step<boolean> {
  if (old.tenantId !== user.tenantId || old.userId !== user._id) return false;
  if (old.expiresAt <= now || isRevoked(old, user)) return false;
  const tenant = yield* tx.tenant(old.tenantId).collection('tenants').get(old.tenantId);
  if (!tenant || isAccessRevoked(tenant, old.signedInAt)) return false;
  if (old.connectionId === null) return true;
  if (fresh.connectionId !== null && fresh.connectionId !== old.connectionId) return false;
  const connection = yield* tx.tenant(old.tenantId).collection('sso_connections').get(old.connectionId);
  return connection !== undefined && connection.mode !== 'off';
}

/** A session's ends, none later than the provider's. */
function cappedEnds(
  { absoluteExpiresAt, expiresAt }: Pick<SessionFields, 'absoluteExpiresAt' | 'expiresAt'>,
  providerEndsAt: Date | null,
): Pick<SessionFields, 'absoluteExpiresAt' | 'expiresAt'> {
  if (providerEndsAt === null) return { absoluteExpiresAt, expiresAt };
  return {
    absoluteExpiresAt: earliest(absoluteExpiresAt, providerEndsAt),
    expiresAt: earliest(expiresAt, providerEndsAt),
  };
}

/** The session a browser has is renewed; one that does not go on ends, with what was given under it. */
function* renewSession(
  tx: Transaction,
  token: string,
  fresh: SessionFields,
  { user, now }: { user: UserDocument; now: Date },
): Step<SessionDocument | undefined> {
  const sessions = tx.server.collection('sessions');
  const old = yield* sessions.findOne({ tokenHash: hashToken(token) });
  if (!old) return undefined;
  if (yield* goesOn(tx, old, fresh, { user, now })) {
    // What came through a connection still ends with it, and no later than its provider's session.
    const { connectionId, providerSid, providerEndsAt = null } = fresh.connectionId === null ? old : fresh;
    const kept = { connectionId, providerSid, providerEndsAt, ...cappedEnds(fresh, providerEndsAt) };
    return yield* sessions.update(old._id, (stored) => ({ ...stored, ...fresh, ...kept }));
  }
  yield* sessions.remove(old._id);
  yield* sessionEnded(tx, old, now);
  return undefined;
}

/** Who signs in, and by what. */
export interface NewSession {
  user: UserDocument;
  settings: Settings;
  proof: SignInProof;
}

/**
 * Signs a browser in. Its cookie gets a new value, whatever it had before (no fixation). The same person's live session is renewed: the
 * time and the way of the sign-in change, what applications hold stays valid. Any other session of the browser ends.
 *
 * The caller has decided that this person may sign in; the session, the last login and the audit event are one transaction.
 *
 * @param user - as judged: a revocation since then, and the session is over from its beginning.
 * @throws AppError `tenant.suspended`.
 * @returns the token for the browser's cookie ({@link giveSession}); only its hash is stored.
 */
export async function openSession(
  core: Core,
  req: IncomingMessage & { ip?: string | undefined },
  { user, settings, proof }: NewSession,
): Promise<{ session: SessionDocument; token: string }> {
  const now = core.clock.now();
  const visitor = visitorOf(req);
  const token = newToken('gh_session');
  const cookie = readCookie(core.config, req, sessionCookie);
  const providerEndsAt = proof.providerEndsAt ?? null;
  // Of sign-ins at the company its people hear there.
  const tells = settings['mails.securityNotices'] && proof.method !== 'sso';
  const device = deviceOf(core, req).at(user._id);
  const absoluteExpiresAt = after(now, settings['sessions.absoluteSeconds']);
  const expiresAt = sessionEnd(absoluteExpiresAt, user, settings, now);
  const fresh: SessionFields = {
    tenantId: user.tenantId,
    tokenHash: hashToken(token),
    userId: user._id,
    ...proof,
    signedInAt: now,
    authenticatedAt: proof.authenticatedAt ?? now,
    acr: proof.acr ?? null,
    accessStamp: accessStampOf(user),
    lastSeenAt: now,
    ...cappedEnds({ absoluteExpiresAt, expiresAt }, providerEndsAt),
    providerEndsAt,
    ip: visitor.ip,
    userAgent: visitor.userAgent,
  };
  const session = await core.store.transaction(function* (tx) {
    const tenant = yield* tx.tenant(user.tenantId).collection('tenants').get(user.tenantId);
    // Suspended since this sign-in was judged.
    if (!tenant || !isOpen(tenant)) throw new AppError('tenant.suspended', statusText('suspended'));
    const renewed = cookie === undefined ? undefined : yield* renewSession(tx, cookie, fresh, { user, now });
    const seen = { browser: browserText(visitor.userAgent), ip: visitor.ip };
    if (yield* rememberLogin(tx, user, tells && device === null, now))
      yield* noticeDevice({ core, tx, config: { tenant, settings } }, user, seen, now);
    yield* recordLogin(tx, personActor(user, visitor), { method: proof.method, browser: seen.browser }, now);
    const sessions = tx.tenant(user.tenantId).collection('sessions');
    return renewed ?? (yield* sessions.insert({ _id: newId(), ...fresh }));
  });
  wakeJobs(core);
  return { session, token };
}

/** Hands a session's token to the browser. */
export function giveSession(core: Core, res: ServerResponse, token: string): void {
  writeCookie(core.config, res, sessionCookie, token);
}

/** Signs a browser out: the session is gone from the store before its cookie is. */
export async function endSession(
  core: Core,
  req: IncomingMessage & { ip?: string | undefined },
  res: ServerResponse,
  { session, user }: { session: SessionDocument; user: UserDocument },
): Promise<void> {
  const now = core.clock.now();
  await core.store.transaction(function* (tx) {
    yield* tx.tenant(session.tenantId).collection('sessions').remove(session._id);
    yield* sessionEnded(tx, session, now);
    const actor = personActor(user, visitorOf(req));
    yield* recordEvent(tx, actor, { action: 'logout', target: actor.party }, now);
  });
  wakeJobs(core);
  clearCookie(core.config, res, sessionCookie);
}
