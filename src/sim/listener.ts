import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A port that is held already, so that its address is known before there is anything to answer with. */
export interface Listener {
  /** `http://localhost:3001`, without a trailing slash. */
  url: string;
  port: number;
  /** From now on this answers; before, everything is 503. */
  serve(handler: RequestListener): void;
  stop(): Promise<void>;
}

function bind(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
  });
}

/**
 * Takes a port of the loopback interface.
 *
 * @param port - 0 for a free one.
 * @throws the system's error, e.g. EADDRINUSE.
 */
export async function listen(port: number): Promise<Listener> {
  let handler: RequestListener = (_req, res) => res.writeHead(503).end();
  const server = createServer((req, res) => {
    handler(req, res);
  });
  const bound = await bind(server, port);
  return {
    url: `http://localhost:${bound}`,
    port: bound,
    serve(next) {
      handler = next;
    },
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
