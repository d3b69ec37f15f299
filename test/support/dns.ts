import { createSocket } from 'node:dgram';

/** The name of a DNS question (RFC 1035 section 4.1.2), and where the question ends. */
function questionOf(message: Buffer): { name: string; end: number } {
  const labels: string[] = [];
  let at = 12;
  for (let length = message[at]!; length > 0; length = message[at]!) {
    labels.push(message.toString('ascii', at + 1, at + 1 + length));
    at += length + 1;
  }
  return { name: labels.join('.').toLowerCase(), end: at + 5 };
}

/** An answer with these texts as TXT records, or that there is no such name (RCODE 3); null: the server fails (RCODE 2). */
function answerOf(message: Buffer, texts: readonly string[][] | null): Buffer {
  const { end } = questionOf(message);
  const header = Buffer.from(message.subarray(0, 12));
  header.writeUInt16BE(texts === null ? 0x8182 : texts.length > 0 ? 0x8180 : 0x8183, 2);
  header.writeUInt16BE(1, 4);
  header.writeUInt16BE(texts?.length ?? 0, 6);
  header.writeUInt32BE(0, 8);
  const records = (texts ?? []).map((chunks) => {
    const data = Buffer.concat(chunks.flatMap((chunk) => [Buffer.from([chunk.length]), Buffer.from(chunk)]));
    const head = Buffer.from('c00c001000010000000000ff', 'hex');
    head.writeUInt16BE(data.length, 10);
    return Buffer.concat([head, data]);
  });
  return Buffer.concat([header, message.subarray(12, end), ...records]);
}

/** A name server on loopback, over UDP. */
export interface TestDns {
  /** For `DNS_SERVERS`. */
  readonly address: string;
  /** TXT records by name, each in chunks; null: the server fails for this name. */
  readonly zone: Map<string, string[][] | null>;
  /** How often each name was asked for. */
  readonly asked: Map<string, number>;
  stop(): Promise<void>;
}

export async function startDns(): Promise<TestDns> {
  const zone = new Map<string, string[][] | null>();
  const asked = new Map<string, number>();
  const socket = createSocket('udp4');
  socket.on('message', (message, { address, port }) => {
    const { name } = questionOf(message);
    const records = zone.get(name);
    socket.send(answerOf(message, records === undefined ? [] : records), port, address, () =>
      asked.set(name, (asked.get(name) ?? 0) + 1),
    );
  });
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
  return {
    address: `127.0.0.1:${socket.address().port}`,
    zone,
    asked,
    stop: () => new Promise<void>((resolve) => socket.close(() => resolve())),
  };
}
