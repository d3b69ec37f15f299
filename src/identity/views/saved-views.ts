import type { SavedList, SavedViewDocument } from '../../persistence/collections/saved-views.js';
import type { AuditParty } from '../../persistence/collections/events.js';
import type { Step, Transaction } from '../../persistence/store.js';
import { AppError } from '../../shared/errors.js';
import { fold } from '../../shared/fold.js';
import { newId } from '../../shared/ids.js';
import { recordEvent } from '../audit/audit.js';
import { changeEntity, requireEntity, type Entity } from '../audit/entity.js';
import type { Actor, Core } from '../core.js';
import { refuseDuplicates } from '../duplicates.js';
import { requirePermission } from '../permissions.js';
import type { WriteOptions } from '../versions.js';

export { savedLists } from '../../persistence/collections/saved-views.js';
export type { SavedList, SavedViewDocument } from '../../persistence/collections/saved-views.js';

/** Views of one owner. */
const maxViews = 100;
/** What it takes to write a view that all see. */
const sharing = 'account.settings';

export interface SavedViewInput {
  list: SavedList;
  name: string;
  query: string;
  isShared: boolean;
}

const duplicates = {
  saved_views_name: {
    code: 'view.name_taken',
    message: 'there is a view of this name already',
    pointer: '/name',
  },
} as const;

const partyOf = ({ _id, name }: SavedViewDocument): AuditParty => ({ type: 'view', id: _id, label: name });

const notFound = (): AppError => new AppError('view.not_found', 'there is no such view');

const viewEntity: Entity<'saved_views'> = {
  collection: 'saved_views',
  notFound,
  partyOf,
  factsOf: ({ name, query, userId }) => ({ name, query, shared: userId === null }),
};

/** The caller's own views and the shared ones. */
export function listViews(
  core: Core,
  actor: Actor,
  list: SavedList | undefined,
): Promise<SavedViewDocument[]> {
  return core.store
    .tenant(actor.tenantId)
    .collection('saved_views')
    .find({ owner: { $in: [actor.party.id, 'shared'] }, ...(list && { list }) }, { sort: { _id: 1 } });
}

const isSeenBy = ({ userId }: SavedViewDocument, actor: Actor): boolean =>
  userId === null || userId === actor.party.id;

/** @throws AppError `view.not_found`, for the view of another person too. */
export async function getView(core: Core, actor: Actor, id: string): Promise<SavedViewDocument> {
  const view = await core.store.tenant(actor.tenantId).collection('saved_views').get(id);
  if (!view || !isSeenBy(view, actor)) throw notFound();
  return view;
}

function* requireRoom(tx: Transaction, actor: Actor, owner: string): Step<void> {
  const count = yield* tx.tenant(actor.tenantId).collection('saved_views').count({ owner });
  if (count < maxViews) return;
  throw new AppError('input.invalid', `at most ${maxViews} views are kept`, {
    errors: [{ pointer: '', detail: `at most ${maxViews} views are kept` }],
  });
}

/**
 * Keeps a question to a list under a name.
 *
 * @throws AppError `view.name_taken`, `auth.forbidden` for a shared one without the permission, `input.invalid` for too many.
 */
export async function createView(
  core: Core,
  actor: Actor,
  input: SavedViewInput,
): Promise<SavedViewDocument> {
  const { isShared, list, name, query } = input;
  if (isShared) requirePermission(actor, sharing);
  const { tenantId } = actor;
  const userId = isShared ? null : actor.party.id;
  const owner = userId ?? 'shared';
  return refuseDuplicates(duplicates, () =>
    core.store.transaction(function* (tx) {
      yield* requireRoom(tx, actor, owner);
      const stored = yield* tx
        .tenant(tenantId)
        .collection('saved_views')
        .insert({ _id: newId(), tenantId, list, name, nameKey: fold(name), query, userId, owner });
      yield* recordEvent(tx, actor, { action: 'view.created', target: partyOf(stored) }, core.clock.now());
      return stored;
    }),
  );
}

/**
 * Changes a view's name, its question, or whether it is shared.
 *
 * @throws AppError `view.not_found`, `view.name_taken`, `auth.forbidden`, `resource.version_mismatch`.
 */
export async function updateView(
  core: Core,
  actor: Actor,
  id: string,
  change: Partial<Omit<SavedViewInput, 'list'>>,
  options: WriteOptions = {},
): Promise<SavedViewDocument> {
  const write = { actor, now: core.clock.now(), id, options };
  return refuseDuplicates(duplicates, () =>
    core.store.transaction((tx) =>
      changeEntity(
        viewEntity,
        { tx, ...write },
        {
          action: 'view.updated',
          *wanted(before) {
            if (!isSeenBy(before, actor)) throw notFound();
            const { isShared = before.userId === null, name = before.name, query = before.query } = change;
            if (isShared || before.userId === null) requirePermission(actor, sharing);
            const userId = isShared ? null : actor.party.id;
            const owner = userId ?? 'shared';
            if (owner !== before.owner) yield* requireRoom(tx, actor, owner);
            return { ...before, name, nameKey: fold(name), query, userId, owner };
          },
        },
      ),
    ),
  );
}

/** @throws AppError `view.not_found`, `auth.forbidden`, `resource.version_mismatch`. */
export async function deleteView(
  core: Core,
  actor: Actor,
  id: string,
  options: WriteOptions = {},
): Promise<void> {
  await core.store.transaction(function* (tx) {
    const view = yield* requireEntity(viewEntity, { tx, actor, id, options });
    if (!isSeenBy(view, actor)) throw notFound();
    if (view.userId === null) requirePermission(actor, sharing);
    yield* tx.tenant(actor.tenantId).collection('saved_views').remove(id);
    yield* recordEvent(tx, actor, { action: 'view.deleted', target: partyOf(view) }, core.clock.now());
  });
}
