import { createHash } from 'node:crypto';
import { openSink, sinkName, type Sink, type SinkEvent } from '../../infrastructure/sinks/sink.js';
import type { Core } from '../core.js';
import { openFeed, readFeed, serverFeed, type PlacedEvent } from './feed.js';
import { payloadOf } from './payload.js';

/** Most events in one batch. */
const atOnce = 500;
/** Pause after a failure, in milliseconds: 1, 2, 4, ... seconds, at most this. */
const maxPauseMs = 60_000;

/** One stream of the events of all tenants. */
interface Stream {
  readonly id: string;
  readonly name: string;
  readonly sink: Sink;
  failures: number;
  /** By the process's own clock. */
  pausedUntil: number;
  sending: Promise<void> | undefined;
}

const cursorsOf = (core: Core) => core.store.tenant(serverFeed).collection('event_cursors');

/** Its place in the feed; a stream that is new begins with the events from now on. */
async function placeOf(core: Core, { id }: Stream): Promise<number> {
  const known = await cursorsOf(core).get(id);
  if (known) return known.position;
  let { position } = await openFeed(core, serverFeed);
  for (;;) {
    const { upTo } = await readFeed(core, serverFeed, position, atOnce, () => false);
    if (upTo === position) break;
    position = upTo;
  }
  const cursor = { _id: id, tenantId: serverFeed, position, sinceId: '', failingSince: null, error: null };
  return (await cursorsOf(core).insert(cursor)).position;
}

/** Events with the slugs of their tenants, as lines. */
async function linesOf(core: Core, items: readonly PlacedEvent[]): Promise<SinkEvent[]> {
  const ids = [...new Set(items.map(({ event }) => event.tenantId))];
  const tenants = await core.store.server
    .collection('tenants')
    .find({ _id: { $in: ids } }, { fields: ['slug'] });
  const slugs = new Map(tenants.map(({ _id, slug }) => [_id, slug]));
  return items.map(({ event }) => ({
    type: event.action,
    at: event.at,
    isFailure: event.result === 'failure',
    json: JSON.stringify(payloadOf(event, slugs.get(event.tenantId))),
  }));
}

/** Sends on until the end of the feed: a batch counts once it was taken. */
async function sendOn(core: Core, stream: Stream, isStopped: () => boolean): Promise<void> {
  let position = await placeOf(core, stream);
  while (!isStopped()) {
    const { items, upTo } = await readOn(core, position);
    if (upTo === position) return;
    if (items.length > 0) await stream.sink.send(await linesOf(core, items));
    if (stream.failures > 0) core.log.info({ stream: stream.name }, 'a stream of events takes them again');
    stream.failures = 0;
    position = upTo;
    await cursorsOf(core).update(stream.id, (cursor) => ({
      ...cursor,
      position,
      failingSince: null,
      error: null,
    }));
  }
}

/** The next page; where the place is not kept any more, the oldest that is. */
async function readOn(core: Core, position: number) {
  const { position: end } = await openFeed(core, serverFeed);
  const all = (): boolean => true;
  return readFeed(core, serverFeed, position, atOnce, all).catch(() => {
    core.log.error({ position, end }, 'a stream of events was away for longer than they are kept');
    return readFeed(core, serverFeed, 0, atOnce, all);
  });
}

async function noteFailure(core: Core, stream: Stream, error: unknown): Promise<void> {
  if (stream.failures === 0)
    core.log.warn({ err: error, stream: stream.name }, 'a stream does not take events');
  const pause = Math.min(1000 * 2 ** stream.failures, maxPauseMs);
  stream.failures += 1;
  stream.pausedUntil = performance.now() + pause;
  const now = core.clock.now();
  await cursorsOf(core).update(stream.id, (cursor) => ({
    ...cursor,
    failingSince: cursor.failingSince ?? now,
    error: error instanceof Error ? error.message : String(error),
  }));
}

/** The streams of this server (`EVENT_STREAMS`), each of which goes on by itself. */
export interface Streams {
  /** Sends what there is, without waiting for it. */
  pump(): void;
  stop(): Promise<void>;
}

const idOf = (address: string): string =>
  `stream:${createHash('sha256').update(sinkName(address)).digest('hex').slice(0, 32)}`;

/** How far a stream is. */
export interface StreamState {
  /** Its address without secrets. */
  readonly name: string;
  /** Events that are not sent yet. */
  readonly behind: number;
  /** null: it takes events. */
  readonly failingSince: Date | null;
  readonly error: string | null;
}

/** How far each stream of this server is (`EVENT_STREAMS`). */
export async function streamStates(core: Core): Promise<StreamState[]> {
  const { eventStreams } = core.config;
  if (eventStreams.length === 0) return [];
  const feed = await openFeed(core, serverFeed);
  return Promise.all(
    eventStreams.map(async (address) => {
      const cursor = await cursorsOf(core).get(idOf(address));
      return {
        name: sinkName(address),
        behind: Math.max(0, feed.position - (cursor?.position ?? feed.position)),
        failingSince: cursor?.failingSince ?? null,
        error: cursor?.error ?? null,
      };
    }),
  );
}

export function openStreams(core: Core): Streams {
  let isStopped = false;
  const streams = core.config.eventStreams.map((address): Stream => ({
    id: idOf(address),
    name: sinkName(address),
    sink: openSink(address, core.config.eventStreamToken),
    failures: 0,
    pausedUntil: 0,
    sending: undefined,
  }));
  const send = (stream: Stream): void => {
    stream.sending ??= sendOn(core, stream, () => isStopped)
      .catch((error: unknown) => (isStopped ? undefined : noteFailure(core, stream, error)))
      .catch((error: unknown) => core.log.warn({ err: error }, 'the place of a stream could not be kept'))
      .finally(() => (stream.sending = undefined));
  };
  return {
    pump() {
      for (const stream of streams) if (performance.now() >= stream.pausedUntil) send(stream);
    },
    async stop() {
      isStopped = true;
      for (const { sink } of streams) sink.close();
      await Promise.all(streams.flatMap(({ sending }) => sending ?? []));
    },
  };
}
