import { randomBytes } from 'node:crypto';
import { parseCookie, stringifySetCookie } from 'cookie';
import type { Request, Response } from 'express';
import type { LogoutTarget } from './logout-token.js';
import type { PendingSignIn, SampleTokens } from './sample-client.js';

/** What the sample application knows of one browser. */
export interface LocalSession {
  pending?: PendingSignIn;
  tokens?: SampleTokens;
  /** Why the session has ended. */
  farewell?: string;
}

/** The application's own sessions: in memory, found by an opaque cookie. */
export interface LocalSessions {
  of(req: Request): LocalSession | undefined;
  /** A new session under a new id. */
  start(res: Response, session: LocalSession): void;
  /** Ends what Gatehouse says is over. @returns how many sessions that were. */
  end(target: LogoutTarget): number;
}

/** @param cookieName - its own for each application on a host: cookies ignore ports. */
export function openSessions(cookieName: string): LocalSessions {
  const sessions = new Map<string, LocalSession>();
  return {
    of: (req) => sessions.get(parseCookie(req.headers.cookie ?? '')[cookieName] ?? ''),
    start(res, session) {
      const id = randomBytes(24).toString('base64url');
      sessions.set(id, session);
      const cookie = stringifySetCookie(cookieName, id, { httpOnly: true, sameSite: 'lax', path: '/' });
      res.append('set-cookie', cookie);
    },
    end(target) {
      const ended = [...sessions.values()].filter(({ tokens }) =>
        'sid' in target ? tokens?.claims.sid === target.sid : tokens?.claims.sub === target.sub,
      );
      for (const session of ended) {
        delete session.tokens;
        session.farewell = 'Gatehouse has ended your session.';
      }
      return ended.length;
    },
  };
}
