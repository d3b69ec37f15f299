import type { AuditParty } from '../../persistence/collections/events.js';
import type { CollectionName, Documents } from '../../persistence/collections/index.js';
import type { Step, Transaction } from '../../persistence/store.js';
import type { AppError } from '../../shared/errors.js';
import { changesBetween, type FieldChange } from '../changes.js';
import type { Actor } from '../core.js';
import { requireVersion, type WriteOptions } from '../versions.js';
import { recordEvent } from './audit.js';

/** A kind of document that is changed on request. */
export interface Entity<N extends CollectionName> {
  readonly collection: N;
  readonly notFound: () => AppError;
  /** Whether a stored document counts; absent: it does. */
  readonly isPresent?: (document: Documents[N]) => boolean;
  /** How the audit trail names it. */
  readonly partyOf: (document: Documents[N]) => AuditParty;
  /** What the audit trail shows of its fields, without secrets. */
  readonly factsOf: (document: Documents[N]) => Record<string, unknown>;
}

/** A write of an entity in its transaction. */
export interface EntityWrite {
  readonly tx: Transaction;
  readonly actor: Actor;
  readonly now: Date;
  readonly id: string;
  /** Whose document it is; absent: the one of the actor's tenant. */
  readonly owner?: string;
  readonly options?: WriteOptions;
}

/** What one kind of change does at each point of {@link changeEntity}. */
export interface EntityChange<T> {
  /** Judges the change and makes the document as it is to be. */
  wanted(before: T): Step<T>;
  /** Whether they differ in what the audit trail does not show, as in a secret. */
  differs?(before: T, wanted: T): boolean;
  /** Judges what would really change, and writes what must be written first. */
  before?(before: T, wanted: T, changes: readonly FieldChange[]): Step<void>;
  /** Writes what follows from it. */
  after?(before: T, wanted: T, changes: readonly FieldChange[]): Step<void>;
  action: string | ((before: T, wanted: T) => string);
}

/**
 * Reads what is to be changed or deleted.
 *
 * @throws AppError the entity's not-found error, `resource.version_mismatch`.
 */
export function* requireEntity<N extends CollectionName>(
  entity: Entity<N>,
  { tx, actor, id, owner = actor.tenantId, options = {} }: Omit<EntityWrite, 'now'>,
): Step<Documents[N]> {
  const document = yield* tx.tenant(owner).collection(entity.collection).get(id);
  if (!document || entity.isPresent?.(document) === false) throw entity.notFound();
  requireVersion(document, options);
  return document;
}

/**
 * Changes an entity: reads it, checks its version, judges, writes it, and records the change.
 *
 * @returns the entity; the very same version when nothing changed.
 * @throws what {@link requireEntity} and the change throw.
 */
export function* changeEntity<N extends CollectionName>(
  entity: Entity<N>,
  write: EntityWrite,
  change: EntityChange<Documents[N]>,
): Step<Documents[N]> {
  const { tx, actor, now, id, owner = actor.tenantId } = write;
  const before = yield* requireEntity(entity, write);
  const wanted = yield* change.wanted(before);
  const changes = changesBetween(entity.factsOf(before), entity.factsOf(wanted));
  if (changes.length === 0 && change.differs?.(before, wanted) !== true) return before;
  if (change.before) yield* change.before(before, wanted, changes);
  const after = yield* tx
    .tenant(owner)
    .collection(entity.collection)
    .update(id, () => wanted);
  if (change.after) yield* change.after(before, wanted, changes);
  const action = typeof change.action === 'string' ? change.action : change.action(before, wanted);
  yield* recordEvent(tx, actor, { action, target: entity.partyOf(before), changes }, now);
  return after ?? before;
}
