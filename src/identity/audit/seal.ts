import { createHash } from 'node:crypto';
import type { AuditEventDocument, AuditSealDocument } from '../../persistence/collections/events.js';
import { AppError } from '../../shared/errors.js';
import { idAtMs, keepIdsAbove, msOfId } from '../../shared/ids.js';
import type { Core } from '../core.js';
import { holdTrail, trailOf } from './trail.js';

/**
 * Tamper evidence for the audit trail, kept off the path of the writes: events are appended freely, and a minute later sealed in runs. A
 * seal names its run's events, holds a digest of them and a MAC over that and the seal before, under a key derived from SECRET_KEY. Whoever
 * changes, removes or slips in a sealed event without that key is found out; the newest seal, noted elsewhere, guards against cutting off
 * the end. An event whose id is below the last seal, since another process's clock is behind, is sealed by itself and counted as late.
 */

/** Events younger than this are left for the next round: a slow transaction may still commit one with an earlier id. */
const settleMs = 120_000;
/** Most events in one seal. */
export const maxEvents = 5000;
/** So far below the last seal late events are looked for: clocks that differ by more are not clocks. */
const latePeriodMs = 3_600_000;
/** What seals are signed for. */
export const sealPurpose = 'audit.seal';

/** JSON whose keys are in order at every depth: the same value gives the same text, whatever database it came from. */
export function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}

/** SHA-256 over events in the order of their ids. */
export function digestOf(events: readonly AuditEventDocument[]): string {
  const digest = createHash('sha256');
  for (const { _id, at, actor, action, target, changes, requestId, ip, result } of events) {
    digest.update(canonical([_id, at, actor, action, target, changes, requestId, ip, result]));
    digest.update('\n');
  }
  return digest.digest('base64url');
}

const memberLength = 8;
/** The random end of an id. */
const memberOf = (id: string): string => id.replaceAll('-', '').slice(-memberLength);

/** The members of a run by their marks; undefined for a seal of an earlier version, which counts them only. */
export function membersOf(seal: Pick<AuditSealDocument, 'members'>): ReadonlySet<string> | undefined {
  return seal.members === undefined ? undefined : new Set(seal.members.match(/.{8}/g));
}

/** Whether a seal's run holds an event of this id. */
export const holds = (members: ReadonlySet<string> | undefined, id: string): boolean =>
  members?.has(memberOf(id)) ?? true;

type SealFacts = Omit<AuditSealDocument, 'mac' | '_id' | 'tenantId' | 'createdAt' | 'updatedAt' | 'version'>;

/** The MAC of a seal that follows another. */
export function macOf(core: Core, tenantId: string, seal: SealFacts, previousMac: string): string {
  const { sequence, fromId, toId, count, members, late, digest } = seal;
  const facts = [tenantId, sequence, fromId, toId, count, digest, previousMac];
  // Seals of earlier versions have neither.
  const named = members === undefined && late === undefined ? [] : [members ?? null, late ?? null];
  return core.secretBox.sign(sealPurpose, canonical([...facts, ...named]));
}

/** What a seal builds on: the one before, or the beginning. */
export type Foundation = Pick<AuditSealDocument, 'sequence' | 'toId' | 'mac'>;
export const beginning: Foundation = { sequence: 0, toId: '', mac: '' };

const sealsOf = (core: Core, tenantId: string) => core.store.tenant(tenantId).collection('audit_seals');
const eventsOf = (core: Core, tenantId: string) => core.store.tenant(tenantId).collection('audit_events');

async function nextRun(core: Core, tenantId: string, afterId: string): Promise<AuditEventDocument[]> {
  const settled = core.clock.now().getTime() - settleMs;
  const events = await eventsOf(core, tenantId).find(afterId === '' ? {} : { _id: { $gt: afterId } }, {
    sort: { _id: 1 },
    limit: maxEvents,
  });
  const young = events.findIndex((event) => event.at.getTime() > settled);
  return young === -1 ? events : events.slice(0, young);
}

/** Above this id an event may be late; an unknown one further below was slipped in. */
export const lateSince = (last: Pick<Foundation, 'toId'>): string =>
  last.toId === '' ? '' : idAtMs(msOfId(last.toId) - latePeriodMs);

/** Events below the last seal that no seal holds. */
async function lateEvents(core: Core, tenantId: string, last: Foundation): Promise<AuditEventDocument[]> {
  if (last.sequence === 0) return [];
  const since = lateSince(last);
  const seals = await sealsOf(core, tenantId).find({ toId: { $gt: since } }, { sort: { sequence: 1 } });
  const runs = seals.filter(({ late }) => late === undefined);
  const start = runs[0]?.fromId;
  if (start === undefined || runs.some(({ members }) => members === undefined)) return [];
  const range = { ...(start !== '' && { $gt: start }), $lte: last.toId };
  const known = new Set(seals.flatMap(({ late }) => late ?? []));
  const sealed = runs.reduce((sum, { count }) => sum + count, 0);
  const knownHere = [...known].filter((id) => id > start && id <= last.toId).length;
  const events = eventsOf(core, tenantId);
  if ((await events.count({ _id: range })) <= sealed + knownHere) return [];
  const members = new Set(runs.flatMap((run) => [...(membersOf(run) ?? [])]));
  const found: AuditEventDocument[] = [];
  for await (const event of events.iterate({ _id: range })) {
    if (!known.has(event._id) && !holds(members, event._id)) found.push(event);
  }
  const sorted = found.sort((a, b) => (a._id < b._id ? -1 : 1));
  return sorted.slice(0, maxEvents);
}

