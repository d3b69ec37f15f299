import type { IncomingMessage } from 'node:http';
import type { Request } from 'express';
import type { Provider as ProviderClass, Session } from 'oidc-provider';
import type { Core } from '../../identity/core.js';
import { currentSession, type LiveSession } from '../session-guard.js';
import { authTimeOf } from '../sessions.js';

// By request: nothing outlives it.
const pending = new WeakMap<IncomingMessage, Promise<LiveSession | undefined>>();
const known = new WeakMap<IncomingMessage, LiveSession>();

/** The browser's own live session, looked up once per request. */
export function liveSessionOf(core: Core, req: IncomingMessage): Promise<LiveSession | undefined> {
  const found =
    pending.get(req) ??
    currentSession(core, req as Request).then((live) => {
      if (live) known.set(req, live);
      return live;
    });
  pending.set(req, found);
  return found;
}

/** The same for places that cannot wait; undefined before {@link liveSessionOf} has answered. */
export function knownLiveSession(req: IncomingMessage): LiveSession | undefined {
  return known.get(req);
}

const seconds = (date: Date): number => Math.floor(date.getTime() / 1000);

/** Whether the provider's session is the one of this browser session. */
function isSame(session: Session, live: LiveSession): boolean {
  const others = Object.values(session.authorizations ?? {}).filter(({ sid }) => sid !== live.session._id);
  return session.accountId === live.user._id && others.length === 0;
}

/** A person who has signed in again in the same session keeps what the applications were given; anybody else begins with nothing. */
function align(session: Session, live: LiveSession): void {
  const goesOn = isSame(session, live);
  const isTold =
    session.loginTs === seconds(authTimeOf(live.session)) && String(session.amr) === String(live.session.amr);
  if (goesOn && isTold) return;
  const isFirst = session.accountId === undefined;
  session.loginAccount({
    accountId: live.user._id,
    loginTs: seconds(authTimeOf(live.session)),
    amr: [...live.session.amr],
    ...(live.session.acr && { acr: live.session.acr }),
    transient: true,
  });
  if (!goesOn) delete session.authorizations;
  if (!isFirst) session.resetIdentifier();
}

/**
 * Makes the provider's own session follow ours: at every visit it has the person of the browser's Gatehouse session, or none. So one sign-in serves all applications without a page (also with `prompt=none`), and one sign-out ends them all.
 */
export function subordinateSessions(core: Core, provider: ProviderClass): void {
  const { Session } = provider;
  const load = Session.get.bind(Session);
  Session.get = async (ctx) => {
    let session = await load(ctx);
    const live = await liveSessionOf(core, ctx.req);
    if (live) align(session, live);
    else if (session.accountId !== undefined) {
      await session.destroy();
      session = new Session();
    }
    const { oidc } = ctx as { oidc?: { entity(name: string, value: unknown): void } };
    oidc?.entity('Session', session);
    return session;
  };
}
