import { createHash, type Hash } from 'node:crypto';
import type { AuditEventDocument, AuditSealDocument } from '../persistence/collections/events.js';
import { AppError } from '../shared/errors.js';
import type { Core } from './core.js';

/**
 * Tamper evidence for the audit trail, kept off the path of the writes: events are appended freely, and a minute later sealed in runs. A
 * seal holds a digest of its run and a MAC over that and the seal before, under a key derived from SECRET_KEY. Whoever changes, removes or
 * slips in a sealed event without that key is found out; the newest seal, noted elsewhere, guards against cutting off the end.
 */

/** Events younger than this are left for the next round: a slow transaction may still commit one with an earlier id. */
const settleMs = 120_000;
/** Most events in one seal. */
const mostEvents = 5000;
const purpose = 'audit.seal';

/** JSON whose keys are in order at every depth: the same value gives the same text, whatever database it came from. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}

function addEvent(digest: Hash, event: AuditEventDocument): void {
  const { _id, at, actor, action, target, changes, requestId, ip, result } = event;
  digest.update(canonical([_id, at, actor, action, target, changes, requestId, ip, result]));
  digest.update('\n');
}

type SealFacts = Pick<AuditSealDocument, 'sequence' | 'fromId' | 'toId' | 'count' | 'digest'>;

function macOf(core: Core, tenantId: string, seal: SealFacts, previousMac: string): string {
  const { sequence, fromId, toId, count, digest } = seal;
  return core.secretBox.sign(
    purpose,
    canonical([tenantId, sequence, fromId, toId, count, digest, previousMac]),
  );
}

/** What a seal builds on: the one before, or the beginning. */
type Foundation = Pick<AuditSealDocument, 'sequence' | 'toId' | 'mac'>;
const beginning: Foundation = { sequence: 0, toId: '', mac: '' };

async function nextRun(core: Core, tenantId: string, afterId: string): Promise<AuditEventDocument[]> {
  const settled = core.clock.now().getTime() - settleMs;
  const events = await core.store
    .tenant(tenantId)
    .collection('audit_events')
    .find(afterId === '' ? {} : { _id: { $gt: afterId } }, { sort: { _id: 1 }, limit: mostEvents });
  const young = events.findIndex((event) => event.at.getTime() > settled);
  return young === -1 ? events : events.slice(0, young);
}

/**
 * Seals the next run of one tenant.
 *
 * @returns how many events were sealed; 0 when none is old enough, or another process was first.
 */
export async function sealNextRun(core: Core, tenantId: string): Promise<number> {
  const seals = core.store.tenant(tenantId).collection('audit_seals');
  const last: Foundation = (await seals.findOne({}, { sort: { sequence: -1 } })) ?? beginning;
  const events = await nextRun(core, tenantId, last.toId);
  const newest = events.at(-1);
  if (!newest) return 0;
  const digest = createHash('sha256');
  for (const event of events) addEvent(digest, event);
  const facts: SealFacts = {
    sequence: last.sequence + 1,
    fromId: last.toId,
    toId: newest._id,
    count: events.length,
    digest: digest.digest('base64url'),
  };
  const mac = macOf(core, tenantId, facts, last.mac);
  try {
    await seals.insert({ _id: `${tenantId}:${facts.sequence}`, tenantId, ...facts, mac });
  } catch (error) {
    if (error instanceof AppError && error.code === 'store.duplicate') return 0;
    throw error;
  }
  return events.length;
}

async function sealAll(core: Core): Promise<void> {
  for await (const tenant of core.store.server.collection('tenants').iterate({}, { fields: ['slug'] })) {
    while ((await sealNextRun(core, tenant._id)) === mostEvents);
  }
}

/** Seals in the background, once a minute; several processes may do it at once. */
export function startAuditSealer(core: Core): { stop(): Promise<void> } {
  let running: Promise<void> = Promise.resolve();
  const timer = setInterval(() => {
    running = running
      .then(() => sealAll(core))
      .catch((error: unknown) => core.log.warn({ err: error }, 'the audit trail could not be sealed'));
  }, 60_000);
  timer.unref();
  return {
    stop() {
      clearInterval(timer);
      return running;
    },
  };
}

/** What the verification of one tenant's audit trail found. */
export interface AuditVerdict {
  /** The first seal that does not hold, and why; null: all hold. */
  broken: { sequence: number; reason: string } | null;
  seals: number;
  sealed: number;
  /** Events not sealed yet: the newest ones. */
  unsealed: number;
  /** The newest seal's MAC: note it elsewhere, and a later verification can show that nothing was cut off since. */
  head: string | null;
}

async function faultOf(
  core: Core,
  tenantId: string,
  seal: AuditSealDocument,
  previous: Foundation,
): Promise<string | undefined> {
  if (seal.sequence !== previous.sequence + 1) return 'the seal before it is missing';
  if (seal.fromId !== previous.toId) return 'it does not begin where the seal before it ends';
  if (macOf(core, tenantId, seal, previous.mac) !== seal.mac) return 'the seal itself was changed';
  const range = { ...(seal.fromId !== '' && { $gt: seal.fromId }), $lte: seal.toId };
  const events = await core.store
    .tenant(tenantId)
    .collection('audit_events')
    .find({ _id: range }, { sort: { _id: 1 }, limit: mostEvents + 1 });
  if (events.length !== seal.count) return `holds ${seal.count} events, but ${events.length} are there`;
  const digest = createHash('sha256');
  for (const event of events) addEvent(digest, event);
  return digest.digest('base64url') === seal.digest ? undefined : 'an event was changed';
}

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
  const scope = core.store.tenant(tenantId);
  const events = scope.collection('audit_events');
  // Counted before the unsealed ones: what is appended meanwhile must not look slipped in.
  const total = await events.count({});
  const verdict: AuditVerdict = { broken: null, seals: 0, sealed: 0, unsealed: 0, head: null };
  let previous = beginning;
  let isHeadFound = expectedHead === undefined;
  const seals = await scope.collection('audit_seals').find({}, { sort: { sequence: 1 } });
  for (const seal of seals) {
    const reason = await faultOf(core, tenantId, seal, previous);
    if (reason !== undefined) return { ...verdict, broken: { sequence: seal.sequence, reason } };
    verdict.seals += 1;
    verdict.sealed += seal.count;
    verdict.head = seal.mac;
    isHeadFound ||= seal.mac === expectedHead;
    previous = seal;
  }
  verdict.unsealed = await events.count(previous === beginning ? {} : { _id: { $gt: previous.toId } });
  const sequence = verdict.seals + 1;
  if (!isHeadFound) {
    verdict.broken = { sequence, reason: 'the noted head is not there: the end was cut off' };
  } else if (total > verdict.sealed + verdict.unsealed) {
    verdict.broken = { sequence, reason: 'there are events whose ids stand outside every run' };
  }
  return verdict;
}
