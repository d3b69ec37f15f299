import type { Request, RequestHandler, Response } from 'express';
import { countFailedCredential } from '../../http/limits.js';
import { noteCaller, requestIdOf } from '../../http/request-context.js';
import type { Core } from '../../identity/core.js';
import {
  issueAccessToken,
  noteClientUse,
  scimScopes,
  type ScimScope,
  type TokenHolder,
} from '../../identity/directories/access-tokens.js';
import { tokenSecondsOf } from '../../identity/directories/federation.js';
import { AppError } from '../../shared/errors.js';
import { findApplicationByClientId } from '../provider/clients.js';
import { authenticateClient } from './client-authentication.js';
import { findDirectoryClient } from './live-client.js';
import { invalidRequest, TokenRefusal } from './token-refusal.js';
import { namedIn, peekBody, readTokenRequest } from './token-request.js';

/** The grant of clients of directories (RFC 6749 section 4.4). */
export const grantType = 'client_credentials';

/** @throws TokenRefusal `invalid_scope`. */
function grantedScopes(asked: string | undefined): ScimScope[] {
  const words = (asked ?? '').split(' ').filter((word) => word !== '');
  const known = scimScopes.filter((scope) => words.includes(scope));
  const odd = words.find((word) => !known.some((scope) => scope === word));
  if (odd !== undefined) {
    throw new TokenRefusal('invalid_scope', `the scopes are ${scimScopes.join(' and ')}`);
  }
  return known.length === 0 ? ['scim'] : known;
}

/** How long a token lives: never longer than its client. */
function lifeOf(core: Core, { directory, client }: TokenHolder): number {
  const most = tokenSecondsOf(directory);
  const end = client?.expiresAt?.getTime();
  if (end === undefined) return most;
  return Math.min(most, Math.max(1, Math.floor((end - core.clock.now().getTime()) / 1000)));
}

function noteHolder(req: Request, { directory, client }: TokenHolder): void {
  const { tenantId: tenant, _id } = directory;
  noteCaller(req, { tenant, directory: _id, ...(client && { client: client._id }) });
}

async function answerRequest(core: Core, req: Request, body: string): Promise<Record<string, unknown>> {
  const request = readTokenRequest(req, body);
  const holder = await authenticateClient(core, request);
  noteHolder(req, holder);
  if (request.grantType === undefined) throw invalidRequest('grant_type is missing');
  if (request.grantType !== grantType) {
    throw new TokenRefusal('unauthorized_client', `a client of a directory may use ${grantType} alone`);
  }
  const scopes = grantedScopes(request.scope);
  const seconds = lifeOf(core, holder);
  noteClientUse(core, holder);
  return {
    access_token: issueAccessToken(core, holder, scopes, seconds),
    token_type: 'Bearer',
    expires_in: seconds,
    scope: scopes.join(' '),
  };
}

/** What any thrown value means to a client. */
function refusalOf(core: Core, req: Request, error: unknown): TokenRefusal {
  if (error instanceof TokenRefusal) return error;
  if (error instanceof AppError && error.status === 503) {
    return new TokenRefusal('temporarily_unavailable', error.message, 503, error.retryAfterSeconds ?? 5);
  }
  core.log.error({ err: error, requestId: requestIdOf(req) }, 'a token request failed');
  return new TokenRefusal('server_error', 'something went wrong on our side', 500);
}

/** Wrong credentials count with those of the other interfaces. */
async function countedRefusal(core: Core, req: Request, refusal: TokenRefusal): Promise<TokenRefusal> {
  if (refusal.code !== 'invalid_client') return refusal;
  const over = await countFailedCredential(core, req.ip);
  if (!over) return refusal;
  const description = 'too many failed client authentications from this address';
  return new TokenRefusal('temporarily_unavailable', description, 429, over.retryAfterSeconds);
}

function refuse(core: Core, req: Request, res: Response, refusal: TokenRefusal): void {
  const { code, message, status, retryAfterSeconds } = refusal;
  core.log.info({ requestId: requestIdOf(req), error: code, detail: message }, 'token request refused');
  if (retryAfterSeconds !== undefined) res.setHeader('Retry-After', String(retryAfterSeconds));
  if (status === 401) res.setHeader('WWW-Authenticate', `Basic realm="${core.config.baseUrl}/oidc"`);
  res.status(status).json({ error: code, error_description: message });
}

/** Whether a token request is for a directory's client, or a workload, rather than an application: those sign no assertions. */
async function isForDirectory(core: Core, req: Request, body: string | undefined): Promise<boolean> {
  const { clientId, assertion } = namedIn(req, body);
  if (clientId === undefined) return assertion !== undefined;
  if (await findDirectoryClient(core, clientId)) return true;
  return assertion !== undefined && !(await findApplicationByClientId(core, clientId));
}

/**
 * Access tokens for clients of directories (RFC 6749 section 4.4), to be mounted at `POST /oidc/token` before the OpenID provider: what is
 * an application's goes on to that one, as it came.
 */
export function directoryTokenEndpoint(core: Core): RequestHandler {
  return async (req, res, next) => {
    const body = await peekBody(req);
    if (!(await isForDirectory(core, req, body))) {
      next();
      return;
    }
    noteCaller(req, { route: '/oidc/token' });
    res.setHeader('Cache-Control', 'no-store');
    res.setHeader('Pragma', 'no-cache');
    try {
      res.json(await answerRequest(core, req, body ?? ''));
    } catch (error) {
      refuse(core, req, res, await countedRefusal(core, req, refusalOf(core, req, error)));
    }
  };
}
