import type { Request } from 'express';
import {
  currentSession,
  isSessionFormToken,
  type LiveSession,
  type SessionOptions,
} from '../auth/session-guard.js';
import { countInSecond, refuseFailedCredential } from '../http/limits.js';
import { noteCaller, requestIdOf } from '../http/request-context.js';
import { userActor } from '../identity/users/actor.js';
import { authenticateApiKey } from '../identity/applications/api-keys.js';
import type { Actor, Core } from '../identity/core.js';
import { tenantConfig } from '../identity/tenants/config.js';
import { AppError } from '../shared/errors.js';

/** Who calls: a program with a key, or a person with a live session. */
export type Caller =
  | { readonly kind: 'api_key'; readonly actor: Actor }
  | { readonly kind: 'session'; readonly actor: Actor; readonly live: LiveSession };

const bearer = /^Bearer +([\x21-\x7e]{1,512})$/i;

/**
 * Finds out who calls. A request with an `Authorization` header is judged by that alone: a bad key is not made good by a session.
 *
 * @throws AppError `auth.required` without live credentials; `rate.limited` after too many dead ones from this address.
 */
export async function authenticate(core: Core, req: Request): Promise<Caller> {
  const caller = await identify(core, req);
  const { settings } = await tenantConfig(core, caller.actor.tenantId);
  noteCaller(req, {
    tenant: caller.actor.tenantId,
    ...(caller.kind === 'api_key' ? { apiKey: caller.actor.party.id } : { user: caller.actor.party.id }),
  });
  await countInSecond(core, `api:${caller.actor.party.id}`, settings['api.requestsPerSecond']);
  return caller;
}

/**
 * Who would be let in by this request's credentials at this moment, for what goes on after the request was let in: nothing is counted,
 * and no session is kept alive by it.
 */
export async function callerNow(core: Core, req: Request): Promise<Caller | undefined> {
  const header = req.headers.authorization;
  const origin = { requestId: requestIdOf(req), ip: req.ip ?? null };
  if (header === undefined) return sessionCaller(core, req, { slides: false });
  const key = bearer.exec(header)?.[1];
  const actor = key === undefined ? undefined : await authenticateApiKey(core, key, origin);
  return actor && { kind: 'api_key', actor };
}

async function sessionCaller(
  core: Core,
  req: Request,
  options?: SessionOptions,
): Promise<Caller | undefined> {
  const live = await currentSession(core, req, options);
  if (!live) return undefined;
  const config = await tenantConfig(core, live.tenant._id);
  const origin = { requestId: requestIdOf(req), ip: req.ip ?? null };
  return { kind: 'session', actor: userActor(live.user, config, core.clock.now(), origin), live };
}

async function identify(core: Core, req: Request): Promise<Caller> {
  const origin = { requestId: requestIdOf(req), ip: req.ip ?? null };
  const header = req.headers.authorization;
  if (header !== undefined) {
    const key = bearer.exec(header)?.[1];
    const actor = key === undefined ? undefined : await authenticateApiKey(core, key, origin);
    if (actor) return { kind: 'api_key', actor };
    await refuseFailedCredential(core, req.ip);
    throw new AppError('auth.required', 'the API key is not valid');
  }
  const caller = await sessionCaller(core, req);
  if (!caller) throw new AppError('auth.required', 'sign in, or send an API key');
  return caller;
}

/**
 * A browser sends its cookie whoever asks it to; only our own pages know the token. API keys need none.
 *
 * @throws AppError `csrf.invalid`.
 */
export function requireCsrfToken(core: Core, caller: Caller, req: Request): void {
  if (caller.kind === 'api_key') return;
  if (isSessionFormToken(core, caller.live.session, req.get('x-csrf-token'))) return;
  throw new AppError('csrf.invalid', 'send the X-CSRF-Token that GET /api/v1/me answers with');
}

/** Whether a caller holds a permission. */
export function hasRight({ actor }: Caller, permission: string): boolean {
  return actor.permissions.has(permission);
}

/**
 * @param permission - `self`: people about themselves, so a session.
 * @throws AppError `auth.forbidden`.
 */
export function requireRight(caller: Caller, permission: string): void {
  if (permission === 'self') {
    if (caller.kind === 'session') return;
    throw new AppError('auth.forbidden', 'this endpoint requires a user session; API keys are not accepted');
  }
  if (hasRight(caller, permission)) return;
  throw new AppError('auth.forbidden', `the permission ${permission} is missing`);
}
