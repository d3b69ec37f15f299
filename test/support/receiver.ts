import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { eventually } from './eventually.js';

/** An application's own endpoint for logout notices, on loopback. */
export interface Receiver {
  readonly url: string;
  /** The forms it was sent, oldest first. */
  readonly received: URLSearchParams[];
  /** Waits until it has this many, or what it has satisfies. */
  until(wanted: number | ((received: URLSearchParams[]) => boolean)): Promise<void>;
  stop(): Promise<void>;
}

/** @param answer - how it answers; 200 unless given. */
export async function startReceiver(
  answer: (req: IncomingMessage, res: ServerResponse) => void = (_req, res) => res.writeHead(200).end(),
): Promise<Receiver> {
  const received: URLSearchParams[] = [];
  const server = createServer((req, res) => {
    let body = '';
    req.on('data', (chunk: Buffer) => (body += chunk.toString()));
    req.on('end', () => {
      received.push(new URLSearchParams(body));
      answer(req, res);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/backchannel-logout`,
    received,
    async until(wanted) {
      const satisfied = () => (typeof wanted === 'number' ? received.length >= wanted : wanted(received));
      await eventually(satisfied, () => `${received.length} notices are not what was waited for`);
    },
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
