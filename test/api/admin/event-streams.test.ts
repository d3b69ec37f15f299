import { expect } from 'chai';
import { connect, type Socket } from 'node:net';
import { createDirectory, deleteDirectory } from '../../../src/identity/directories/directories.js';
import { createToken } from '../../../src/identity/directories/tokens.js';
import { updateRole } from '../../../src/identity/roles/roles.js';
import { subscribeRequests, type LoggedRequest } from '../../../src/scim/log/preview.js';
import { newId } from '../../../src/shared/ids.js';
import { givenTenant, type ApiTenant } from '../../support/api.js';
import { startApp, type TestApp } from '../../support/app.js';
import { openBrowser } from '../../support/browser.js';
import { eventually } from '../../support/eventually.js';
import { newUser } from '../../support/scim-data.js';
import { signIn } from '../../support/sign-in.js';

const password = 'a long enough password';

describe('event streams of a directory’s requests', () => {
  let app: TestApp;
  /** What is open, with its answer: one that nothing refers to is closed when memory is collected. */
  const open = new Map<AbortController, Response | undefined>();

  beforeEach(async () => {
    app = await startApp();
  });
  afterEach(async () => {
    for (const abort of open.keys()) abort.abort();
    open.clear();
    await app.stop();
  });

  /** A tenant with a directory; `follow` opens a stream and answers with its status and what ends it. */
  async function given() {
    const tenant = await givenTenant(app);
    const directory = await createDirectory(app.core, tenant.system, { name: 'First' });
    const { token } = await createToken(app.core, tenant.system, directory._id, { name: 't' });
    const path = `/api/v1/directories/${directory._id}/requests/stream`;
    const follow = async (headers: Record<string, string> = { authorization: `Bearer ${tenant.key}` }) => {
      const abort = new AbortController();
      open.set(abort, undefined);
      const res = await fetch(`${app.url}${path}`, { headers, signal: abort.signal });
      open.set(abort, res);
      return { status: res.status, res, text: () => res.text(), close: () => abort.abort() };
    };
    const send = (body: object) =>
      fetch(`${app.url}/scim/v2/Users`, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/scim+json' },
        body: JSON.stringify(body),
      }).then((res) => res.text());
    return { tenant, directory, path, follow, send };
  }

  it('are at most 20 of one tenant at a time, whichever key asks; one that closes makes room', async () => {
    const { tenant, follow } = await given();
    const other = await given();
    const key = await tenant.givenKey(['scim.manage']);
    const first = await Promise.all(Array.from({ length: 20 }, () => follow()));
    expect(first.map(({ status }) => status)).to.deep.equal(Array<number>(20).fill(200));
    const refused = await follow({ authorization: `Bearer ${key}` });
    expect(refused.status).to.equal(429);
    expect(Number(refused.res.headers.get('retry-after'))).to.be.at.least(1);
    expect(((await refused.res.json()) as { code: string }).code).to.equal('rate.limited');
    expect((await other.follow()).status).to.equal(200);
    first[0]?.close();
    await eventually(async () => (await follow()).status === 200, 'there is room again');
  });

  it('are at most 200 in one process', async () => {
    const given10 = await Promise.all(Array.from({ length: 11 }, () => given()));
    for (const { follow } of given10.slice(0, 10)) {
      const streams = await Promise.all(Array.from({ length: 20 }, () => follow()));
      expect(streams.every(({ status }) => status === 200)).to.equal(true);
    }
    expect((await given10[10]!.follow()).status).to.equal(429);
  });

  it('are dropped when their reader leaves more than a megabyte unread, and the memory with them', async () => {
    const { tenant, path, follow, send } = await given();
    const sockets: Socket[] = [];
    try {
      for (let at = 0; at < 20; at += 1) {
        const socket = connect(Number(new URL(app.url).port), '127.0.0.1');
        sockets.push(socket);
        socket.write(`GET ${path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${tenant.key}\r\n\r\n`);
        await new Promise((resolve) => socket.once('data', resolve));
        socket.pause();
      }
      expect((await follow()).status).to.equal(429);
      // Refused, but logged with their bodies: 240 kB each.
      const large = {
        ...newUser(),
        nonsense: Array.from({ length: 60 }, () => 'x'.repeat(4000)),
        userName: 7,
      };
      let status = 429;
      for (let sent = 0; sent < 200 && status === 429; sent += 1) {
        await send(large);
        const tried = await follow();
        ({ status } = tried);
        tried.close();
      }
      expect(status).to.equal(200);
    } finally {
      for (const socket of sockets) socket.destroy();
    }
  });

  it('look at the log once for all who follow one directory, in one text', async () => {
    const { tenant, directory } = await given();
    const tenantId = tenant.tenant._id;
    const heard: LoggedRequest[][] = Array.from({ length: 20 }, () => []);
    let arrived: () => void = () => undefined;
    const all = new Promise<void>((resolve) => (arrived = resolve));
    const stops = heard.map((list) =>
      subscribeRequests(app.core, tenantId, directory._id, (request) => {
        list.push(request);
        if (heard.every(({ length }) => length === 1)) arrived();
      }),
    );
    try {
      // As another process writes it: nobody here answered it.
      await app.core.store
        .tenant(tenantId)
        .collection('scim_requests')
        .insert(loggedElsewhere(tenantId, directory._id));
      await all;
      expect(new Set(heard.flat()).size).to.equal(1);
    } finally {
      for (const stop of stops) stop();
    }
  });

  const loggedElsewhere = (tenantId: string, directoryId: string) => ({
    _id: newId(),
    tenantId,
    directoryId,
    at: new Date(),
    method: 'GET',
    path: '/Users',
    status: 200,
    latencyMs: 1,
    requestId: 'r',
    userAgent: 'x',
    ip: '127.0.0.1',
    body: null,
    deviations: [],
    target: null,
    diff: [],
    roleChanges: [],
    error: null,
    operations: [],
    expiresAt: new Date(Date.now() + 86_400_000),
  });

  const endings: [string, (tenant: ApiTenant, directoryId: string) => Promise<unknown>][] = [
    [
      'its key is revoked',
      async (tenant) => {
        const keys = (await tenant.call('get', '/api-keys')).body as {
          items: { id: string; name: string }[];
        };
        const key = keys.items.find(({ name }) => name.startsWith('r'))!;
        await tenant.call('delete', `/api-keys/${key.id}`).expect(204);
      },
    ],
    [
      'its role loses the permission',
      async (tenant) => {
        const role = await roleOf(tenant);
        await updateRole(app.core, tenant.system, role.id, { permissions: ['users.read'] });
      },
    ],
    [
      'its directory is deleted',
      (tenant, directoryId) => deleteDirectory(app.core, tenant.system, directoryId),
    ],
  ];
  async function roleOf(tenant: ApiTenant): Promise<{ id: string; key: string }> {
    const roles = (await tenant.call('get', '/roles')).body as { items: { id: string; key: string }[] };
    return roles.items.find(({ key }) => /^r\d+$/.test(key))!;
  }
  for (const [what, happen] of endings) {
    it(`end when ${what}`, async () => {
      const { tenant, directory, follow } = await given();
      const key = await tenant.givenKey(['scim.manage']);
      const { status, text } = await follow({ authorization: `Bearer ${key}` });
      expect(status).to.equal(200);
      await happen(tenant, directory._id);
      await text();
    });
  }

  for (const what of ['disable', 'end-sessions'] as const) {
    it(`end with the session: ${what}`, async () => {
      const { tenant, follow } = await given();
      const email = `${what}@acme.test`;
      await tenant.givenUser({ roles: ['administrator'] });
      const user = await tenant.givenUser({ email, password, roles: ['administrator'] });
      const browser = openBrowser(app.url);
      await signIn(browser, email, password, `?tenant=${tenant.tenant.slug}`);
      const { status, text } = await follow({ cookie: await browser.jar.getCookieString(app.url) });
      expect(status).to.equal(200);
      await tenant.call('post', `/users/${user._id}/${what}`);
      await text();
    });
  }
});
