import type { Response } from 'express';
import type { Core } from '../identity/core.js';
import { AppError } from '../shared/errors.js';
import { service } from '../shared/services.js';

/** Comments keep proxies from closing a quiet connection, and find out that the other side is gone. */
const heartbeatMs = 20_000;
/** How long a stream may outlive what it was opened with: a key, a session, a permission. */
const recheckMs = 1500;
/** Open at the same moment, in one process. */
const maxStreams = { tenant: 20, process: 200 };
/** What a reader leaves unread, in bytes, before it is dropped. */
const maxPendingBytes = 1_048_576;

/** A Server-Sent Events response that is open. */
export interface EventStream {
  /** @param message - as {@link eventMessage} made it; made once, it may be sent to many. */
  send(message: Buffer): void;
}

/** @param id - the browser sends the last one again when it reconnects. */
export function eventMessage(event: string, id: string, data: unknown): Buffer {
  return Buffer.from(`event: ${event}\nid: ${id}\ndata: ${JSON.stringify(data)}\n\n`);
}

interface OpenStream {
  readonly tenantId: string;
  end(): void;
}

const openStreams = service(() => new Set<OpenStream>());

/** Ends every stream of a server that stops: the clients reconnect to another process. */
export function endEventStreams(core: Core): void {
  for (const stream of openStreams(core)) stream.end();
}

function requireRoom(streams: ReadonlySet<OpenStream>, tenantId: string): void {
  const own = [...streams].filter((stream) => stream.tenantId === tenantId).length;
  if (own < maxStreams.tenant && streams.size < maxStreams.process) return;
  const whose = own < maxStreams.tenant ? 'this server' : 'this tenant';
  throw new AppError('rate.limited', `too many event streams of ${whose} are open`, {
    retryAfterSeconds: 10,
  });
}

/** Writes while the reader keeps up, and drops a reader that does not: what is unread is memory. */
function writer(res: Response): (chunk: Buffer | string) => void {
  return (chunk) => {
    if (res.destroyed || res.writableEnded) return;
    if (res.writableLength > maxPendingBytes) res.destroy();
    else res.write(chunk);
  };
}

/** Resolves when the client goes away, the server stops, or the caller may not read on. */
function over(
  streams: Set<OpenStream>,
  res: Response,
  tenantId: string,
  isAllowed: () => Promise<boolean>,
): Promise<void> {
  return new Promise((resolve) => {
    const recheck = setInterval(() => {
      isAllowed().then(
        (allowed) => {
          if (!allowed) stream.end();
        },
        () => stream.end(),
      );
    }, recheckMs);
    const stream: OpenStream = {
      tenantId,
      end() {
        clearInterval(recheck);
        streams.delete(stream);
        resolve();
      },
    };
    streams.add(stream);
    res.once('close', () => stream.end());
  });
}

export interface Follower {
  readonly core: Core;
  readonly res: Response;
  readonly actor: { readonly tenantId: string };
  /** Whether the caller would be let in again at this moment. */
  readonly isStillAllowed: () => Promise<boolean>;
}

/**
 * Keeps a response open (but for HEAD) and writes events to it, for as long as the caller may read them and does.
 *
 * @param subscribe - begins to send events; returns how to stop.
 * @returns when the stream is over.
 * @throws AppError `rate.limited` when the tenant, or the server, has as many open as it may.
 */
export async function streamEvents(
  { core, res, actor: { tenantId }, isStillAllowed }: Follower,
  subscribe: (stream: EventStream) => () => void,
): Promise<void> {
  const streams = openStreams(core);
  requireRoom(streams, tenantId);
  res.writeHead(200, {
    'Content-Type': 'text/event-stream; charset=utf-8',
    'X-Accel-Buffering': 'no',
    Connection: 'close',
  });
  if (res.req.method === 'HEAD') {
    res.end();
    return;
  }
  const write = writer(res);
  const ended = over(streams, res, tenantId, isStillAllowed);
  write(': open\n\n');
  const stop = subscribe({ send: write });
  const heartbeat = setInterval(() => write(': still here\n\n'), heartbeatMs);
  await ended;
  clearInterval(heartbeat);
  stop();
  res.end();
}
