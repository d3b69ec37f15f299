import type { Request, Response } from 'express';
import type { Actor, Core } from '../../identity/core.js';
import { tenantConfig } from '../../identity/tenants/config.js';
import { userActor } from '../../identity/users/actor.js';
import type { LiveSession } from '../session-guard.js';
import { visitorOf } from '../sessions.js';

/** What every form says whose token is not of the session, or too old. */
export const expiredPage = 'This page has expired. Please try again.';

/** Takes a form of the account page: of a live session, sent from our own page. */
export type AccountWork = (core: Core, live: LiveSession, req: Request, res: Response) => Promise<void>;

/** The person of a session as the actor of what they do on their page. */
export async function actorOf(core: Core, live: LiveSession, req: Request): Promise<Actor> {
  const { requestId, ip } = visitorOf(req);
  const config = await tenantConfig(core, live.tenant._id);
  return userActor(live.user, config, core.clock.now(), { requestId, ip });
}
