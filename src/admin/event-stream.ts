import type { Response } from 'express';
import type { Core } from '../identity/core.js';

const heartbeatMs = 20_000;

/** A Server-Sent Events response that is open. */
export interface EventStream {
  /** @param id - the browser sends the last one again when it reconnects. */
  send(event: string, id: string, data: unknown): void;
}

const open = new WeakMap<Core, Set<() => void>>();

/** Ends every stream of a server that stops: the clients reconnect to another process. */
export function endEventStreams(core: Core): void {
  for (const end of open.get(core) ?? []) end();
}

/** Resolves when the client goes away or the server stops. */
function over(core: Core, res: Response): Promise<void> {
  return new Promise((resolve) => {
    const streams = open.get(core) ?? new Set();
    const end = (): void => {
      streams.delete(end);
      resolve();
    };
    open.set(core, streams.add(end));
    res.once('close', end);
  });
}

/**
 * Keeps a response open (but for HEAD) and writes events to it.
 *
 * @param subscribe - begins to send events; returns how to stop.
 * @returns when the stream is over.
 */
export async function streamEvents(
  core: Core,
  res: Response,
  subscribe: (stream: EventStream) => () => void,
): Promise<void> {
  res.writeHead(200, {
    'Content-Type': 'text/event-stream; charset=utf-8',
    'X-Accel-Buffering': 'no',
    Connection: 'close',
  });
  if (res.req.method === 'HEAD') {
    res.end();
    return;
  }
  res.write(': open\n\n');
  const stop = subscribe({
    send(event, id, data) {
      res.write(`event: ${event}\nid: ${id}\ndata: ${JSON.stringify(data)}\n\n`);
    },
  });
  // Comments keep proxies from closing a quiet connection, and find out that the other side is gone.
  const heartbeat = setInterval(() => res.write(': still here\n\n'), heartbeatMs);
  await over(core, res);
  clearInterval(heartbeat);
  stop();
  res.end();
}
