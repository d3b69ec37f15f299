import type { EventEmitter } from 'node:events';
import type { IncomingMessage } from 'node:http';
import type { KoaContextWithOIDC, Provider } from 'oidc-provider';
import { countFailedCredential } from '../../http/limits.js';
import { noteCaller, requestIdOf } from '../../http/request-context.js';
import type { Core } from '../../identity/core.js';
import { AppError } from '../../shared/errors.js';
import { authorizationServerMetadata } from '../directory-clients/metadata.js';
import { slideSession } from '../session-guard.js';
import { noteStart } from '../start-limit.js';
import type { AccountAccess } from './account-access.js';
import { followSignOut } from './sign-out.js';

type LibraryError = Error & { error_detail?: string };

/** Events of the library that are refusals, and so ordinary; `server_error` is a fault of ours. */
const refusals = [
  'authorization.error',
  'discovery.error',
  'end_session.error',
  'end_session_confirm.error',
  'end_session_success.error',
  'grant.error',
  'introspection.error',
  'jwks.error',
  'pushed_authorization_request.error',
  'revocation.error',
  'userinfo.error',
] as const;

function logEvents(core: Core, events: EventEmitter): void {
  for (const event of refusals) {
    events.on(event, (ctx: KoaContextWithOIDC, error: LibraryError) => {
      core.log.info(
        {
          event,
          requestId: requestIdOf(ctx.req),
          clientId: ctx.oidc.client?.clientId,
          error: error.message,
          detail: error.error_detail,
        },
        'OpenID request refused',
      );
    });
  }
  events.on('server_error', (ctx: KoaContextWithOIDC, error: Error) => {
    core.log.error({ err: error, requestId: requestIdOf(ctx.req) }, 'OpenID request failed');
    if (!(error instanceof AppError) || error.status !== 503) return;
    // The database is away: worth another try, which 500 does not say.
    ctx.status = 503;
    ctx.set('Retry-After', '5');
  });
  // Without a listener Koa prints to the console.
  events.on('error', (error: Error) => core.log.error({ err: error }, 'OpenID request failed'));
}

/** A refresh is use of the session: people at work in an application do not lose it for not visiting us. A disabled user's runs out. */
async function keepAlive(core: Core, ctx: KoaContextWithOIDC): Promise<void> {
  const access = ctx.oidc.account?.['access'] as AccountAccess | undefined;
  if (!access) return;
  const { user, session, config } = access;
  const now = core.clock.now();
  if (!user.enabled) return;
  await slideSession(core, { user, session, settings: config.settings }, now);
}

/**
 * Counts a wrong client secret of an address, together with the failed tokens of the other interfaces; past the limit it is answered 429.
 * Right ones are never counted.
 */
async function countFailedClient(core: Core, ctx: KoaContextWithOIDC): Promise<void> {
  const { ip } = ctx.req as IncomingMessage & { ip?: string };
  const over = await countFailedCredential(core, ip);
  if (!over) return;
  ctx.status = 429;
  ctx.set('Retry-After', String(over.retryAfterSeconds));
  ctx.body = {
    error: 'temporarily_unavailable',
    error_description: 'too many failed client authentications from this address',
  };
}

const forbiddenGrant = 'requested grant type is not allowed for this client';

const isRefreshed = (ctx: KoaContextWithOIDC): boolean =>
  ctx.path === '/token' && ctx.status === 200 && ctx.oidc.params?.['grant_type'] === 'refresh_token';

/** A request that waits for a sign-in from now on. */
const isInteraction = (ctx: KoaContextWithOIDC): boolean =>
  ctx.path === '/auth' && String(ctx.response.headers.location).startsWith('/oidc/interaction/');

/** A pushed request without client authentication. */
const isOpenPush = (ctx: KoaContextWithOIDC): boolean =>
  ctx.path === '/request' && ctx.status === 201 && ctx.oidc.client?.clientAuthMethod === 'none';

const isFailedClient = (ctx: KoaContextWithOIDC): boolean =>
  ctx.status === 401 && (ctx.body as { error?: unknown } | undefined)?.error === 'invalid_client';

/** RFC 6749 section 5.2 has a code of its own for a grant that an application may not use; the library says `invalid_request`. */
function nameForbiddenGrant(ctx: KoaContextWithOIDC): void {
  const body = ctx.body as { error?: unknown; error_description?: unknown } | undefined;
  if (ctx.path !== '/token' || body?.error_description !== forbiddenGrant) return;
  ctx.body = { ...body, error: 'unauthorized_client' };
}

/** Counts for the client's address what its answer shows: a wrong secret, or something kept for a sign-in to come. */
async function countAnswer(core: Core, ctx: KoaContextWithOIDC): Promise<void> {
  if (isInteraction(ctx)) await noteStart(core, ctx.req, 'application');
  if (isOpenPush(ctx)) await noteStart(core, ctx.req, 'pushed');
  if (isFailedClient(ctx)) await countFailedClient(core, ctx);
}

// By request, as the library leaves no other way to hand something on to its middleware.
const metadataRequests = new WeakSet<IncomingMessage>();

/** Has a request for the discovery document answered with the metadata of the whole authorization server. */
export function askForMetadata(req: IncomingMessage): void {
  metadataRequests.add(req);
}

const fallbacks = new WeakMap<IncomingMessage, () => void>();

/** Who answers an address below the issuer that the library does not know. */
export function passUnknown(req: IncomingMessage, next: () => void): void {
  fallbacks.set(req, next);
}

function isUnknown(ctx: KoaContextWithOIDC): boolean {
  return ctx.status === 404 && (ctx.body === undefined || ctx.body === null);
}

/** The tenant of the person, else the one that owns the application. */
function tenantOf({ account, client }: KoaContextWithOIDC['oidc']): unknown {
  const access = account?.['access'] as AccountAccess | undefined;
  return access?.user.tenantId ?? client?.['tenant_id'];
}

/** For the access log. An address that the library does not know has no route. */
function noteAnswered(ctx: KoaContextWithOIDC): void {
  const known = ctx.oidc as KoaContextWithOIDC['oidc'] | undefined;
  if (known?.route === undefined) {
    noteCaller(ctx.req, { route: '/oidc/other' });
    return;
  }
  const { client, session, account } = known;
  const tenant = tenantOf(known);
  const user = session?.accountId ?? account?.accountId;
  noteCaller(ctx.req, {
    route: `/oidc${ctx.path.replace(/^\/auth\/.+/, '/auth/:uid')}`,
    ...(client && { application: client.clientId }),
    ...(typeof tenant === 'string' && { tenant }),
    ...(user !== undefined && { user }),
  });
}

/** Things of ours that follow a request the library has answered. */
export function followUp(core: Core, provider: Provider): void {
  logEvents(core, provider);
  provider.use(async (context, next) => {
    const ctx = context as KoaContextWithOIDC;
    await followSignOut(core, ctx, next);
    noteAnswered(ctx);
    if (metadataRequests.has(ctx.req)) {
      ctx.body = authorizationServerMetadata(ctx.body as Record<string, unknown>);
    }
    nameForbiddenGrant(ctx);
    if (isRefreshed(ctx)) await keepAlive(core, ctx);
    if (isUnknown(ctx)) {
      ctx.respond = false;
      fallbacks.get(ctx.req)?.();
    }
    await countAnswer(core, ctx);
  });
}
