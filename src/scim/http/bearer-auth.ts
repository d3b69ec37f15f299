import type { IncomingMessage } from 'node:http';
import { refuseFailedCredential } from '../../http/limits.js';
import { directoryActor } from '../../identity/actors.js';
import type { Actor, Core } from '../../identity/core.js';
import type { DirectoryDocument } from '../../identity/directories/directories.js';
import { authenticateToken } from '../../identity/directories/tokens.js';
import { Unauthorized } from '../exchange/error-response.js';

/** Whose request it is. */
export interface Authenticated {
  readonly tenantId: string;
  readonly actor: Actor;
  /** null for a person's access token. */
  readonly directory: DirectoryDocument | null;
  /** Requests a second that the tenant lets the directory send; 0: any number. */
  readonly requestsPerSecond: number;
  /** null for a directory's token. */
  readonly userId: string | null;
}

/** Looks an access token of the OpenID provider up: the person who gave it with the scope `scim:me`, else undefined. */
export type FindTokenOwner = (
  token: string,
  origin: { requestId: string; ip: string },
) => Promise<{ tenantId: string; userId: string; actor: Actor } | undefined>;

const bearer = /^Bearer +([\w.~+/-]{8,2000}=*) *$/i;

/** Whether a request shows no credentials at all, rather than bad ones. */
export function isAnonymous(req: IncomingMessage): boolean {
  return (req.headers.authorization ?? '').trim() === '';
}

/**
 * Finds out whose bearer token this is (RFC 6750). It alone says which tenant and directory the request is for.
 *
 * @throws AppError `auth.required`, or `rate.limited` after too many failures of one address.
 */
export async function authenticate(
  core: Core,
  req: IncomingMessage,
  origin: { requestId: string; ip: string },
  findTokenOwner: FindTokenOwner | undefined,
): Promise<Authenticated> {
  const token = bearer.exec(req.headers.authorization ?? '')?.[1];
  const found = token === undefined ? undefined : await authenticateToken(core, token);
  if (found) {
    const { tenantId, directory, config } = found;
    const requestsPerSecond = config.settings['scim.requestsPerSecond'];
    const actor = directoryActor(directory, found.token, origin);
    return { tenantId, directory, requestsPerSecond, userId: null, actor };
  }
  const owner = token === undefined ? undefined : await findTokenOwner?.(token, origin);
  if (owner) return { ...owner, directory: null, requestsPerSecond: 0 };
  await refuseFailedCredential(core, origin.ip);
  throw new Unauthorized(req.headers.authorization !== undefined);
}
