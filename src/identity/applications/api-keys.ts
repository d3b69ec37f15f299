import type { ApiKeyDocument } from '../../persistence/collections/api-keys.js';
import type { AuditParty } from '../../persistence/collections/events.js';
import type { Step, Transaction } from '../../persistence/store.js';
import { AppError } from '../../shared/errors.js';
import { hashToken, newId, newToken } from '../../shared/ids.js';
import { recordEvent } from '../audit/audit.js';
import { changeEntity, requireEntity, type Entity } from '../audit/entity.js';
import type { Actor, Core } from '../core.js';
import { refuseDuplicates } from '../duplicates.js';
import { requireGrantable } from '../permissions.js';
import { tenantConfigStep, touchTenant } from '../tenants/config.js';
import { requireNoWiderKey, requireRanges, requireWithinLimits } from './key-limits.js';
import type { WriteOptions } from '../versions.js';

export type { ApiKeyDocument } from '../../persistence/collections/api-keys.js';

export interface ApiKeyInput {
  name: string;
  /** Full key of a role of the tenant: what the key may do. */
  role: string;
  /** Absent: a new random one. */
  key?: string | undefined;
  /** null: never. */
  expiresAt?: Date | null | undefined;
  /** null: all that the role holds. */
  scopes?: readonly string[] | null | undefined;
  addresses?: readonly string[] | undefined;
  /** The person it belongs to; absent or null: the tenant. */
  userId?: string | null | undefined;
}

/** Enough to recognise a key by; never more than a third of it. */
const prefixOf = (key: string): string => key.slice(0, Math.min(10, Math.floor(key.length / 3)));

const duplicates = {
  api_keys_name: {
    code: 'api_key.name_taken',
    message: 'the name is taken by another key',
    pointer: '/name',
  },
} as const;

const partyOf = ({ _id, name }: ApiKeyDocument): AuditParty => ({ type: 'api_key', id: _id, label: name });

const apiKey: Entity<'api_keys'> = {
  collection: 'api_keys',
  notFound: () => new AppError('api_key.not_found', 'there is no such key'),
  partyOf,
  factsOf: ({ addresses = [], expiresAt, name, role, scopes = null }) => ({
    ...{ name, role, expiresAt, scopes, addresses },
  }),
};

/** @throws AppError `input.invalid` unless it is a role of the tenant; `role.not_grantable`. */
function* requireKeyRole(core: Core, tx: Transaction, actor: Actor, fullKey: string): Step<void> {
  const role = (yield* tenantConfigStep(core, tx, actor.tenantId)).roles.get(fullKey);
  if (role?.applicationKey !== null) {
    throw new AppError('input.invalid', `there is no role ${fullKey} of the tenant`, {
      errors: [{ pointer: '/role', detail: `there is no role ${fullKey} of the tenant` }],
    });
  }
  requireGrantable(actor, [role]);
  // A role that is deleted at this moment must see the key that names it.
  yield* touchTenant(tx, actor.tenantId);
}

/** The user behind an actor: a key that a key made has the same maker. */
const makerOf = ({ party, makerId = null }: Actor): string | null =>
  party.type === 'user' ? party.id : makerId;

/**
 * Stores a key, as a step of a transaction. See {@link createApiKey}.
 *
 * @throws AppError `input.invalid`, `role.not_grantable`, `auth.forbidden`; the store's `store.duplicate` for a taken name.
 */
export function* createApiKeyStep(
  core: Core,
  tx: Transaction,
  actor: Actor,
  input: ApiKeyInput & { key: string },
  now: Date,
): Step<ApiKeyDocument> {
  yield* requireKeyRole(core, tx, actor, input.role);
  const { addresses = [], expiresAt = null } = input;
  yield* requireWithinLimits(tx, actor, undefined, { addresses: [...addresses], expiresAt });
  const stored = yield* tx
    .tenant(actor.tenantId)
    .collection('api_keys')
    .insert({
      _id: newId(),
      tenantId: actor.tenantId,
      name: input.name,
      keyHash: hashToken(input.key),
      prefix: prefixOf(input.key),
      role: input.role,
      makerId: makerOf(actor),
      lastUsedAt: null,
      expiresAt,
      ...(input.scopes && { scopes: [...input.scopes] }),
      ...(input.addresses && { addresses: [...input.addresses] }),
      ...(input.userId && { userId: input.userId }),
    });
  yield* recordEvent(tx, actor, { action: 'api_key.created', target: partyOf(stored) }, now);
  return stored;
}

/**
 * @returns the key in clear, this once.
 * @throws AppError `api_key.name_taken`, `input.invalid`, `role.not_grantable`, `auth.forbidden`.
 */
export async function createApiKey(
  core: Core,
  actor: Actor,
  input: ApiKeyInput,
): Promise<{ document: ApiKeyDocument; key: string }> {
  const key = input.key ?? newToken('gh_sk');
  requireRanges(input.addresses ?? []);
  const now = core.clock.now();
  const document = await refuseDuplicates(duplicates, () =>
    core.store.transaction(function* (tx) {
      return yield* createApiKeyStep(core, tx, actor, { ...input, key }, now);
    }),
  );
  return { document, key };
}

