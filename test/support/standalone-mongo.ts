import { createServer, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';
import { mongo } from 'mongoose';

const { serialize, deserialize } = mongo.BSON;
const opReply = 1;
const opQuery = 2004;
const opMessage = 2013;

/** What a mongod without `--replSet` says of itself. */
const hello = {
  helloOk: true,
  isWritablePrimary: true,
  ismaster: true,
  maxBsonObjectSize: 16_777_216,
  maxMessageSizeBytes: 48_000_000,
  maxWriteBatchSize: 100_000,
  logicalSessionTimeoutMinutes: 30,
  minWireVersion: 0,
  maxWireVersion: 25,
  readOnly: false,
  ok: 1,
};

function send(socket: Socket, to: Buffer, opCode: number, head: Buffer, document: object): void {
  const body = Buffer.concat([head, serialize(document)]);
  const header = Buffer.alloc(16);
  header.writeInt32LE(16 + body.length, 0);
  header.writeInt32LE(to.readInt32LE(4), 8);
  header.writeInt32LE(opCode, 12);
  socket.write(Buffer.concat([header, body]));
}

function answer(socket: Socket, message: Buffer, asked: string[]): void {
  if (message.readInt32LE(12) === opQuery) {
    const head = Buffer.alloc(20);
    head.writeInt32LE(8, 0);
    head.writeInt32LE(1, 16);
    send(socket, message, opReply, head, hello);
    return;
  }
  const command = deserialize(message.subarray(21));
  asked.push(Object.keys(command)[0] ?? '');
  send(socket, message, opMessage, Buffer.alloc(5), hello);
}

/** A server that presents itself as a standalone MongoDB, answers `hello` and stores nothing. */
export async function startStandaloneMongo(): Promise<{
  uri: string;
  /** The commands it was sent. */
  asked: string[];
  stop(): Promise<void>;
}> {
  const asked: string[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    let buffered = Buffer.alloc(0);
    socket.on('error', () => undefined);
    socket.on('data', (data: Buffer) => {
      buffered = Buffer.concat([buffered, data]);
      while (buffered.length >= 16 && buffered.length >= buffered.readInt32LE(0)) {
        const length = buffered.readInt32LE(0);
        answer(socket, buffered.subarray(0, length), asked);
        buffered = buffered.subarray(length);
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    uri: `mongodb://127.0.0.1:${port}/gatehouse`,
    asked,
    async stop() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
