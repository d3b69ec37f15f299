import { setImmediate as nextTurn } from 'node:timers/promises';
import type { AuditEventDocument, AuditSealDocument } from '../../persistence/collections/events.js';
import type { Step, Transaction } from '../../persistence/store.js';
import type { Core } from '../core.js';
import { digestOf, maxEvents } from './seal.js';
import { amendmentOf, eventsOfSeal, latenessOf, partsOfSeal, type Lateness } from './sealed-events.js';
import { noteRewrite } from './trail.js';

/** What an erasure makes of one event; undefined: it stays as it is. */
export type Rewrite = (event: AuditEventDocument) => AuditEventDocument | undefined;

const changedBy = (rewrite: Rewrite, events: readonly AuditEventDocument[]): string[] =>
  events.filter((event) => rewrite(event) !== undefined).map(({ _id }) => _id);

function* rewriteStep(
  tx: Transaction,
  tenantId: string,
  ids: readonly string[],
  rewrite: Rewrite,
): Step<void> {
  for (const id of ids) yield* tx.tenant(tenantId).collection('audit_events').update(id, rewrite);
}

/** The events of one sealed run, and the seal with the digest of what they are now. */
async function rewriteRun(
  core: Core,
  tenantId: string,
  seal: AuditSealDocument,
  lateness: Lateness,
  rewrite: Rewrite,
): Promise<number> {
  const events = core.store.tenant(tenantId).collection('audit_events');
  const query = eventsOfSeal(seal);
  const options = { sort: { _id: 1 }, limit: 2 * maxEvents } as const;
  if (changedBy(rewrite, await events.find(query, options)).length === 0) return 0;
  return core.store.transaction(function* (tx) {
    const scope = tx.tenant(tenantId);
    const found = yield* scope.collection('audit_events').find(query, options);
    const ids = changedBy(rewrite, found);
    yield* noteRewrite(tx, tenantId);
    yield* rewriteStep(tx, tenantId, ids, rewrite);
    const now = found.map((event) => rewrite(event) ?? event);
    const digest = digestOf(partsOfSeal(seal, now, lateness).held);
    yield* scope
      .collection('audit_seals')
      .update(seal._id, (stored) => ({ ...stored, amended: amendmentOf(core, stored, digest) }));
    return ids.length;
  });
}

/** Events that no seal holds yet; while they change, none is made. */
async function rewriteUnsealed(core: Core, tenantId: string, rewrite: Rewrite): Promise<number> {
  const scope = core.store.tenant(tenantId);
  let changed = 0;
  let after: string | undefined;
  for (;;) {
    const newest = await scope.collection('audit_seals').findOne({}, { sort: { sequence: -1 } });
    const from = after ?? newest?.toId ?? '';
    const page = await scope
      .collection('audit_events')
      .find({ _id: { $gt: from } }, { sort: { _id: 1 }, limit: 500 });
    const ids = changedBy(rewrite, page);
    const isDone = await core.store.transaction(function* (tx) {
      if (ids.length === 0) return true;
      yield* noteRewrite(tx, tenantId);
      const last = yield* tx
        .tenant(tenantId)
        .collection('audit_seals')
        .findOne({}, { sort: { sequence: -1 } });
      if ((last?.sequence ?? 0) !== (newest?.sequence ?? 0)) return false;
      yield* rewriteStep(tx, tenantId, ids, rewrite);
      return true;
    });
    // Sealed since: the caller's next walk over the seals finds them.
    if (!isDone) return -1;
    changed += ids.length;
    after = page.at(-1)?._id;
    if (after === undefined || page.length < 500) return changed;
    await nextTurn();
  }
}

/**
 * Replaces what events of a tenant hold, for the one thing that may: the erasure of a person (requirement M3-24). A seal keeps the digest
 * and MAC it was made with, so that the chain and every noted head still hold; beside them it gets the digest of its events as they are
 * now, under a MAC of its own, which only this server can make.
 *
 * @param rewrite - of one event, without effect on its own result.
 * @returns how many events it were.
 */
export async function rewriteTrail(core: Core, tenantId: string, rewrite: Rewrite): Promise<number> {
  const seals = core.store.tenant(tenantId).collection('audit_seals');
  let changed = 0;
  let walked = 0;
  for (;;) {
    const lateness = latenessOf(await seals.find({}, { sort: { sequence: 1 } }));
    for (const seal of await seals.find({ sequence: { $gt: walked } }, { sort: { sequence: 1 } })) {
      changed += await rewriteRun(core, tenantId, seal, lateness, rewrite);
      walked = seal.sequence;
      await nextTurn();
    }
    const unsealed = await rewriteUnsealed(core, tenantId, rewrite);
    if (unsealed >= 0) return changed + unsealed;
  }
}
