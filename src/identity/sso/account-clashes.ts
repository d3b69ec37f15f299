import type { AccountClashDocument, ClashDecision } from '../../persistence/collections/account-clashes.js';
import type { UserDocument } from '../../persistence/collections/users.js';
import type { Query, Step, Transaction } from '../../persistence/store.js';
import { AppError } from '../../shared/errors.js';
import { hashToken, newId } from '../../shared/ids.js';
import type { Actor, Core } from '../core.js';

export {
  clashDecisions,
  clashSources,
  clashStates,
  type AccountClashDocument,
  type ClashDecision,
} from '../../persistence/collections/account-clashes.js';

const keptMs = 90 * 86_400_000;
/** Of one tenant: what a provider sends is bounded. */
const maxKept = 10_000;

/** What came, and the account it met. */
export type ClashInput = Pick<
  AccountClashDocument,
  'source' | 'sourceId' | 'sourceName' | 'issuer' | 'subject' | 'incoming' | 'userId' | 'reason'
>;

const keyOf = ({ source, sourceId, issuer, subject, incoming }: ClashInput): string =>
  hashToken(JSON.stringify([source, sourceId, issuer, subject ?? incoming.toLowerCase()]));

/** What is met again after a decision that should have ended it is open again; `apart` stays. */
function met(stored: AccountClashDocument, input: ClashInput, now: Date): AccountClashDocument {
  const isSettled = stored.decision === 'apart' && stored.userId === input.userId;
  return {
    ...stored,
    ...input,
    times: stored.times + 1,
    lastSeenAt: now,
    expiresAt: new Date(now.getTime() + keptMs),
    ...(!isSettled && { state: 'open', decision: null, decidedAt: null, decidedBy: null }),
  };
}

function* note(tx: Transaction, tenantId: string, input: ClashInput, now: Date): Step<void> {
  const clashes = tx.tenant(tenantId).collection('account_clashes');
  const incomingKey = keyOf(input);
  const known = yield* clashes.findOne({ incomingKey });
  if (known) {
    yield* clashes.update(known._id, (stored) => met(stored, input, now));
    return;
  }
  if ((yield* clashes.count({})) >= maxKept) return;
  yield* clashes.insert({
    ...{ _id: newId(), tenantId, incomingKey, ...input, times: 1, lastSeenAt: now, state: 'open' },
    ...{ decision: null, decidedAt: null, decidedBy: null },
    expiresAt: new Date(now.getTime() + keptMs),
  });
}

/** Keeps a clash for a decision. What is refused is refused all the same when it cannot be kept. */
export async function noteClash(core: Core, tenantId: string, input: ClashInput): Promise<void> {
  const now = core.clock.now();
  const bounded = { ...input, incoming: input.incoming.slice(0, 320) };
  try {
    await core.store.transaction((tx) => note(tx, tenantId, bounded, now));
  } catch (error) {
    core.log.warn({ err: error, tenant: tenantId }, 'a clash of accounts could not be kept');
  }
}

/**
 * Keeps a directory's request that met an account which the directory does not manage.
 *
 * @param error - why the request was refused; others than a taken name are no clash.
 */
export async function noteDirectoryClash(
  core: Core,
  { tenantId, directoryId, party }: Actor,
  { userName }: { userName: string },
  error: unknown,
): Promise<void> {
  if (directoryId === null || !(error instanceof AppError) || error.code !== 'user.name_taken') return;
  const { conflictsWith } = error;
  if (conflictsWith?.type !== 'user' || conflictsWith.directory?.id === directoryId) return;
  await noteClash(core, tenantId, {
    ...{ source: 'scim', sourceId: directoryId, sourceName: party.label, issuer: null, subject: null },
    ...{ incoming: userName, userId: conflictsWith.id, reason: error.code },
  });
}

/** A tenant's clashes, newest first, and how many match in all. */
export async function listClashes(
  core: Core,
  tenantId: string,
  filter: Partial<Pick<AccountClashDocument, 'state' | 'source'>>,
  page: { limit: number; until?: (read: unknown) => boolean; afterId?: string | undefined },
): Promise<{ items: AccountClashDocument[]; total: number }> {
  const clashes = core.store.tenant(tenantId).collection('account_clashes');
  const query: Query = { ...filter };
  const [items, total] = await Promise.all([
    clashes.find(query, {
      sort: { _id: -1 },
      limit: page.limit,
      ...(page.until && { until: page.until }),
      ...(page.afterId !== undefined && { after: { _id: page.afterId } }),
    }),
    clashes.count(query),
  ]);
  return { items, total };
}

/** Every clash that waits for a decision. */
export function openClashes(core: Core, tenantId: string): Promise<AccountClashDocument[]> {
  return core.store
    .tenant(tenantId)
    .collection('account_clashes')
    .find({ state: 'open' }, { sort: { _id: 1 }, limit: maxKept });
}

/** The accounts that clashes met, by id. */
export async function accountsOf(
  core: Core,
  tenantId: string,
  clashes: readonly AccountClashDocument[],
): Promise<ReadonlyMap<string, UserDocument>> {
  const ids = [...new Set(clashes.map(({ userId }) => userId))];
  const users = core.store.tenant(tenantId).collection('users');
  const found = ids.length === 0 ? [] : await users.find({ _id: { $in: ids } }, { limit: ids.length });
  return new Map(found.map((user) => [user._id, user]));
}

/** @throws AppError `account_clash.not_found`. */
export async function getClash(core: Core, tenantId: string, id: string): Promise<AccountClashDocument> {
  const clash = await core.store.tenant(tenantId).collection('account_clashes').get(id);
  if (!clash) throw new AppError('account_clash.not_found', 'there is no such clash');
  return clash;
}

/** A clash as a decision leaves it. */
export const decided = (
  clash: AccountClashDocument,
  actor: Actor,
  decision: ClashDecision,
  now: Date,
): AccountClashDocument => ({
  ...clash,
  state: 'decided',
  decision,
  decidedAt: now,
  decidedBy: actor.party.label,
});
