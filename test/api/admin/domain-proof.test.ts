import { createSocket, type Socket } from 'node:dgram';
import { expect } from 'chai';
import { startApp, type TestApp } from '../../support/app.js';
import { givenTenant, type ApiTenant } from '../../support/api.js';
import { unique } from '../../support/people.js';

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

/** An answer with these texts as TXT records, or that there is no such name (RCODE 3). */
function answerOf(message: Buffer, texts: readonly string[][]): Buffer {
  const { end } = questionOf(message);
  const header = Buffer.from(message.subarray(0, 12));
  header.writeUInt16BE(texts.length > 0 ? 0x8180 : 0x8183, 2);
  header.writeUInt16BE(1, 4);
  header.writeUInt16BE(texts.length, 6);
  header.writeUInt32BE(0, 8);
  const records = texts.map((chunks) => {
    const data = Buffer.concat(chunks.flatMap((chunk) => [Buffer.from([chunk.length]), Buffer.from(chunk)]));
    const head = Buffer.from('c00c001000010000000000ff', 'hex');
    head.writeUInt16BE(data.length, 10);
    return Buffer.concat([head, data]);
  });
  return Buffer.concat([header, message.subarray(12, end), ...records]);
}

describe('the proof of a domain by the name servers of DNS_SERVERS', () => {
  let dns: Socket;
  let app: TestApp;
  let acme: ApiTenant;
  const zone = new Map<string, string[][]>();

  before(async () => {
    dns = createSocket('udp4');
    dns.on('message', (message, { address, port }) => {
      dns.send(answerOf(message, zone.get(questionOf(message).name) ?? []), port, address);
    });
    await new Promise<void>((resolve) => dns.bind(0, '127.0.0.1', resolve));
    app = await startApp({ config: { dnsServers: [`127.0.0.1:${dns.address().port}`] } });
    acme = await givenTenant(app);
  });
  after(async () => {
    await app.stop();
    await new Promise<void>((resolve) => dns.close(() => resolve()));
  });

  async function connectionOf(tenant: ApiTenant, domain: string) {
    const input = {
      name: unique('login'),
      issuer: 'https://idp.acme.test',
      clientId: 'gatehouse',
      domains: [domain],
    };
    const { body } = await tenant.call('post', '/sso-connections').send(input).expect(201);
    const [entry] = body.domains as { verified: boolean; record: { name: string; value: string } }[];
    const verify = () => tenant.call('post', `/sso-connections/${body.id}/domains/${domain}/verify`).send({});
    return { verify, record: entry!.record };
  }

  it('needs the very text, and takes one in several chunks beside others', async () => {
    const domain = `${unique('company')}.test`;
    const { verify, record } = await connectionOf(acme, domain);
    expect(record.name).to.equal(`_gatehouse-challenge.${domain}`);
    await verify().expect(400);
    zone.set(record.name, [['another text']]);
    await verify().expect(400);
    zone.set(record.name, [['another text'], [record.value.slice(0, 10), record.value.slice(10)]]);
    const { body } = await verify().expect(200);
    expect(body.domains[0].verified).to.equal(true);
  });

  it('is for one tenant: the record of another proves nothing, and a proven domain is taken', async () => {
    const domain = `${unique('company')}.test`;
    const globex = await givenTenant(app);
    const [one, two] = [await connectionOf(acme, domain), await connectionOf(globex, domain)];
    zone.set(one.record.name, [[one.record.value]]);
    await two.verify().expect(400);
    await one.verify().expect(200);
    zone.set(two.record.name, [[two.record.value]]);
    await two.verify().expect(409);
  });
});
