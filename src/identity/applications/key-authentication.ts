import type { ApiKeyDocument } from '../../persistence/collections/api-keys.js';
import { AppError } from '../../shared/errors.js';
import { hashToken } from '../../shared/ids.js';
import type { Origin } from '../actors.js';
import type { Actor, Core } from '../core.js';
import { userPermissions } from '../grants/effective-roles.js';
import { statusWithoutLock } from '../grants/user-status.js';
import { tenantConfig, type TenantConfig } from '../tenants/config.js';
import { isAllowedFrom, permissionsOf } from './key-limits.js';
import { noteUse } from '../use-note.js';

const isOver = ({ expiresAt }: ApiKeyDocument, now: Date): boolean => expiresAt !== null && expiresAt <= now;

/** Who owns a key, with what they may do; null: it is the tenant's; undefined: its owner is gone, or not let in. */
async function ownerOf(
  core: Core,
  { tenantId, userId }: ApiKeyDocument,
  config: TenantConfig,
): Promise<ReadonlySet<string> | null | undefined> {
  if (!userId) return null;
  const user = await core.store.tenant(tenantId).collection('users').get(userId);
  const now = core.clock.now();
  if (!user || statusWithoutLock(user, config.settings, now) !== 'active') return undefined;
  return userPermissions(user, config, now);
}

/**
 * A key as an actor: what it may do at this moment.
 *
 * @returns undefined for a key that is over, or whose owner is.
 */
export async function apiKeyActor(
  core: Core,
  key: ApiKeyDocument,
  { requestId, ip }: Origin,
  config: TenantConfig,
): Promise<Actor | undefined> {
  if (isOver(key, core.clock.now())) return undefined;
  const owner = await ownerOf(core, key, config);
  if (owner === undefined) return undefined;
  const held = config.roles.get(key.role)?.management ?? [];
  return {
    party: { type: 'api_key', id: key._id, label: key.name },
    tenantId: key.tenantId,
    makerId: key.makerId ?? null,
    permissions: permissionsOf(held, key, owner ?? undefined),
    directoryId: null,
    requestId,
    ip,
  };
}

async function findKey(core: Core, value: string): Promise<ApiKeyDocument | undefined> {
  const keys = core.store.server.collection('api_keys');
  const hash = hashToken(value);
  const current = await keys.findOne({ keyHash: hash });
  if (current) return current;
  const rotated = await keys.findOne({ previousHash: hash });
  const until = rotated?.previousUntil;
  if (!until || until <= core.clock.now()) return undefined;
  return { ...rotated, makerId: rotated.previousMakerId ?? null };
}

/**
 * Who speaks with this API key, and what they may do.
 *
 * @returns undefined for any key that does not hold.
 * @throws AppError `auth.forbidden` for a key that may not be used from the address.
 */
export async function authenticateApiKey(
  core: Core,
  key: string,
  origin: Origin,
): Promise<{ actor: Actor; config: TenantConfig } | undefined> {
  const stored = await findKey(core, key);
  if (!stored) return undefined;
  const config = await tenantConfig(core, stored.tenantId);
  const actor = await apiKeyActor(core, stored, origin, config);
  if (!actor) return undefined;
  if (!isAllowedFrom(stored, origin.ip))
    throw new AppError('auth.forbidden', 'this key may not be used from your address');
  noteUse(core, 'api_keys', stored, core.clock.now());
  return { actor, config };
}
