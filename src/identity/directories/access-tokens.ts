import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { readSignedText, signText } from '../../infrastructure/signed-text.js';
import type { DirectoryDocument } from '../../persistence/collections/directories.js';
import type { ScimClientDocument } from '../../persistence/collections/scim-credentials.js';
import { hashToken } from '../../shared/ids.js';
import type { Core } from '../core.js';
import { isUseNoted } from '../use-note.js';
import type { TenantDocument } from '../tenants/tenants.js';
import { isAccessRevoked, isOpen } from '../tenants/state.js';
import { keyIdentity } from './client-keys.js';

/** What an access token opens: everything, or what only reads. */
export const scimScopes = ['scim', 'scim.read'] as const;
export type ScimScope = (typeof scimScopes)[number];

const prefix = 'gh_at_';
const purpose = 'scim-access-token';

/** Who an access token is for, and what it rests on: it is dead when that no longer stands. */
export interface TokenHolder {
  directory: DirectoryDocument;
  /** null: a workload of the directory's federation that named no client. */
  client: ScimClientDocument | null;
  /** What one of the functions of {@link bases} gives. */
  basis: string;
}

/** What a token may rest on, each as a text that is no other's. */
export const bases = {
  secret: ({ id }: { id: string }): string => `secret ${id}`,
  key: (jwk: Readonly<Record<string, unknown>>): string => `key ${keyIdentity(jwk)}`,
  jwksUri: (jwksUri: string): string => `jwksUri ${hashToken(jwksUri)}`,
  federation: ({ federationId }: DirectoryDocument): string => `federation ${federationId ?? ''}`,
};

/** All that tokens of a directory and client may rest on at this moment. */
function standingBases(directory: DirectoryDocument, client: ScimClientDocument | null): string[] {
  return [
    ...(directory.federation ? [bases.federation(directory)] : []),
    ...(client?.secrets.map(bases.secret) ?? []),
    ...(client?.jwks?.keys.map(bases.key) ?? []),
    ...(client?.jwksUri ? [bases.jwksUri(client.jwksUri)] : []),
  ];
}

/** What stands in a token, under short names: it travels with every request. */
const claimsShape = z.object({
  t: z.string(),
  d: z.string(),
  c: z.string().nullable(),
  b: z.string(),
  s: z.array(z.enum(scimScopes)),
  /** When it was given, in milliseconds since 1970. */
  i: z.number(),
  /** Its end, in seconds since 1970. */
  e: z.number(),
});

/**
 * A new access token (RFC 6749 section 5.1): a signed text. Whether it still holds is decided at each request, by what is stored then.
 *
 * @param seconds - how long it lives.
 */
export function issueAccessToken(
  core: Core,
  { directory, client, basis }: TokenHolder,
  scopes: readonly ScimScope[],
  seconds: number,
): string {
  const claims: z.output<typeof claimsShape> = {
    t: directory.tenantId,
    d: directory._id,
    c: client?._id ?? null,
    b: basis,
    s: [...scopes],
    i: core.clock.now().getTime(),
    e: Math.floor(core.clock.now().getTime() / 1000) + seconds,
  };
  const n = randomBytes(9).toString('base64url');
  return `${prefix}${signText(core.secretBox, purpose, '', { ...claims, n })}`;
}

/** Whether a client may be used at this moment. */
export function isLiveClient({ expiresAt }: ScimClientDocument, now: Date): boolean {
  return expiresAt === null || expiresAt > now;
}

export interface AuthenticatedClient {
  tenantId: string;
  directory: DirectoryDocument;
  client: ScimClientDocument | null;
  scopes: readonly ScimScope[];
  tenant: TenantDocument;
}

/** What stands in an access token of ours that has not ended; undefined for any other text. */
function readClaims(core: Core, token: string): z.output<typeof claimsShape> | undefined {
  if (!token.startsWith(prefix)) return undefined;
  const signed = readSignedText(core.secretBox, purpose, '', token.slice(prefix.length));
  const claims = signed && claimsShape.parse(signed.value);
  return claims && claims.e * 1000 > core.clock.now().getTime() ? claims : undefined;
}

/**
 * Whose access token this is. Reads the store every time: the token is dead with its end, its secret or key, its client, federation,
 * directory and tenant.
 *
 * @returns undefined for any token that does not hold.
 */
export async function authenticateAccessToken(
  core: Core,
  token: string,
): Promise<AuthenticatedClient | undefined> {
  const claims = readClaims(core, token);
  if (!claims) return undefined;
  const { t: tenantId, d, c, b, s: scopes, i } = claims;
  const scope = core.store.tenant(tenantId);
  const [directory, client, tenant] = await Promise.all([
    scope.collection('directories').get(d),
    c === null ? null : scope.collection('scim_clients').get(c),
    scope.collection('tenants').get(tenantId),
  ]);
  if (!tenant || !directory?.enabled || client === undefined) return undefined;
  if (client && !isLiveClient(client, core.clock.now())) return undefined;
  if (!standingBases(directory, client).includes(b)) return undefined;
  // Of a tenant that is suspended now the caller says so; one that was suspended since has ended it.
  if (isOpen(tenant) && isAccessRevoked(tenant, new Date(i))) return undefined;
  return { tenantId, directory, client, scopes, tenant };
}

/** Notes that a client got a token, and by which of its secrets. */
export function noteClientUse(core: Core, { client, basis }: TokenHolder): void {
  if (!client) return;
  const now = core.clock.now();
  const noted = (stored: ScimClientDocument): ScimClientDocument | undefined => {
    const used = stored.secrets.find((secret) => bases.secret(secret) === basis);
    if (isUseNoted(stored.lastUsedAt, now) && (!used || isUseNoted(used.lastUsedAt, now))) return undefined;
    const secrets = stored.secrets.map((one) => (one === used ? { ...one, lastUsedAt: now } : one));
    return { ...stored, secrets, lastUsedAt: now };
  };
  core.store
    .tenant(client.tenantId)
    .collection('scim_clients')
    .update(client._id, noted)
    .catch((error: unknown) => core.log.warn({ err: error }, 'the use of a client could not be noted'));
}
