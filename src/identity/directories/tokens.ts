import { LRUCache } from 'lru-cache';
import type { DirectoryDocument } from '../../persistence/collections/directories.js';
import type { ScimTokenDocument } from '../../persistence/collections/scim-credentials.js';
import type { AuditParty } from '../../persistence/collections/events.js';
import type { Step, Transaction } from '../../persistence/store.js';
import { AppError } from '../../shared/errors.js';
import { hashToken, newId, newToken } from '../../shared/ids.js';
import { service } from '../../shared/services.js';
import { recordEvent } from '../audit/audit.js';
import { changeEntity, requireEntity, type Entity } from '../audit/entity.js';
import type { Actor, Core } from '../core.js';
import { requireDirectoryAuthority } from '../groups/authority.js';
import { tenantConfigStep } from '../tenants/config.js';
import { directoriesAt } from './remembered.js';
import type { TenantDocument } from '../tenants/tenants.js';
import { noteUse } from '../use-note.js';
import type { WriteOptions } from '../versions.js';

export type { ScimTokenDocument } from '../../persistence/collections/scim-credentials.js';

/** Two may live at once, so that a rotation has no gap. */
const maxLiveTokens = 2;

/** Enough to recognise a token by; never more than a third of it. */
const prefixOf = (token: string): string => token.slice(0, Math.min(12, Math.floor(token.length / 3)));

export interface TokenInput {
  name: string;
  /** Absent: a new random one. */
  token?: string | undefined;
  /** null: never. */
  expiresAt?: Date | null | undefined;
}

const isLive = (token: ScimTokenDocument, now: Date): boolean =>
  token.expiresAt === null || token.expiresAt > now;

const partyOf = (token: ScimTokenDocument): AuditParty => ({
  type: 'scim_token',
  id: token._id,
  label: token.name,
});

/** The tokens of one directory. */
const tokenOf = (directoryId: string): Entity<'scim_tokens'> => ({
  collection: 'scim_tokens',
  notFound: () => new AppError('token.not_found', 'there is no such token'),
  isPresent: (token) => token.directoryId === directoryId,
  partyOf,
  factsOf: () => ({}),
});

function* requireMayOpen(core: Core, tx: Transaction, actor: Actor, directoryId: string): Step<void> {
  const directory = yield* tx.tenant(actor.tenantId).collection('directories').get(directoryId);
  if (!directory) throw new AppError('directory.not_found', 'there is no such directory');
  yield* requireDirectoryAuthority(tx, actor, yield* tenantConfigStep(core, tx, actor.tenantId), directory);
}

/**
 * Adds a bearer token to a directory.
 *
 * @returns the token in clear, this once.
 * @throws AppError `directory.not_found`, `directory.too_many_tokens`, `role.not_grantable`, `input.invalid`.
 */
export async function createToken(
  core: Core,
  actor: Actor,
  directoryId: string,
  input: TokenInput,
): Promise<{ document: ScimTokenDocument; token: string }> {
  const token = input.token ?? newToken('gh_scim');
  const now = core.clock.now();
  const document = await core.store.transaction(function* (tx) {
    const scope = tx.tenant(actor.tenantId);
    // Moves the directory's version: two tokens made at the same moment are counted one after the other.
    const directory = yield* scope.collection('directories').update(directoryId, (stored) => ({ ...stored }));
    if (!directory) throw new AppError('directory.not_found', 'there is no such directory');
    yield* requireDirectoryAuthority(tx, actor, yield* tenantConfigStep(core, tx, actor.tenantId), directory);
    const tokens = yield* scope.collection('scim_tokens').find({ directoryId });
    if (tokens.filter((stored) => isLive(stored, now)).length >= maxLiveTokens) {
      throw new AppError(
        'directory.too_many_tokens',
        `a directory has at most ${maxLiveTokens} tokens; revoke one first`,
      );
    }
    const stored = yield* scope.collection('scim_tokens').insert({
      _id: newId(),
      tenantId: actor.tenantId,
      directoryId,
      name: input.name,
      tokenHash: hashToken(token),
      prefix: prefixOf(token),
      lastUsedAt: null,
      expiresAt: input.expiresAt ?? null,
    });
    yield* recordEvent(tx, actor, { action: 'scim_token.created', target: partyOf(stored) }, now);
    return stored;
  });
  return { document, token };
}

/** A directory's tokens, the oldest first; never their values. */
export function listTokens(core: Core, tenantId: string, directoryId: string): Promise<ScimTokenDocument[]> {
  return core.store.tenant(tenantId).collection('scim_tokens').find({ directoryId });
}

/** @throws AppError `token.not_found`. */
export async function revokeToken(
  core: Core,
  actor: Actor,
  directoryId: string,
  tokenId: string,
): Promise<void> {
  const now = core.clock.now();
  await core.store.transaction(function* (tx) {
    const tokens = tx.tenant(actor.tenantId).collection('scim_tokens');
    const token = yield* requireEntity(tokenOf(directoryId), { tx, actor, id: tokenId });
    yield* tokens.remove(tokenId);
    yield* recordEvent(tx, actor, { action: 'scim_token.revoked', target: partyOf(token) }, now);
  });
}

