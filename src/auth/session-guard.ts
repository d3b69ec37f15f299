import type { IncomingMessage } from 'node:http';
import { makeFormToken, readFormToken } from '../http/csrf.js';
import { readCookie } from '../http/cookies.js';
import type { Core } from '../identity/core.js';
import { isRevoked } from '../identity/users/session-end.js';
import { hasBothFactors } from '../identity/users/sessions.js';
import { settingsOf, type Settings } from '../identity/tenants/settings.js';
import { isAccessRevoked } from '../identity/tenants/state.js';
import type { SessionDocument } from '../persistence/collections/access.js';
import type { TenantDocument } from '../persistence/collections/tenants.js';
import type { UserDocument } from '../persistence/collections/users.js';
import { hashToken } from '../shared/ids.js';
import { sessionCookie, sessionEnd } from './sessions.js';

/** A session that counts, with what every page needs of it. */
export interface LiveSession {
  session: SessionDocument;
  user: UserDocument;
  tenant: TenantDocument;
  settings: Settings;
}

export interface SessionOptions {
  /** Whether this request counts as activity; by default unless it carries `X-Background-Request` (polling does not keep a session). */
  slides?: boolean;
}

/** Writing every request down would cost a write each; a second more or less is no inactivity. */
const slideGranularityMs = 1000;

/**
 * Whether a session was begun with less than its tenant asks for by now. The company's provider answers for the people it signs in.
 */
function lacksSecondFactor({ session, settings }: LiveSession): boolean {
  return (
    settings['twoFactor.mode'] === 'required' && session.method === 'password' && !hasBothFactors(session)
  );
}

/**
 * Everything that ends a session beside its own clock: the tenant's suspension, the revocation stamp, the end of access, a connection that is off or gone, a second
 * factor that has become required.
 */
export async function isSessionOver(core: Core, live: LiveSession, now: Date): Promise<boolean> {
  const { session, user, tenant, settings } = live;
  if (session.expiresAt <= now || isAccessRevoked(tenant, session.signedInAt)) return true;
  if (isRevoked(session, user)) return true;
  const isExpired = user.accessExpiresAt !== null && user.accessExpiresAt <= now;
  if (isExpired && settings['access.endSessionsAtExpiry']) return true;
  if (lacksSecondFactor(live)) return true;
  if (session.connectionId === null) return false;
  const connections = core.store.tenant(session.tenantId).collection('sso_connections');
  const connection = await connections.get(session.connectionId);
  return !connection || connection.mode === 'off';
}

/**
 * The live session of a request's cookie; using it moves its idle end.
 *
 * @returns undefined when there is none, or it is over: idle (at the very second), absolute, revoked, user or connection gone.
 */
export async function currentSession(
  core: Core,
  req: IncomingMessage,
  options: SessionOptions = {},
): Promise<LiveSession | undefined> {
  const token = readCookie(core.config, req, sessionCookie);
  if (token === undefined) return undefined;
  const now = core.clock.now();
  const session = await core.store.server.collection('sessions').findOne({ tokenHash: hashToken(token) });
  if (!session || session.expiresAt <= now) return undefined;
  const scope = core.store.tenant(session.tenantId);
  const [user, tenant] = await Promise.all([
    scope.collection('users').get(session.userId),
    scope.collection('tenants').get(session.tenantId),
  ]);
  if (!user || !tenant) return undefined;
  const live = { session, user, tenant, settings: settingsOf(tenant) };
  if (await isSessionOver(core, live, now)) return undefined;
  const slides = options.slides ?? req.headers['x-background-request'] === undefined;
  if (slides) await slideSession(core, live, now);
  return live;
}

/** Moves a session's idle end: it is in use. */
export async function slideSession(
  core: Core,
  { session, user, settings }: Omit<LiveSession, 'tenant'>,
  now: Date,
): Promise<void> {
  if (now.getTime() - session.lastSeenAt.getTime() < slideGranularityMs) return;
  await core.store
    .tenant(session.tenantId)
    .collection('sessions')
    .update(session._id, (stored) => ({
      ...stored,
      lastSeenAt: now,
      expiresAt: sessionEnd(stored.absoluteExpiresAt, user, settings, now),
    }));
}

const keyOf = (core: Core, session: SessionDocument): string =>
  core.secretBox.sign('session-csrf', session.tokenHash);

/** A token for the forms and the `X-CSRF-Token` of this session. Every one made stays good as long as the session. */
export function sessionFormToken(core: Core, session: SessionDocument): string {
  return makeFormToken(keyOf(core, session));
}

/** Whether a form's `_csrf` or an `X-CSRF-Token` header was made for this session. */
export function isSessionFormToken(core: Core, session: SessionDocument, token: unknown): boolean {
  return readFormToken(keyOf(core, session), token) !== undefined;
}
