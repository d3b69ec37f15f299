import type { IncomingMessage } from 'node:http';
import { refuseFailedCredential } from '../../http/limits.js';
import { directoryActor } from '../../identity/actors.js';
import type { Actor, Core } from '../../identity/core.js';
import type { DirectoryDocument } from '../../identity/directories/directories.js';
import { settingOf } from '../../identity/tenants/settings.js';
import type { TenantDocument } from '../../identity/tenants/tenants.js';
import type { ScimRequestDocument } from '../../persistence/collections/scim-requests.js';
import { authenticateAccessToken } from '../../identity/directories/access-tokens.js';
import { authenticateToken } from '../../identity/directories/tokens.js';
import { requireOpen } from '../../identity/tenants/state.js';
import { commonSchemas, schemasAt } from '../../identity/tenants/schemas.js';
import type { SchemaRegistry } from '../protocol/schema-registry.js';
import { Unauthorized } from '../exchange/error-response.js';

/** Whose request it is. */
export interface Authenticated {
  readonly tenantId: string;
  readonly actor: Actor;
  /** null for a person's access token. */
  readonly directory: DirectoryDocument | null;
  /** The resource types of the tenant with all their extensions. */
  readonly schemas: SchemaRegistry;
  /** Requests a second that the tenant lets the directory send; 0: any number. */
  readonly requestsPerSecond: number;
  /** null for a directory's token. */
  readonly userId: string | null;
  /** Which of the directory's credentials was shown; null for a person's access token. */
  readonly credential: Credential | null;
  /** Whether it may change anything: all may but tokens of the scope `scim.read`. */
  readonly mayWrite: boolean;
}

/** A token or client of a directory, as log and audit trail name it. */
export type Credential = NonNullable<ScimRequestDocument['credential']>;

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

interface FoundDirectory extends Pick<Authenticated, 'tenantId' | 'mayWrite'> {
  readonly directory: DirectoryDocument;
  readonly tenant: TenantDocument;
  readonly credential: Credential;
}

/** The directory a token opens: one of its static tokens, or an access token of one of its clients. */
async function findDirectory(core: Core, token: string): Promise<FoundDirectory | undefined> {
  const granted = await authenticateAccessToken(core, token);
  if (granted) {
    const { client, directory, scopes } = granted;
    const credential: Credential = client
      ? { type: 'client', id: client._id, name: client.name }
      : { type: 'federation', id: directory.federationId ?? '', name: directory.federation?.subject ?? '' };
    return { ...granted, credential, mayWrite: scopes.includes('scim') };
  }
  const found = await authenticateToken(core, token);
  if (!found) return undefined;
  const { _id: id, name } = found.token;
  return { ...found, credential: { type: 'token', id, name }, mayWrite: true };
}

/**
 * Finds out whose bearer token this is (RFC 6750). It alone says which tenant and directory the request is for.
 *
 * @throws AppError `auth.required`, `tenant.suspended`, or `rate.limited` after too many failures of one address.
 */
export async function authenticate(
  core: Core,
  req: IncomingMessage,
  origin: { requestId: string; ip: string },
  findTokenOwner: FindTokenOwner | undefined,
): Promise<Authenticated> {
  const token = bearer.exec(req.headers.authorization ?? '')?.[1];
  const found = token === undefined ? undefined : await findDirectory(core, token);
  if (found) {
    const { tenantId, directory, tenant, credential, mayWrite } = found;
    requireOpen(tenant);
    const requestsPerSecond = settingOf(tenant, 'scim.requestsPerSecond');
    const actor = directoryActor(directory, credential, origin);
    const schemas = await schemasAt(core, tenant);
    return { tenantId, directory, requestsPerSecond, userId: null, actor, schemas, credential, mayWrite };
  }
  const owner = token === undefined ? undefined : await findTokenOwner?.(token, origin);
  if (owner) {
    const tenant = await core.store.tenant(owner.tenantId).collection('tenants').get(owner.tenantId);
    const schemas = tenant ? await schemasAt(core, tenant) : commonSchemas(core);
    return { ...owner, directory: null, requestsPerSecond: 0, schemas, credential: null, mayWrite: true };
  }
  await refuseFailedCredential(core, origin.ip);
  throw new Unauthorized(req.headers.authorization !== undefined);
}
