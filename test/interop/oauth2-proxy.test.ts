import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import type { Browser } from '../support/browser.js';
import { eventually } from '../support/eventually.js';
import { freePort, untilStatus } from '../support/process.js';
import { ada, bea, grace, signInOnTheWay, startBench, walk, type Bench, type Registration } from './bench.js';
import { givenOauth2Proxy } from './tools.js';

/** The application behind the proxy: it shows what the proxy tells it of the person. */
async function startUpstream(): Promise<Server> {
  const server = createServer((req, res) => {
    const { 'x-forwarded-email': email, 'x-forwarded-groups': groups } = req.headers;
    res.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ email, groups }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}

function startProxy(
  program: string,
  port: number,
  upstream: Server,
  registration: Registration,
): { child: ChildProcess; output: () => string } {
  const { issuer, clientId, clientSecret, redirectUri, scope } = registration;
  const child = spawn(
    program,
    [
      ...['--provider=oidc', `--oidc-issuer-url=${issuer}`, `--client-id=${clientId}`],
      ...[`--client-secret=${clientSecret}`, `--redirect-url=${redirectUri}`, `--scope=${scope}`],
      ...['--code-challenge-method=S256', '--oidc-groups-claim=roles', '--email-domain=*'],
      ...[`--http-address=127.0.0.1:${port}`, '--cookie-secure=false', '--cookie-refresh=1s'],
      ...[`--cookie-secret=${'0123456789abcdef'.repeat(2)}`, '--skip-provider-button=true'],
      ...[`--upstream=http://127.0.0.1:${(upstream.address() as AddressInfo).port}`],
      `--whitelist-domain=${new URL(issuer).host}`,
    ],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  );
  let text = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => (text += chunk.toString()));
  }
  return { child, output: () => text };
}

describe('oauth2-proxy in front of an application', function () {
  this.timeout(120_000);
  let home: string;
  let bench: Bench | undefined;
  let upstream: Server | undefined;
  let proxy: ReturnType<typeof startProxy> | undefined;

  before(async function () {
    const program = givenOauth2Proxy(this);
    const port = await freePort();
    home = `http://localhost:${port}`;
    [bench, upstream] = await Promise.all([
      startBench({ home, callback: '/oauth2/callback' }),
      startUpstream(),
    ]);
    proxy = startProxy(program, port, upstream, bench.registration);
    await untilStatus(`http://127.0.0.1:${port}/ping`, 200);
  });
  after(async () => {
    if (proxy?.child.exitCode === null) {
      const ended = once(proxy.child, 'exit');
      proxy.child.kill();
      await ended;
    }
    upstream?.closeAllConnections();
    upstream?.close();
    await bench?.stop();
  });

  /** What the application behind the proxy says to this browser. */
  async function seen(browser: Browser): Promise<{ email?: string; groups?: string }> {
    const page = await browser.get(`${home}/`);
    if (page.status !== 200)
      throw new Error(`${page.status} ${page.location ?? page.text}\n${proxy!.output()}`);
    return JSON.parse(page.text) as { email?: string; groups?: string };
  }

  async function signIn(browser: Browser, email: string): Promise<void> {
    const callback = await signInOnTheWay(browser, `${home}/`, email, bench!.registration.redirectUri);
    const page = await browser.get(callback);
    expect(page.status, `${page.text}\n${proxy!.output()}`).to.equal(302);
  }

  it('signs in a person with a password and tells the application of the roles', async () => {
    const browser = bench!.browser();
    await signIn(browser, ada);
    expect(await seen(browser)).to.deep.equal({ email: ada, groups: 'agent' });
  });

  it("signs in a person whom the company's own provider vouches for", async () => {
    const browser = bench!.browser();
    await signIn(browser, grace);
    expect(await seen(browser)).to.include({ email: grace });
  });

  it('refreshes by itself, and tells the application of the roles of the moment', async () => {
    const browser = bench!.browser();
    await signIn(browser, bea);
    await bench!.setRoles(bea, ['crm:lead']);
    const isLead = async () => {
      const told = await seen(browser);
      return told.groups === 'lead' && told;
    };
    const told = await eventually(isLead, () => proxy!.output().slice(-3000), { seconds: 30, pauseMs: 200 });
    expect(told).to.deep.equal({ email: bea, groups: 'lead' });
  });

  it('signs out of the proxy and, asked, of the server', async () => {
    const browser = bench!.browser();
    await signIn(browser, ada);
    const { issuer, clientId, loggedOutUri } = bench!.registration;
    const query = new URLSearchParams({ client_id: clientId, post_logout_redirect_uri: loggedOutUri });
    const end = `${issuer}/session/end?${query.toString()}`;
    const leaving = await browser.get(`${home}/oauth2/sign_out?rd=${encodeURIComponent(end)}`);
    const asked = await browser.follow(leaving);
    expect(asked.text).to.contain('Sign out?');
    const confirm = `${issuer}/session/end/confirm`;
    const done = await browser.follow(
      await browser.post(confirm, { ...asked.fields, logout: 'yes' }),
      loggedOutUri,
    );
    expect(done.location).to.equal(loggedOutUri);
    const again = await browser.follow(await browser.get(`${home}/`));
    expect(again.text).to.contain('name="email"');
  });

  it('shows an error page when the server refuses', async () => {
    const browser = bench!.browser();
    const leaving = await browser.get(`${home}/`);
    const { redirectUri } = bench!.registration;
    const answer = await walk(browser, `${leaving.location ?? ''}&prompt=none`, redirectUri);
    expect(new URL(answer).searchParams.get('error')).to.equal('login_required');
    const page = await browser.get(answer);
    expect(page.status, page.text).to.be.oneOf([403, 500]);
    expect(page.text).to.contain('login_required');
  });
});
