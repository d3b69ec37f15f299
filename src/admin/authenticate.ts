import type { Request } from 'express';
import {
  currentSession,
  isSessionFormToken,
  type LiveSession,
  type SessionOptions,
} from '../auth/session-guard.js';
import { countInSecond, refuseFailedCredential } from '../http/limits.js';
import { noteCaller, requestIdOf } from '../http/request-context.js';
import { operatorActor, type Origin } from '../identity/actors.js';
import { authenticateApiKey } from '../identity/applications/key-authentication.js';
import type { Actor, Core } from '../identity/core.js';
import { authenticateOperatorKey, operatorKeyPrefix } from '../identity/operator/keys.js';
import { tenantConfig, type TenantConfig } from '../identity/tenants/config.js';
import { operatorTenant } from '../identity/tenants/operator-tenant.js';
import { requireOpen } from '../identity/tenants/state.js';
import { findTenant } from '../identity/tenants/tenants.js';
import { isProofRecent } from '../identity/users/sessions.js';
import { userActor } from '../identity/users/actor.js';
import { AppError } from '../shared/errors.js';

/**
 * Who calls: a program with a key, a person with a live session, or the operator of the server (with an operator key, or as a person of the
 * staff with a session). The operator's actor belongs to the tenant that the call is for; where that is none, to the operator's own.
 */
export type Caller = {
  readonly actor: Actor;
  /** The configuration of the actor's tenant, read once for the request. */
  readonly config: TenantConfig;
} & (
  | { readonly kind: 'api_key' }
  | { readonly kind: 'session'; readonly live: LiveSession }
  | {
      readonly kind: 'operator';
      /** Whether the call is for one tenant (`Gatehouse-Tenant`), or for the server as a whole. */
      readonly isInTenant: boolean;
      /** null: an operator key. */
      readonly live: LiveSession | null;
    }
);

/**
 * What a route is about. `tenant`: one tenant, which an operator key names by `Gatehouse-Tenant`. `server`: the server as a whole, for the
 * operator alone. `either`: the server for an operator without that header, else the tenant.
 */
export type RouteScope = 'tenant' | 'server' | 'either';

/** The header by which an operator says which tenant a call is for. */
export const tenantHeader = 'Gatehouse-Tenant';

const bearer = /^Bearer +([\x21-\x7e]{1,512})$/i;

/** Whether the operator calls for the server as a whole: on a route of scope `either` the server's own things are meant. */
export function isServerOperator(caller: Caller): boolean {
  return caller.kind === 'operator' && !caller.isInTenant;
}

/**
 * Finds out who calls, and for which tenant. A request with an `Authorization` header is judged by that alone: a bad key is not made good
 * by a session.
 *
 * @throws AppError `auth.required` without live credentials; `rate.limited` after too many dead ones from this address; `auth.forbidden`
 *   for the header of another tenant, or for the operator's routes; `tenant.suspended`; `tenant.header_missing`, `tenant.not_found` for an operator key.
 */
export async function authenticate(core: Core, req: Request, scope: RouteScope): Promise<Caller> {
  const credential = await identify(core, req);
  const { party, tenantId } = credential.actor;
  requireOpen(credential.config.tenant);
  noteCaller(req, { tenant: tenantId, [nameOfKind[credential.kind]]: party.id });
  await countInSecond(core, `api:${party.id}`, credential.config.settings['api.requestsPerSecond']);
  const caller = await placeCaller(core, req, credential, scope);
  noteCaller(req, { tenant: caller.actor.tenantId });
  return caller;
}

const nameOfKind = { api_key: 'apiKey', session: 'user', operator: 'operator' } as const;

/**
 * Who would be let in by this request's credentials at this moment, for what goes on after the request was let in: nothing is counted,
 * and no session is kept alive by it.
 */
export async function callerNow(core: Core, req: Request, scope: RouteScope): Promise<Caller | undefined> {
  const header = req.headers.authorization;
  const credential =
    header === undefined
      ? await sessionCaller(core, req, { slides: false })
      : await keyCaller(core, req, header);
  if (!credential) return undefined;
  requireOpen(credential.config.tenant);
  return placeCaller(core, req, credential, scope);
}

const originOf = (req: Request): Origin => ({ requestId: requestIdOf(req), ip: req.ip ?? null });

async function sessionCaller(
  core: Core,
  req: Request,
  options?: SessionOptions,
): Promise<Caller | undefined> {
  const live = await currentSession(core, req, options);
  if (!live) return undefined;
  const config = await tenantConfig(core, live.tenant._id);
  return {
    kind: 'session',
    config,
    actor: userActor(live.user, config, core.clock.now(), originOf(req)),
    live,
  };
}

async function keyCaller(core: Core, req: Request, header: string): Promise<Caller | undefined> {
  const key = bearer.exec(header)?.[1];
  if (key === undefined) return undefined;
  if (key.startsWith(operatorKeyPrefix)) {
    const actor = await authenticateOperatorKey(core, key, originOf(req));
    if (!actor) return undefined;
    const config = await tenantConfig(core, actor.tenantId);
    return { kind: 'operator', actor, config, isInTenant: false, live: null };
  }
  const known = await authenticateApiKey(core, key, originOf(req));
  return known && { kind: 'api_key', ...known };
}

