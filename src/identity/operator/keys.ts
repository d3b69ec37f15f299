import type { AuditParty } from '../../persistence/collections/events.js';
import type { OperatorKeyDocument } from '../../persistence/collections/operator.js';
import { AppError } from '../../shared/errors.js';
import { hashToken, newId, newToken } from '../../shared/ids.js';
import { operatorActor, type Origin } from '../actors.js';
import { recordEvent } from '../audit/audit.js';
import { changeEntity, requireEntity, type Entity } from '../audit/entity.js';
import type { Actor, Core } from '../core.js';
import { refuseDuplicates } from '../duplicates.js';
import { operatorTenant } from '../tenants/operator-tenant.js';
import { noteUse } from '../use-note.js';
import type { WriteOptions } from '../versions.js';
import { ensureOperatorTenant } from './staff-tenant.js';

export type { OperatorKeyDocument } from '../../persistence/collections/operator.js';

export interface OperatorKeyInput {
  name: string;
  /** Absent: a new random one. */
  key?: string | undefined;
  /** null: never. */
  expiresAt?: Date | null | undefined;
}

/** How every operator key begins. */
export const operatorKeyPrefix = 'gh_op_';
const shownCharacters = 10;
const tenantId = operatorTenant.id;

const duplicates = {
  operator_keys_name: {
    code: 'operator_key.name_taken',
    message: 'the name is taken by another operator key',
    pointer: '/name',
  },
  operator_keys_hash: {
    code: 'operator_key.name_taken',
    message: 'this key is already stored under another name',
    pointer: '/key',
  },
} as const;

const partyOf = ({ _id, name }: OperatorKeyDocument): AuditParty => ({
  type: 'operator_key',
  id: _id,
  label: name,
});

const operatorKey: Entity<'operator_keys'> = {
  collection: 'operator_keys',
  notFound: () => new AppError('operator_key.not_found', 'there is no such operator key'),
  partyOf,
  factsOf: () => ({}),
};

/**
 * Stores an operator key.
 *
 * @returns the key in clear, this once.
 * @throws AppError `operator_key.name_taken`.
 */
export async function createOperatorKey(
  core: Core,
  actor: Actor,
  input: OperatorKeyInput,
): Promise<{ document: OperatorKeyDocument; key: string }> {
  const key = input.key ?? newToken(operatorKeyPrefix.slice(0, -1));
  const now = core.clock.now();
  await ensureOperatorTenant(core);
  const document = await refuseDuplicates(duplicates, () =>
    core.store.transaction(function* (tx) {
      const stored = yield* tx
        .tenant(tenantId)
        .collection('operator_keys')
        .insert({
          _id: newId(),
          tenantId,
          name: input.name,
          keyHash: hashToken(key),
          prefix: key.slice(0, shownCharacters),
          lastUsedAt: null,
          expiresAt: input.expiresAt ?? null,
        });
      yield* recordEvent(tx, actor, { action: 'operator_key.created', target: partyOf(stored) }, now);
      return stored;
    }),
  );
  return { document, key };
}

/** All operator keys by name; never their values. */
export function listOperatorKeys(core: Core): Promise<OperatorKeyDocument[]> {
  return core.store
    .tenant(tenantId)
    .collection('operator_keys')
    .find({}, { sort: { name: 1 } });
}

/** @throws AppError `operator_key.not_found`. */
export async function getOperatorKey(core: Core, id: string): Promise<OperatorKeyDocument> {
  const key = await core.store.tenant(tenantId).collection('operator_keys').get(id);
  if (!key) throw operatorKey.notFound();
  return key;
}

/** @param key - in clear; only its hash is stored. */
export function findOperatorKeyByValue(core: Core, key: string): Promise<OperatorKeyDocument | undefined> {
  return core.store
    .tenant(tenantId)
    .collection('operator_keys')
    .findOne({ keyHash: hashToken(key) });
}

/**
 * Gives a key another value.
 *
 * @throws AppError `operator_key.not_found`, `operator_key.name_taken`, `resource.version_mismatch`.
 */
export async function replaceOperatorKey(
  core: Core,
  actor: Actor,
  id: string,
  key: string,
  options: WriteOptions = {},
): Promise<OperatorKeyDocument> {
  const now = core.clock.now();
  const value = { keyHash: hashToken(key), prefix: key.slice(0, shownCharacters) };
  return refuseDuplicates(duplicates, () =>
    core.store.transaction((tx) =>
      changeEntity(
        operatorKey,
        { tx, actor, now, id, options, owner: tenantId },
        {
          action: 'operator_key.updated',
          *wanted(before) {
            return { ...before, ...value };
          },
          differs: (before, wanted) => wanted.keyHash !== before.keyHash,
        },
      ),
    ),
  );
}

/** @throws AppError `operator_key.not_found`. */
export async function revokeOperatorKey(core: Core, actor: Actor, id: string): Promise<void> {
  const now = core.clock.now();
  await core.store.transaction(function* (tx) {
    const key = yield* requireEntity(operatorKey, { tx, actor, id, owner: tenantId });
    yield* tx.tenant(tenantId).collection('operator_keys').remove(id);
    yield* recordEvent(tx, actor, { action: 'operator_key.revoked', target: partyOf(key) }, now);
  });
}

/**
 * Who speaks with this operator key. The actor belongs to the operator's own tenant.
 *
 * @returns undefined for any key that does not hold.
 */
export async function authenticateOperatorKey(
  core: Core,
  key: string,
  origin: Origin,
): Promise<Actor | undefined> {
  const stored = await core.store.server.collection('operator_keys').findOne({ keyHash: hashToken(key) });
  const now = core.clock.now();
  if (!stored || (stored.expiresAt !== null && stored.expiresAt <= now)) return undefined;
  noteUse(core, 'operator_keys', stored, now);
  return operatorActor({ id: stored._id, label: stored.name }, tenantId, origin);
}
