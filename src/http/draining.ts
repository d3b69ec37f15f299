import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';

/** How often a server that ends looks for idle connections, milliseconds. */
const lookEvery = 100;
/** How long a request may still be on its way in before it is cut off: nothing of it was done yet. Milliseconds. */
const arrivalPeriod = 5000;

/** Minimum time to notify clients with busy connections, milliseconds. */
const notice = 500;

/** Ends a server without cutting off a request: clients with keep-alive connections are asked to close them. */
export interface Drainer {
  /** From now on every answer says `Connection: close`. */
  begin(): void;
  /** Takes no more connections and waits until every request is answered. */
  close(): Promise<void>;
}

/** Watches a server's requests from its start. */
export function createDrainer(server: Server): Drainer {
  const running = new Map<ServerResponse, IncomingMessage>();
  let endingSince: number | undefined;
  server.prependListener('request', (req: IncomingMessage, res: ServerResponse) => {
    if (endingSince !== undefined) res.setHeader('Connection', 'close');
    running.set(res, req);
    res.once('close', () => running.delete(res));
  });
  const isWorking = (): boolean => [...running.values()].some((req) => req.complete);
  return {
    begin() {
      endingSince ??= performance.now();
      for (const res of running.keys()) if (!res.headersSent) res.setHeader('Connection', 'close');
    },
    async close() {
      this.begin();
      await delay(Math.max(0, notice - (performance.now() - (endingSince ?? 0))));
      const state = { isClosed: false };
      const closed = new Promise<void>((resolve) => {
        server.close(() => {
          state.isClosed = true;
          resolve();
        });
      });
      const started = performance.now();
      while (!state.isClosed) {
        const isLate = performance.now() - started > arrivalPeriod;
        if (running.size === 0 || (isLate && !isWorking())) server.closeAllConnections();
        else server.closeIdleConnections();
        await Promise.race([closed, delay(lookEvery)]);
      }
    },
  };
}