/** All keys of a tenant by name; never their values. */
export function listApiKeys(core: Core, tenantId: string): Promise<ApiKeyDocument[]> {
  return core.store
    .tenant(tenantId)
    .collection('api_keys')
    .find({}, { sort: { name: 1 } });
}

/**
 * Nobody acts above themself: a key is changed and revoked by those who hold all that its role gives.
 *
 * @throws AppError `role.not_grantable`.
 */
function* requireAuthorityOverKey(
  core: Core,
  tx: Transaction,
  actor: Actor,
  key: ApiKeyDocument,
): Step<void> {
  const role = (yield* tenantConfigStep(core, tx, actor.tenantId)).roles.get(key.role);
  if (role) requireGrantable(actor, [role]);
}

/** @throws AppError `api_key.not_found`. */
export async function getApiKey(core: Core, tenantId: string, id: string): Promise<ApiKeyDocument> {
  const key = await core.store.tenant(tenantId).collection('api_keys').get(id);
  if (!key) throw new AppError('api_key.not_found', 'there is no such key');
  return key;
}

export type ApiKeyChange = Partial<Omit<ApiKeyInput, 'userId'>>;

function changedFields({ addresses, expiresAt, name, role, scopes }: ApiKeyChange): Partial<ApiKeyDocument> {
  return {
    ...(name !== undefined && { name }),
    ...(role !== undefined && { role }),
    ...(expiresAt !== undefined && { expiresAt }),
    ...(scopes !== undefined && { scopes: scopes && [...scopes] }),
    ...(addresses && { addresses: [...addresses] }),
  };
}

/**
 * Changes what a key may do, or its value.
 *
 * @throws AppError `api_key.not_found`, `api_key.name_taken`, `input.invalid`, `role.not_grantable`, `auth.forbidden`,
 *   `resource.version_mismatch`.
 */
export async function updateApiKey(
  core: Core,
  actor: Actor,
  id: string,
  change: ApiKeyChange,
  options: WriteOptions = {},
): Promise<ApiKeyDocument> {
  const now = core.clock.now();
  const { key } = change;
  const value = key === undefined ? {} : { keyHash: hashToken(key), prefix: prefixOf(key) };
  requireRanges(change.addresses ?? []);
  return refuseDuplicates(duplicates, () =>
    core.store.transaction((tx) =>
      changeEntity(
        apiKey,
        { tx, actor, now, id, options },
        {
          action: 'api_key.updated',
          *wanted(before) {
            yield* requireAuthorityOverKey(core, tx, actor, before);
            if (change.role !== undefined) yield* requireKeyRole(core, tx, actor, change.role);
            const wanted = { ...before, ...changedFields(change), ...value };
            yield* requireWithinLimits(tx, actor, before, wanted);
            return wanted;
          },
          differs: (before, wanted) => wanted.keyHash !== before.keyHash,
        },
      ),
    ),
  );
}

/**
 * Gives a key another value. Who knows the new one is its maker from now on: their self rules hold for it. The value it had stays its
 * former maker's.
 *
 * @param overlapSeconds - how long the value it had is good beside the new one.
 * @returns the new value in clear, this once.
 * @throws AppError `api_key.not_found`, `role.not_grantable`, `auth.forbidden` for a key that acts on one of wider limits,
 *   `resource.version_mismatch`.
 */
export async function rotateApiKey(
  core: Core,
  actor: Actor,
  id: string,
  overlapSeconds: number,
  options: WriteOptions = {},
): Promise<{ document: ApiKeyDocument; key: string }> {
  const key = newToken('gh_sk');
  const now = core.clock.now();
  const document = await core.store.transaction(function* (tx) {
    const before = yield* requireEntity(apiKey, { tx, actor, id, options });
    yield* requireAuthorityOverKey(core, tx, actor, before);
    yield* requireNoWiderKey(tx, actor, before);
    const isKept = overlapSeconds > 0;
    const previous = {
      previousHash: isKept ? before.keyHash : null,
      previousUntil: isKept ? new Date(now.getTime() + overlapSeconds * 1000) : null,
      previousMakerId: isKept ? (before.makerId ?? null) : null,
    };
    const value = { keyHash: hashToken(key), prefix: prefixOf(key), makerId: makerOf(actor) };
    const keys = tx.tenant(actor.tenantId).collection('api_keys');
    const after = yield* keys.update(id, (stored) => ({ ...stored, ...value, ...previous }));
    yield* recordEvent(tx, actor, { action: 'api_key.rotated', target: partyOf(before) }, now);
    return after ?? before;
  });
  return { document, key };
}

/** @throws AppError `api_key.not_found`, `role.not_grantable`, `resource.version_mismatch`. */
export async function revokeApiKey(
  core: Core,
  actor: Actor,
  id: string,
  options: WriteOptions = {},
): Promise<void> {
  const now = core.clock.now();
  await core.store.transaction(function* (tx) {
    const key = yield* requireEntity(apiKey, { tx, actor, id, options });
    yield* requireAuthorityOverKey(core, tx, actor, key);
    yield* tx.tenant(actor.tenantId).collection('api_keys').remove(id);
    yield* recordEvent(tx, actor, { action: 'api_key.revoked', target: partyOf(key) }, now);
  });
}