async function insertSeal(
  core: Core,
  tenantId: string,
  last: Foundation,
  run: Pick<SealFacts, 'toId' | 'members' | 'late'>,
  events: readonly AuditEventDocument[],
  rewrites: number,
): Promise<Foundation | undefined> {
  const facts: SealFacts = {
    sequence: last.sequence + 1,
    fromId: last.toId,
    ...run,
    count: events.length,
    digest: digestOf(events),
  };
  const mac = macOf(core, tenantId, facts, last.mac);
  const _id = `${tenantId}:${facts.sequence}`;
  try {
    const isMade = await core.store.transaction(function* (tx) {
      if (!(yield* holdTrail(tx, tenantId, rewrites))) return false;
      yield* tx
        .tenant(tenantId)
        .collection('audit_seals')
        .insert({ _id, tenantId, ...facts, mac });
      return true;
    });
    if (!isMade) return undefined;
  } catch (error) {
    if (error instanceof AppError && error.code === 'store.duplicate') return undefined;
    throw error;
  }
  return { sequence: facts.sequence, toId: facts.toId, mac };
}

/**
 * Seals the next run of one tenant, and before it what came in late.
 *
 * @returns how many events were sealed; 0 when none is old enough, or another process was first.
 */
export async function sealNextRun(core: Core, tenantId: string): Promise<number> {
  const { rewrites } = await trailOf(core, tenantId);
  let last: Foundation = (await sealsOf(core, tenantId).findOne({}, { sort: { sequence: -1 } })) ?? beginning;
  keepIdsAbove(last.toId);
  const late = await lateEvents(core, tenantId, last);
  if (late.length > 0) {
    const made = await insertSeal(
      core,
      tenantId,
      last,
      { toId: last.toId, late: late.map(({ _id }) => _id) },
      late,
      rewrites,
    );
    if (!made) return 0;
    last = made;
  }
  const events = await nextRun(core, tenantId, last.toId);
  const newest = events.at(-1);
  if (!newest) return late.length;
  const members = events.map(({ _id }) => memberOf(_id)).join('');
  const made = await insertSeal(core, tenantId, last, { toId: newest._id, members }, events, rewrites);
  return late.length + (made ? events.length : 0);
}

/** What is done for each tenant after its events were sealed. */
type AfterSealing = (tenantId: string) => Promise<unknown>;

async function sealAll(core: Core, after: AfterSealing): Promise<void> {
  for await (const tenant of core.store.server.collection('tenants').iterate({}, { fields: ['slug'] })) {
    while ((await sealNextRun(core, tenant._id)) >= maxEvents);
    await after(tenant._id);
  }
}

const nothing: AfterSealing = () => Promise.resolve();

/** Between two rounds. */
const roundMs = 60_000;
/** How long a round is the matter of one process: it ends before that process's next round. */
const leaseMs = roundMs - 5000;

/**
 * One round of sealing over all tenants, unless another process has this round.
 *
 * @returns whether this process did it.
 */
export async function sealInTurn(core: Core, after: AfterSealing = nothing): Promise<boolean> {
  const leaseEnd = new Date(core.clock.now().getTime() + leaseMs);
  // A counter that ends by itself: who counts first has the round, and after a crash the next round is free.
  const { count } = await core.store.increment('lease:audit-seal', 1, leaseEnd);
  if (count > 1) return false;
  await sealAll(core, after);
  return true;
}

/** Seals in the background, once a minute, in one process at a time. */
export function startAuditSealer(core: Core, after: AfterSealing): { stop(): Promise<void> } {
  let running: Promise<void> = Promise.resolve();
  const timer = setInterval(() => {
    running = running
      .then(async () => {
        await sealInTurn(core, after);
      })
      .catch((error: unknown) => core.log.warn({ err: error }, 'the audit trail could not be sealed'));
  }, roundMs);
  timer.unref();
  return {
    stop() {
      clearInterval(timer);
      return running;
    },
  };
}

/** Makes the ids of this process stand above every event that was recorded, though its clock may have been put back since. */
export async function resumeIds(core: Core): Promise<void> {
  const newest = await core.store.server
    .collection('audit_events')
    .findOne({}, { sort: { _id: -1 }, fields: [] });
  if (newest) keepIdsAbove(newest._id);
}
