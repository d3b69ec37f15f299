import type { AuditSealDocument } from '../../persistence/collections/events.js';
import { foundationOf, sealsSince } from './foundation.js';
import { digestOf, macOf, maxEvents, type Foundation } from './seal.js';
import { eventsOfSeal, expectedDigest, latenessOf, partsOfSeal, type Lateness } from './sealed-events.js';
import type { Core } from '../core.js';

/** What the verification of one tenant's audit trail found. */
export interface AuditVerdict {
  /** The first seal that does not hold, and why; null: all hold. */
  broken: { sequence: number; reason: string } | null;
  seals: number;
  sealed: number;
  /** Events that came in below a seal that stood already, as from a process whose clock was behind. */
  late: number;
  /** Events not sealed yet: the newest ones, and late ones. */
  unsealed: number;
  /** The newest seal's MAC: note it elsewhere, and a later verification can show that nothing was cut off since. */
  head: string | null;
}

/** @returns why a seal does not hold, or how many late events that are not sealed yet stand in its run. */
async function judge(
  core: Core,
  tenantId: string,
  seal: AuditSealDocument,
  previous: Foundation,
  late: Lateness,
): Promise<string | number> {
  if (seal.sequence !== previous.sequence + 1) return 'the seal before it is missing';
  if (seal.fromId !== previous.toId) return 'it does not begin where the seal before it ends';
  if (macOf(core, tenantId, seal, previous.mac) !== seal.mac) return 'the seal itself was changed';
  const events = core.store.tenant(tenantId).collection('audit_events');
  const found = await events.find(eventsOfSeal(seal), { sort: { _id: 1 }, limit: 2 * maxEvents });
  const { own, held } = partsOfSeal(seal, found, late);
  if (held.length !== seal.count) return `holds ${seal.count} events, but ${held.length} are there`;
  const digest = expectedDigest(core, seal);
  if (digest === undefined) return 'its amendment was changed';
  if (digestOf(held) !== digest) return 'an event was changed';
  return own.length - held.length;
}

const countAfter = (core: Core, tenantId: string, id: string): Promise<number> =>
  core.store
    .tenant(tenantId)
    .collection('audit_events')
    .count(id === '' ? {} : { _id: { $gt: id } });

/**
 * Recomputes every seal of a tenant.
 *
 * @param expectedHead - a MAC that was the newest at some time: it must be among the seals.
 */
export async function verifyAuditTrail(
  core: Core,
  tenantId: string,
  expectedHead?: string,
): Promise<AuditVerdict> {
  const verdict: AuditVerdict = { broken: null, seals: 0, sealed: 0, late: 0, unsealed: 0, head: null };
  const foundation = await foundationOf(core, tenantId);
  if (!foundation)
    return { ...verdict, broken: { sequence: 0, reason: 'the beginning of the trail was changed' } };
  // Counted before the unsealed ones: what is appended while it runs must not look slipped in.
  const counted = await countAfter(core, tenantId, foundation.toId);
  let previous = foundation;
  let isHeadFound = expectedHead === undefined || expectedHead === foundation.mac;
  const seals = await sealsSince(core, tenantId, foundation.sequence);
  const late = latenessOf(seals);
  let coming = 0;
  for (const seal of seals) {
    const found = await judge(core, tenantId, seal, previous, late);
    if (typeof found === 'string') return { ...verdict, broken: { sequence: seal.sequence, reason: found } };
    coming += found;
    verdict.seals += 1;
    verdict.sealed += seal.count;
    verdict.late += (seal.late?.length ?? 0) + found;
    verdict.head = seal.mac;
    isHeadFound ||= seal.mac === expectedHead;
    previous = seal;
  }
  verdict.unsealed = (await countAfter(core, tenantId, previous.toId)) + coming;
  const sequence = previous.sequence + 1;
  // What a seal took in late may stand before the foundation.
  const total = counted + [...late.sealed].filter((id) => id <= foundation.toId).length;
  if (!isHeadFound) {
    verdict.broken = { sequence, reason: 'the noted head is not there: the end was cut off' };
  } else if (total > verdict.sealed + verdict.unsealed) {
    verdict.broken = { sequence, reason: 'there are events whose ids stand outside every run' };
  }
  return verdict;
}