/**
 * Replaces a token: the new one works at once, the old one until the overlap is over.
 *
 * @param overlapSeconds - 0 ends the old one at once.
 * @throws AppError `token.not_found`, `role.not_grantable`.
 */
export async function rotateToken(
  core: Core,
  actor: Actor,
  directoryId: string,
  tokenId: string,
  overlapSeconds: number,
): Promise<{ document: ScimTokenDocument; token: string }> {
  const token = newToken('gh_scim');
  const now = core.clock.now();
  const end = new Date(now.getTime() + overlapSeconds * 1000);
  const document = await core.store.transaction(function* (tx) {
    const tokens = tx.tenant(actor.tenantId).collection('scim_tokens');
    const old = yield* requireEntity(tokenOf(directoryId), { tx, actor, id: tokenId });
    yield* requireMayOpen(core, tx, actor, directoryId);
    yield* tokens.update(tokenId, (stored) => ({
      ...stored,
      expiresAt: stored.expiresAt !== null && stored.expiresAt < end ? stored.expiresAt : end,
    }));
    const others = yield* tokens.find({ directoryId, _id: { $ne: tokenId } });
    if (overlapSeconds > 0 && others.filter((other) => isLive(other, now)).length >= maxLiveTokens - 1) {
      throw new AppError(
        'directory.too_many_tokens',
        `a directory has at most ${maxLiveTokens} tokens; revoke one first`,
      );
    }
    const stored = yield* tokens.insert({
      _id: newId(),
      tenantId: actor.tenantId,
      directoryId,
      name: old.name,
      tokenHash: hashToken(token),
      prefix: prefixOf(token),
      lastUsedAt: null,
      expiresAt: null,
    });
    yield* recordEvent(tx, actor, { action: 'scim_token.rotated', target: partyOf(stored) }, now);
    return stored;
  });
  return { document, token };
}

/**
 * Gives a token another value, as a set-up file declares it; nothing happens when it is the same.
 *
 * @throws AppError `token.not_found`, `role.not_grantable`, `store.duplicate`.
 */
export async function replaceToken(
  core: Core,
  actor: Actor,
  directoryId: string,
  tokenId: string,
  token: string,
  options: WriteOptions = {},
): Promise<ScimTokenDocument> {
  const value = { tokenHash: hashToken(token), prefix: prefixOf(token) };
  const now = core.clock.now();
  return core.store.transaction((tx) =>
    changeEntity(
      tokenOf(directoryId),
      { tx, actor, now, id: tokenId, options },
      {
        action: 'scim_token.replaced',
        *wanted(before) {
          return { ...before, ...value };
        },
        differs: (before, wanted) => wanted.tokenHash !== before.tokenHash,
        before: () => requireMayOpen(core, tx, actor, directoryId),
      },
    ),
  );
}

export interface AuthenticatedDirectory {
  tenantId: string;
  directory: DirectoryDocument;
  token: ScimTokenDocument;
  tenant: TenantDocument;
}

type Place = Pick<ScimTokenDocument, '_id' | 'tenantId' | 'directoryId' | 'tokenHash'>;

// Where a token was last found. Only a shortcut to the documents: they are read every time, and hold only with the same hash.
const knownPlaces = service(() => new LRUCache<string, Place>({ max: 10_000 }));

/** All that a request needs to know of a token, read side by side. */
async function readAt(core: Core, { _id, tenantId, directoryId, tokenHash }: Place) {
  const scope = core.store.tenant(tenantId);
  const [token, tenant] = await Promise.all([
    scope.collection('scim_tokens').get(_id),
    scope.collection('tenants').get(tenantId),
  ]);
  if (!tenant || token?.tokenHash !== tokenHash) return undefined;
  return { token, directory: (await directoriesAt(core, tenant)).get(directoryId), tenant };
}

async function findToken(core: Core, token: string): ReturnType<typeof readAt> {
  const tokenHash = hashToken(token);
  const places = knownPlaces(core);
  const place = places.get(tokenHash);
  const known = place && (await readAt(core, place));
  if (known) return known;
  const found = await core.store.server.collection('scim_tokens').findOne({ tokenHash });
  if (!found) return undefined;
  const { _id, tenantId, directoryId } = found;
  places.set(tokenHash, { _id, tenantId, directoryId, tokenHash });
  return readAt(core, found);
}

/**
 * Whose bearer token this is. Reads the store every time: a revoked token, an ended one and one of a disabled directory are refused at
 * once.
 *
 * @returns undefined for any token that does not hold.
 */
export async function authenticateToken(
  core: Core,
  token: string,
): Promise<AuthenticatedDirectory | undefined> {
  const found = await findToken(core, token);
  const now = core.clock.now();
  if (!found?.directory?.enabled || !isLive(found.token, now)) return undefined;
  noteUse(core, 'scim_tokens', found.token, now);
  return { ...found, tenantId: found.token.tenantId, directory: found.directory };
}
