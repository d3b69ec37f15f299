import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import {
  createGuardedFetch,
  nameFault,
  NameRefused,
  OutboundRefused,
} from '../../../src/infrastructure/guarded-fetch.js';
import { isAddressAllowed, outboundUrlFault } from '../../../src/infrastructure/outbound-address.js';

const closed = { allowPrivate: false };
const open = { allowPrivate: true };

async function refusal(work: Promise<unknown>): Promise<unknown> {
  try {
    await work;
  } catch (error) {
    return error;
  }
  throw new Error('it was not refused');
}

describe('outgoing addresses', () => {
  const privateLiterals = [
    'https://127.0.0.1/',
    'https://2130706433/',
    'https://0x7f.1/',
    'https://localhost/',
    'https://printer.local/',
    'https://[::1]/',
    'https://[::ffff:127.0.0.1]/',
    'https://[::127.0.0.1]/',
    'https://10.1.2.3/',
    'https://172.31.0.1/',
    'https://192.168.1.1/',
    'https://100.64.0.1/',
    'https://[fd00::1]/',
    'https://[64:ff9b::7f00:1]/',
    'https://[2002:7f00:1::]/',
  ];
  for (const url of privateLiterals) {
    it(`refuses ${url} unless private addresses are open`, () => {
      expect(outboundUrlFault(url, closed)).to.equal('must not be a private address');
    });
  }

  for (const url of ['https://169.254.169.254/latest/', 'https://[fe80::1]/', 'https://0.0.0.0/']) {
    it(`refuses ${url} even when private addresses are open`, () => {
      expect(outboundUrlFault(url, open)).to.equal('must not be a private address');
    });
  }

  it('refuses plain http, user names in the address and what is no address', () => {
    expect(outboundUrlFault('http://idp.example.com/', closed)).to.equal('must begin with https://');
    expect(outboundUrlFault('https://user:secret@idp.example.com/', closed)).to.match(/user name/);
    expect(outboundUrlFault('file:///etc/passwd', open)).to.equal('must begin with https://');
    expect(outboundUrlFault('idp.example.com', open)).to.equal('must be an absolute URL');
  });

  it('lets public https addresses pass, and http and loopback when private addresses are open', () => {
    expect(outboundUrlFault('https://login.example.com/tenant', closed)).to.equal(undefined);
    expect(outboundUrlFault('http://127.0.0.1:4001', open)).to.equal(undefined);
    expect(outboundUrlFault('http://localhost:4001', open)).to.equal(undefined);
    expect(isAddressAllowed('93.184.216.34', closed)).to.equal(true);
    expect(isAddressAllowed('2606:2800:220:1::1', closed)).to.equal(true);
    expect(isAddressAllowed('not an address', open)).to.equal(false);
  });
});

describe('guarded fetch', () => {
  let server: Server;
  let url: string;
  let requests = 0;

  before(async () => {
    server = createServer((req, res) => {
      requests += 1;
      if (req.url === '/big') res.end('x'.repeat(300_000));
      else if (req.url === '/redirect') res.writeHead(302, { Location: '/' }).end();
      else if (req.url === '/slow') return;
      else if (req.url === '/none') res.writeHead(204).end();
      else {
        const parts: string[] = [];
        req.on('data', (part: Buffer) => parts.push(part.toString()));
        req.on('end', () =>
          res
            .setHeader('X-Method', req.method ?? '')
            .end(JSON.stringify({ body: parts.join(''), type: req.headers['content-type'] })),
        );
      }
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });

  after(() => {
    server.closeAllConnections();
    server.close();
  });

  it('sends no request to a name that resolves to loopback', async () => {
    const before = requests;
    const error = await refusal(createGuardedFetch(closed)('https://localhost.'));
    expect(error).to.be.instanceOf(OutboundRefused);
    expect(requests).to.equal(before);
  });

  it('tells the same of a name that nobody knows and of one with a closed address', async () => {
    const unknown = await refusal(createGuardedFetch(closed)('https://nowhere.invalid'));
    const closedName = new TypeError('fetch failed', { cause: new NameRefused('intranet resolves to ...') });
    const faults = [nameFault(unknown), nameFault(closedName)];
    expect(faults).to.deep.equal(Array(2).fill('its name has no public address'));
    expect(nameFault(new TypeError('fetch failed', { cause: new Error('reset') }))).to.equal(undefined);
  });

  it('answers like fetch when private addresses are open, bodies and headers included', async () => {
    const answer = await createGuardedFetch(open)(url, {
      method: 'POST',
      body: new URLSearchParams({ a: '1' }),
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
    });
    expect(answer).to.be.instanceOf(Response);
    expect(answer.headers.get('x-method')).to.equal('POST');
    expect(await answer.json()).to.deep.equal({ body: 'a=1', type: 'application/x-www-form-urlencoded' });
    expect((await createGuardedFetch(open)(`${url}/none`)).status).to.equal(204);
  });

  it('follows no redirect', async () => {
    const answer = await createGuardedFetch(open)(`${url}/redirect`);
    expect(answer.status).to.equal(302);
  });

  it('reads no more than its limit', async () => {
    const error = await refusal(createGuardedFetch(open)(`${url}/big`));
    expect(error).to.be.instanceOf(OutboundRefused);
  });

  it('gives up on a server that does not answer in time', async () => {
    const error = await refusal(createGuardedFetch({ ...open, timeoutMs: 50 })(`${url}/slow`));
    expect(error).to.be.instanceOf(Error).with.property('name', 'TimeoutError');
  });
});
