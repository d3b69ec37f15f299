import type { ApiKeyDocument } from '../../persistence/collections/api-keys.js';
import type { AuditParty } from '../../persistence/collections/events.js';
import type { Step, Transaction } from '../../persistence/store.js';
import { AppError } from '../../shared/errors.js';
import { hashToken, newId, newToken } from '../../shared/ids.js';
import type { Origin } from '../actors.js';
import { recordEvent } from '../audit/audit.js';
import { changeEntity, requireEntity, type Entity } from '../audit/entity.js';
import type { Actor, Core } from '../core.js';
import { refuseDuplicates } from '../duplicates.js';
import { requireGrantable } from '../permissions.js';
import { tenantConfig, tenantConfigStep, touchTenant, type TenantConfig } from '../tenants/config.js';
import { noteUse } from '../use-note.js';
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
  factsOf: ({ role }) => ({ role }),
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
 * @throws AppError `input.invalid`, `role.not_grantable`; the store's `store.duplicate` for a taken name.
 */
export function* createApiKeyStep(
  core: Core,
  tx: Transaction,
  actor: Actor,
  input: ApiKeyInput & { key: string },
  now: Date,
): Step<ApiKeyDocument> {
  yield* requireKeyRole(core, tx, actor, input.role);
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
      expiresAt: input.expiresAt ?? null,
    });
  yield* recordEvent(tx, actor, { action: 'api_key.created', target: partyOf(stored) }, now);
  return stored;
}

/**
 * @returns the key in clear, this once.
 * @throws AppError `api_key.name_taken`, `input.invalid`, `role.not_grantable`.
 */
export async function createApiKey(
  core: Core,
  actor: Actor,
  input: ApiKeyInput,
): Promise<{ document: ApiKeyDocument; key: string }> {
  const key = input.key ?? newToken('gh_sk');
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

/**
 * Changes what a key may do, or its value.
 *
 * @throws AppError `api_key.not_found`, `input.invalid`, `role.not_grantable`, `resource.version_mismatch`.
 */
export async function updateApiKey(
  core: Core,
  actor: Actor,
  id: string,
  change: { role?: string | undefined; key?: string | undefined },
  options: WriteOptions = {},
): Promise<ApiKeyDocument> {
  const { role, key } = change;
  const now = core.clock.now();
  const value = key === undefined ? {} : { keyHash: hashToken(key), prefix: prefixOf(key) };
  return core.store.transaction((tx) =>
    changeEntity(
      apiKey,
      { tx, actor, now, id, options },
      {
        action: 'api_key.updated',
        *wanted(before) {
          yield* requireAuthorityOverKey(core, tx, actor, before);
          if (role !== undefined) yield* requireKeyRole(core, tx, actor, role);
          return { ...before, role: role ?? before.role, ...value };
        },
        differs: (before, wanted) => wanted.keyHash !== before.keyHash,
      },
    ),
  );
}

/** @throws AppError `api_key.not_found`, `role.not_grantable`. */
export async function revokeApiKey(core: Core, actor: Actor, id: string): Promise<void> {
  const now = core.clock.now();
  await core.store.transaction(function* (tx) {
    const key = yield* requireEntity(apiKey, { tx, actor, id });
    yield* requireAuthorityOverKey(core, tx, actor, key);
    yield* tx.tenant(actor.tenantId).collection('api_keys').remove(id);
    yield* recordEvent(tx, actor, { action: 'api_key.revoked', target: partyOf(key) }, now);
  });
}

const isOver = ({ expiresAt }: ApiKeyDocument, now: Date): boolean => expiresAt !== null && expiresAt <= now;

function actorOf(key: ApiKeyDocument, { roles }: TenantConfig, { requestId, ip }: Origin): Actor {
  return {
    party: { type: 'api_key', id: key._id, label: key.name },
    tenantId: key.tenantId,
    makerId: key.makerId ?? null,
    permissions: new Set(roles.get(key.role)?.management),
    directoryId: null,
    requestId,
    ip,
  };
}

/**
 * A key as an actor: what its role holds at this moment.
 *
 * @returns undefined for a key that is over.
 */
export async function apiKeyActor(
  core: Core,
  key: ApiKeyDocument,
  origin: Origin,
): Promise<Actor | undefined> {
  if (isOver(key, core.clock.now())) return undefined;
  return actorOf(key, await tenantConfig(core, key.tenantId), origin);
}

/**
 * Who speaks with this API key, and what they may do.
 *
 * @returns undefined for any key that does not hold.
 */
export async function authenticateApiKey(
  core: Core,
  key: string,
  origin: Origin,
): Promise<{ actor: Actor; config: TenantConfig } | undefined> {
  const stored = await core.store.server.collection('api_keys').findOne({ keyHash: hashToken(key) });
  if (!stored || isOver(stored, core.clock.now())) return undefined;
  noteUse(core, 'api_keys', stored, core.clock.now());
  const config = await tenantConfig(core, stored.tenantId);
  return { actor: actorOf(stored, config, origin), config };
}
