import { createSocket } from 'node:dgram';
import { mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect } from 'chai';
import { sinkFault } from '../../src/infrastructure/sinks/sink.js';
import { givenTenant } from '../support/api.js';
import { startApp, type TestApp } from '../support/app.js';
import { startEndpoint, type Endpoint } from '../support/endpoint.js';
import { eventually } from '../support/eventually.js';

interface Line {
  type: string;
  timestamp: string;
  data: { target: { id: string } | null; tenant: { slug: string } };
}

const linesOf = (text: string): Line[] =>
  text
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Line);

/** The messages of octet-counted syslog (RFC 6587). */
function countedMessages(bytes: Buffer): string[] {
  const messages: string[] = [];
  let rest = bytes;
  for (;;) {
    const space = rest.indexOf(32);
    const length = Number(rest.subarray(0, space).toString());
    if (space <= 0 || rest.length < space + 1 + length) return messages;
    messages.push(rest.subarray(space + 1, space + 1 + length).toString());
    rest = rest.subarray(space + 1 + length);
  }
}

describe('streams of the events of all tenants (EVENT_STREAMS)', function () {
  this.timeout(120_000);
  let app: TestApp;
  let folder: string;
  let endpoint: Endpoint;
  let received = Buffer.alloc(0);
  const sockets = new Set<Socket>();
  const collector = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('data', (chunk) => (received = Buffer.concat([received, chunk])));
  });
  const datagrams: string[] = [];
  const udp = createSocket('udp4').on('message', (message) => datagrams.push(message.toString()));

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'gatehouse-siem-'));
    endpoint = await startEndpoint();
    await new Promise<void>((resolve) => collector.listen(0, '127.0.0.1', resolve));
    await new Promise<void>((resolve) => udp.bind(0, '127.0.0.1', resolve));
    const eventStreams = [
      endpoint.url,
      `syslog+tcp://127.0.0.1:${(collector.address() as AddressInfo).port}`,
      `syslog+udp://127.0.0.1:${udp.address().port}`,
      pathToFileURL(join(folder, 'events.ndjson')).href,
    ];
    app = await startApp({ config: { eventStreams, eventStreamToken: 'the token of the collector' } });
    // New streams begin with the events from now on: each has its place.
    const cursors = app.core.store.tenant('server').collection('event_cursors');
    await eventually(async () => (await cursors.count({})) === 4, 'every stream has its place');
  });
  after(async () => {
    await app.stop();
    await endpoint.stop();
    for (const socket of sockets) socket.destroy();
    collector.close();
    udp.close();
    await rm(folder, { recursive: true, force: true });
  });

  const posted = (): Line[] => endpoint.messages.flatMap(({ body }) => linesOf(body));
  const about = (id: string) => (line: Line) => line.type === 'user.created' && line.data.target?.id === id;
  const file = (name = 'events.ndjson') => readFile(join(folder, name), 'utf8').catch(() => '');

  it('post lines of JSON, with the bearer token, and send again what was not taken', async () => {
    endpoint.answer = (res) => res.writeHead(503).end();
    const acme = await givenTenant(app);
    const user = await acme.givenUser();
    await eventually(() => posted().some(about(user._id)), 'it was tried');
    endpoint.answer = (res) => res.writeHead(200).end();
    const tries = posted().filter(about(user._id)).length;
    await eventually(() => posted().filter(about(user._id)).length > tries, 'it was sent again');
    const { headers } = endpoint.messages.at(-1)!;
    expect(headers).to.include({
      authorization: 'Bearer the token of the collector',
      'content-type': 'application/x-ndjson',
    });
    expect(posted().find(about(user._id))?.data.tenant.slug).to.equal(acme.tenant.slug);
  });

  it('speak syslog (RFC 5424) over TCP and UDP', async () => {
    const acme = await givenTenant(app);
    const user = await acme.givenUser();
    const isIt = (message: string) => message.includes(' user.created ') && message.includes(user._id);
    const tcp = await eventually(() => countedMessages(received).find(isIt), 'a message over TCP');
    const datagram = await eventually(() => datagrams.find(isIt), 'a datagram');
    for (const message of [tcp, datagram]) {
      const [, json = ''] =
        /^<86>1 \d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z \S+ gatehouse \d+ user\.created \[origin software="Gatehouse" swVersion="[^"]+"\] (.*)$/s.exec(
          message,
        ) ?? [];
      expect((JSON.parse(json) as Line).data.target?.id).to.equal(user._id);
    }
  });

  it('connect again to a collector that went away', async () => {
    for (const socket of sockets) socket.destroy();
    sockets.clear();
    const acme = await givenTenant(app);
    const user = await acme.givenUser();
    await eventually(
      () => countedMessages(received).some((message) => message.includes(user._id)),
      'a message over another connection',
    );
  });

  it('append to a file, which may be moved away', async () => {
    const acme = await givenTenant(app);
    const first = await acme.givenUser();
    await eventually(async () => (await file()).includes(first._id), 'the first line');
    await rename(join(folder, 'events.ndjson'), join(folder, 'old.ndjson'));
    const second = await acme.givenUser();
    await eventually(async () => (await file()).includes(second._id), 'the second line');
    expect(linesOf(await file()).filter(about(first._id))).to.have.length(0);
  });

  const faults: [address: string, fault: string | undefined][] = [
    ['https://siem.example/ingest', undefined],
    ['syslog+tls://siem.example', undefined],
    ['file:///var/log/events.ndjson', undefined],
    ['siem.example', 'must be an address'],
    ['ftp://siem.example', 'must begin with'],
    ['file://host/x', 'must be file:///path'],
  ];
  for (const [address, fault] of faults) {
    it(`${fault === undefined ? 'take' : 'refuse'} the address ${address}`, () => {
      if (fault === undefined) expect(sinkFault(address)).to.equal(undefined);
      else expect(sinkFault(address)).to.include(fault);
    });
  }
});
