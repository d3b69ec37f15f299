import pLimit from 'p-limit';
import type { DirectoryDocument } from '../../persistence/collections/directories.js';
import {
  heartbeatKinds,
  heartbeatStates,
  type HeartbeatDocument,
  type HeartbeatKind,
} from '../../persistence/collections/heartbeats.js';
import type { SsoConnectionDocument } from '../../persistence/collections/sso-connections.js';
import { systemActor } from '../actors.js';
import { recordEvent } from '../audit/audit.js';
import type { Core } from '../core.js';
import { isOpen } from '../tenants/state.js';
import { lookAtConnection, lookAtDirectory, type Look } from './look.js';

export { heartbeatStates } from '../../persistence/collections/heartbeats.js';

const minuteMs = 60_000;
/** How often each is looked at. */
const everyMs: Readonly<Record<HeartbeatKind, number>> = {
  connection: 15 * minuteMs,
  directory: 5 * minuteMs,
};
/** How often connections and directories that are new are looked for. */
const findEveryMs = 10 * minuteMs;
const atOnce = 4;
const inOneRound = 500;
/** A provider that does not answer once is no event. */
const failuresToTell = 2;

const collections = { connection: 'sso_connections', directory: 'directories' } as const;

/** Begins to watch what is not watched yet. */
async function findNew(core: Core): Promise<void> {
  const now = core.clock.now();
  for (const kind of heartbeatKinds) {
    for await (const { _id, tenantId } of core.store.server
      .collection(collections[kind])
      .iterate({}, { fields: ['tenantId'] })) {
      const heartbeats = core.store.tenant(tenantId).collection('heartbeats');
      if (await heartbeats.get(_id)) continue;
      const fresh = { state: 'waiting', since: now, checks: [], failures: 0, checkedAt: null } as const;
      await heartbeats.insert({ _id, tenantId, kind, ...fresh, checks: [], nextAt: now });
    }
  }
}

/** The heartbeat after a look. A failure counts when it lasts. */
function afterLook(before: HeartbeatDocument, look: Look, now: Date): HeartbeatDocument {
  const isFailing = look.state === 'failing';
  const failures = isFailing ? before.failures + 1 : 0;
  const isPassing = before.kind === 'connection' && isFailing && failures < failuresToTell;
  const state = isPassing ? before.state : look.state;
  return {
    ...before,
    ...{ state, failures, checks: look.checks, checkedAt: now },
    since: state === before.state ? before.since : now,
    nextAt: new Date(now.getTime() + everyMs[before.kind]),
    ...(look.rhythm && { rhythm: look.rhythm }),
  };
}

const actions = {
  connection: { failing: 'sso.connection_failing', ok: 'sso.connection_recovered' },
  directory: { failing: 'directory.silent', ok: 'directory.heard' },
} as const;

/** The event of a change of state. */
function eventOf(before: HeartbeatDocument, after: HeartbeatDocument) {
  if (before.state === after.state) return undefined;
  if (after.state === 'failing') return { action: actions[after.kind].failing, result: 'failure' as const };
  return before.state === 'failing' ? { action: actions[after.kind].ok } : undefined;
}

async function keep(core: Core, label: string, before: HeartbeatDocument, look: Look): Promise<void> {
  const { _id, kind, tenantId } = before;
  const now = core.clock.now();
  await core.store.transaction(function* (tx) {
    const heartbeats = tx.tenant(tenantId).collection('heartbeats');
    const stored = yield* heartbeats.get(_id);
    if (stored?.version !== before.version) return;
    const after = afterLook(stored, look, now);
    yield* heartbeats.update(_id, () => after);
    const event = eventOf(stored, after);
    if (!event) return;
    const target = { type: kind === 'connection' ? 'sso_connection' : 'directory', id: _id, label };
    const bad = look.checks.filter(({ ok }) => !ok);
    const changes = bad.map(({ name, detail }) => ({ path: name, before: null, after: detail }));
    yield* recordEvent(tx, systemActor(tenantId), { ...event, target, changes }, now);
  });
}

/** Looks at one. What is gone is watched no more; what belongs to a suspended tenant is left alone. */
async function lookAt(core: Core, heartbeat: HeartbeatDocument): Promise<void> {
  const { _id, kind, tenantId } = heartbeat;
  const scope = core.store.tenant(tenantId);
  const thing = await scope.collection(collections[kind]).get(_id);
  const tenant = thing && (await scope.collection('tenants').get(tenantId));
  if (!thing || !tenant) {
    await scope.collection('heartbeats').remove(_id);
    return;
  }
  const look: Look = !isOpen(tenant)
    ? { state: 'off', checks: [] }
    : kind === 'connection'
      ? await lookAtConnection(core, thing as SsoConnectionDocument)
      : await lookAtDirectory(core, thing as DirectoryDocument, heartbeat);
  await keep(core, thing.name, heartbeat, look);
}

/** Whether this process is the first to take a span of time. */
async function takes(core: Core, what: string, spanMs: number): Promise<boolean> {
  const slot = Math.floor(core.clock.now().getTime() / spanMs);
  const end = new Date((slot + 1) * spanMs);
  const { count } = await core.store.increment(`watch:${what}:${slot}`, 1, end);
  return count === 1;
}

/** Looks at every connection and directory that is due, at most 500 in one round and four at once; one process does a round. */
export async function watchRound(core: Core): Promise<void> {
  if (!(await takes(core, 'round', minuteMs))) return;
  if (await takes(core, 'find', findEveryMs)) await findNew(core);
  const due = await core.store.server
    .collection('heartbeats')
    .find({ nextAt: { $lte: core.clock.now() } }, { sort: { nextAt: 1 }, limit: inOneRound });
  const limit = pLimit(atOnce);
  const look = (heartbeat: HeartbeatDocument): Promise<void> =>
    lookAt(core, heartbeat).catch((error: unknown) =>
      core.log.warn({ err: error, id: heartbeat._id }, 'a heartbeat could not be looked at'),
    );
  await Promise.all(due.map((heartbeat) => limit(look, heartbeat)));
}

/** Continues with rounds until it is stopped. */
export function startWatch(core: Core): { stop(): Promise<void> } {
  let running: Promise<void> = Promise.resolve();
  const timer = setInterval(() => {
    running = running
      .then(() => watchRound(core))
      .catch((error: unknown) => core.log.warn({ err: error }, 'the watch could not be kept'));
  }, minuteMs);
  timer.unref();
  return {
    stop() {
      clearInterval(timer);
      return running;
    },
  };
}

/** The heartbeats of a tenant's connections or directories, by their ids. */
export async function heartbeatsOf(
  core: Core,
  tenantId: string,
  kind: HeartbeatKind,
): Promise<Map<string, HeartbeatDocument>> {
  const found = await core.store.tenant(tenantId).collection('heartbeats').find({ kind });
  return new Map(found.map((heartbeat) => [heartbeat._id, heartbeat]));
}

/** How many there are of each kind in each state, for the metrics. */
export async function countHeartbeats(
  core: Core,
): Promise<{ kind: HeartbeatKind; state: string; count: number }[]> {
  const groups = heartbeatKinds.flatMap((kind) => heartbeatStates.map((state) => ({ kind, state })));
  const counts = await core.store.server.collection('heartbeats').countEach(groups);
  return groups.map((group, index) => ({ ...group, count: counts[index] ?? 0 }));
}
