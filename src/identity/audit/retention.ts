import { setImmediate as nextTurn } from 'node:timers/promises';
import type { AuditSealDocument } from '../../persistence/collections/events.js';
import { systemActor } from '../actors.js';
import type { Core } from '../core.js';
import { recordEvent } from './audit.js';
import { sealsSince, writeFoundation } from './foundation.js';
import { trailOf } from './trail.js';

/** Only whole days go: a trail is not cut once a minute. */
const dayMs = 86_400_000;
/** Most seals that go at once; the next round takes on. */
const maxSeals = 2_000;
const maxEventsAtOnce = 500;

/** When the newest event of a seal happened. */
async function timeOf(core: Core, tenantId: string, { toId }: AuditSealDocument): Promise<number> {
  const event = await core.store.tenant(tenantId).collection('audit_events').get(toId);
  return event?.at.getTime() ?? 0;
}

/** The seals at the beginning whose events are all older than this. */
async function olderSeals(
  core: Core,
  tenantId: string,
  seals: readonly AuditSealDocument[],
  before: number,
): Promise<readonly AuditSealDocument[]> {
  for (let low = 0, high = Math.min(seals.length, maxSeals); ;) {
    if (low >= high) return seals.slice(0, low);
    const middle = (low + high) >> 1;
    const seal = seals[middle];
    if (seal && (await timeOf(core, tenantId, seal)) < before) low = middle + 1;
    else high = middle;
  }
}

/** Removes what lies before the new beginning; what later seals took in late stays with them. */
async function removeBefore(core: Core, tenantId: string, toId: string, sequence: number): Promise<void> {
  const scope = core.store.tenant(tenantId);
  const late = (await sealsSince(core, tenantId, sequence)).flatMap((seal) => seal.late ?? []);
  const events = scope.collection('audit_events');
  const query = { _id: { $lte: toId, $nin: late } };
  for (;;) {
    const found = await events.find(query, { sort: { _id: 1 }, limit: maxEventsAtOnce, fields: [] });
    if (found.length === 0) break;
    await events.removeMany({ _id: { $in: found.map(({ _id }) => _id) } });
    await nextTurn();
  }
  await scope.collection('audit_seals').removeMany({ sequence: { $lte: sequence } });
}

/**
 * Removes sealed events that are older than the tenant keeps them (`audit.retentionDays`), once a day. The trail then begins at a signed
 * foundation, so that what is left is verified as before.
 *
 * @param days - 0: for ever.
 * @returns how many seals went.
 */
export async function pruneTrail(core: Core, tenantId: string, days: number): Promise<number> {
  if (days === 0) return 0;
  const { foundation } = await trailOf(core, tenantId);
  // A run that was cut short is ended first.
  if (foundation && !foundation.isClean)
    await removeBefore(core, tenantId, foundation.toId, foundation.sequence);
  const now = core.clock.now();
  const begin = foundation?.sequence ?? 0;
  const first = await core.store
    .tenant(tenantId)
    .collection('audit_seals')
    .findOne({ sequence: { $gt: begin } }, { sort: { sequence: 1 } });
  const limit = now.getTime() - days * dayMs;
  if (!first || (await timeOf(core, tenantId, first)) >= limit - dayMs) return 0;
  // The newest seal stays: the next one builds on it.
  const seals = (await sealsSince(core, tenantId, begin)).slice(0, -1);
  const last = (await olderSeals(core, tenantId, seals, limit)).at(-1);
  if (!last) return 0;
  await core.store.transaction(function* (tx) {
    yield* writeFoundation(core, tx, last, false);
    const changes = [{ path: 'seals', before: first.sequence, after: last.sequence + 1 }];
    yield* recordEvent(tx, systemActor(tenantId), { action: 'audit.pruned', changes }, now);
  });
  await removeBefore(core, tenantId, last.toId, last.sequence);
  await core.store.transaction((tx) => writeFoundation(core, tx, last, true));
  return last.sequence - first.sequence + 1;
}
