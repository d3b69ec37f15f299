import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { eventually } from './eventually.js';

export interface Message {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** An endpoint for webhooks and streams, on loopback. */
export interface Endpoint {
  readonly url: string;
  /** What it was sent, oldest first. */
  readonly messages: Message[];
  /** The types of the events it was sent, oldest first. */
  types(): string[];
  /** Waits for a message of this type. */
  waitFor(type: string, count?: number): Promise<Message>;
  /** How it answers from now on. */
  answer: (res: ServerResponse, message: Message) => void;
  stop(): Promise<void>;
}

const typeOf = ({ body }: Message): string => (JSON.parse(body) as { type: string }).type;

export async function startEndpoint(
  answer: Endpoint['answer'] = (res) => res.writeHead(204).end(),
): Promise<Endpoint> {
  const messages: Message[] = [];
  const server = createServer((req, res) => {
    let body = '';
    req.on('data', (chunk: Buffer) => (body += chunk.toString()));
    req.on('end', () => {
      const message = { headers: req.headers, body };
      messages.push(message);
      endpoint.answer(res, message);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const endpoint: Endpoint = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`,
    messages,
    types: () => messages.map(typeOf),
    waitFor: (type, count = 1) =>
      eventually(
        () => messages.filter((message) => typeOf(message) === type)[count - 1],
        () => `${type} among ${endpoint.types().join()}`,
        { seconds: 60 },
      ),
    answer,
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return endpoint;
}