async function identify(core: Core, req: Request): Promise<Caller> {
  const header = req.headers.authorization;
  if (header !== undefined) {
    const caller = await keyCaller(core, req, header);
    if (caller) return caller;
    await refuseFailedCredential(core, req.ip);
    throw new AppError('auth.required', 'the API key is not valid');
  }
  const caller = await sessionCaller(core, req);
  if (!caller) throw new AppError('auth.required', 'sign in, or send an API key');
  return caller;
}

/** Whether a person's session speaks for the operator: one of the staff, whose role says so. A key of that tenant does not. */
const isStaff = (caller: Caller): boolean =>
  caller.kind === 'session' &&
  caller.actor.tenantId === operatorTenant.id &&
  hasRight(caller, 'tenants.manage');

/** Makes of whoever holds the credential the caller of this route in the tenant that the request names. */
async function placeCaller(core: Core, req: Request, caller: Caller, scope: RouteScope): Promise<Caller> {
  const named = req.get(tenantHeader);
  return caller.kind === 'operator' || isStaff(caller)
    ? placeOperator(core, caller, named, scope)
    : placeInOwnTenant(caller, named, scope);
}

/** @throws AppError `auth.forbidden` for the header of another tenant, and at the operator's routes. */
function placeInOwnTenant(caller: Caller, named: string | undefined, scope: RouteScope): Caller {
  if (named !== undefined) requireOwnTenant(caller, named);
  if (scope !== 'server') return caller;
  throw new AppError('auth.forbidden', 'this is for the operator of the server: send an operator key');
}

/** @throws AppError `tenant.header_missing`, `tenant.not_found`. */
async function placeOperator(
  core: Core,
  caller: Caller,
  named: string | undefined,
  scope: RouteScope,
): Promise<Caller> {
  const tenantId = named === undefined ? undefined : await tenantNamed(core, named);
  if (scope === 'server') return operatorIn(core, caller, undefined);
  const isOwn = caller.kind === 'session' && (tenantId ?? operatorTenant.id) === operatorTenant.id;
  // Staff are people of their own tenant where they name no other; the server's own things are theirs by their role.
  if (isOwn && (scope === 'tenant' || tenantId !== undefined)) return caller;
  if (tenantId !== undefined || scope === 'either') return operatorIn(core, caller, tenantId);
  throw new AppError(
    'tenant.header_missing',
    `an operator key needs the header ${tenantHeader}: the slug or id of the tenant that the call is for`,
  );
}

async function operatorIn(core: Core, caller: Caller, tenantId: string | undefined): Promise<Caller> {
  const { party, requestId, ip } = caller.actor;
  return {
    kind: 'operator',
    actor: operatorActor(party, tenantId ?? operatorTenant.id, { requestId, ip }),
    config: tenantId === undefined ? caller.config : await tenantConfig(core, tenantId),
    isInTenant: tenantId !== undefined,
    live: caller.kind === 'api_key' ? null : caller.live,
  };
}

/** @throws AppError `tenant.not_found`. */
async function tenantNamed(core: Core, named: string): Promise<string> {
  const tenant = await findTenant(core, named);
  if (!tenant || tenant.status === 'erasing')
    throw new AppError('tenant.not_found', `${tenantHeader} names no tenant of this server`);
  return tenant._id;
}

/** @throws AppError `auth.forbidden`, the same for another tenant and for none. */
function requireOwnTenant({ config: { tenant } }: Caller, named: string): void {
  if (named === tenant._id || named === tenant.slug) return;
  throw new AppError('auth.forbidden', `${tenantHeader} names a tenant that is not the caller's own`);
}

/**
 * A browser sends its cookie whoever asks it to; only our own pages know the token. Keys need none.
 *
 * @throws AppError `csrf.invalid`.
 */
export function requireCsrfToken(core: Core, caller: Caller, req: Request): void {
  const live = caller.kind === 'api_key' ? null : caller.live;
  if (live === null || isSessionFormToken(core, live.session, req.get('x-csrf-token'))) return;
  throw new AppError('csrf.invalid', 'send the X-CSRF-Token that GET /api/v1/me answers with');
}

/**
 * A session may be a browser left open: before dangerous acts its person proves again who they are (`POST /me/reauthenticate`).
 *
 * @throws AppError `auth.step_up_needed`.
 */
export function requireRecentProof(core: Core, caller: Caller): void {
  const live = caller.kind === 'api_key' ? null : caller.live;
  if (live === null || isProofRecent(live.session, live.settings, core.clock.now())) return;
  throw new AppError('auth.step_up_needed', 'prove again who you are: POST /api/v1/me/reauthenticate');
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
    throw new AppError(
      'auth.forbidden',
      'this endpoint requires a user session in its own tenant; keys are not accepted',
    );
  }
  if (hasRight(caller, permission)) return;
  throw new AppError('auth.forbidden', `the permission ${permission} is missing`);
}

/** The live session of a caller of a route that is `self`: only a person with a session gets there. */
export function liveOf(caller: Caller): LiveSession {
  if (caller.kind === 'session') return caller.live;
  throw new AppError('auth.forbidden', 'this endpoint requires a user session; API keys are not accepted');
}
