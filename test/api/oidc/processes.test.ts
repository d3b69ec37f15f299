import { expect } from 'chai';
import { EventEmitter, once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createApp } from '../../../src/app.js';
import type { Core } from '../../../src/identity/core.js';
import type { ApplicationDocument } from '../../../src/persistence/collections/applications.js';
import type { TenantDocument } from '../../../src/persistence/collections/tenants.js';
import type { UserDocument } from '../../../src/persistence/collections/users.js';
import type { Store } from '../../../src/persistence/store.js';
import { AppError } from '../../../src/shared/errors.js';
import { asOtherProcess } from '../../support/other-process.js';
import { overriding } from '../../support/overriding.js';
import { startApp, type TestApp } from '../../support/app.js';
import {
  browserOf,
  callbackUri,
  makeApplication,
  makeUser,
  relyingParty,
  type RelyingParty,
} from '../../support/oidc.js';
import { givenTenant } from '../../support/people.js';

/** A second server with everything of its own but the database, behind the same public address. */
async function serve(core: Core): Promise<{ url: string; server: Server }> {
  const server = createServer(createApp(asOtherProcess(core), '0.0.0-test').express);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, server };
}

/** The same store with some of its collections put in place of the real ones. */
function withServerCollections(real: Store, instead: Record<string, unknown>): Store {
  const collection = ((name: 'applications') =>
    instead[name] ?? real.server.collection(name)) as typeof real.server.collection;
  return overriding(real, { server: { collection } });
}

async function close(server: Server): Promise<void> {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
}

describe('OpenID provider: several processes, one database', () => {
  let app: TestApp;
  let second: { url: string; server: Server };
  let application: ApplicationDocument & { secret: string };
  let tenant: TenantDocument;
  let user: UserDocument;
  let party: RelyingParty;
  before(async () => {
    app = await startApp();
    second = await serve(app.core);
    tenant = await givenTenant(app.core);
    application = await makeApplication(app.core, tenant);
    user = await makeUser(app.core, tenant);
    party = await relyingParty(app.core, application);
  });
  after(async () => {
    await close(second.server);
    await app.stop();
  });

  const token = (origin: string, form: Record<string, string>): Promise<Response> =>
    fetch(`${origin}/oidc/token`, {
      method: 'POST',
      body: new URLSearchParams({
        ...form,
        client_id: application.clientId,
        client_secret: application.secret,
      }),
    });

  it('share sessions, codes, tokens and keys', async () => {
    const browser = await browserOf(app.core, user);
    const tokens = await party.signIn(browser);
    const headers = { authorization: `Bearer ${tokens.access_token}` };
    expect((await fetch(`${second.url}/oidc/userinfo`, { headers })).status).to.equal(200);
    const [here, there] = await Promise.all(
      [app.url, second.url].map(async (origin) => (await fetch(`${origin}/oidc/jwks`)).json()),
    );
    expect(there).to.deep.equal(here);
    const form = { grant_type: 'refresh_token', refresh_token: tokens.refresh_token! };
    expect((await token(second.url, form)).status).to.equal(200);
    expect((await token(app.url, form)).status).to.equal(400);
  });

  it('give tokens for a code to one of them alone, when both are asked at the same moment', async () => {
    const request = await party.request();
    const { url } = await (await browserOf(app.core, user)).follow(request.url, callbackUri);
    const form = {
      grant_type: 'authorization_code',
      code: url.searchParams.get('code')!,
      redirect_uri: callbackUri,
      code_verifier: request.verifier,
    };
    const origins = [app.url, second.url, app.url, second.url];
    const answers = await Promise.all(origins.map((origin) => token(origin, form)));
    expect(answers.map(({ status }) => status).sort()).to.deep.equal([200, 400, 400, 400]);
  });

  /** A third server whose answers to refreshes are held back: the old token is used, the new ones are not stored yet. */
  async function servePaused(): Promise<{
    url: string;
    server: Server;
    reached: Promise<unknown>;
    open(): void;
  }> {
    const gate = new EventEmitter();
    const reached = once(gate, 'reached');
    const opened = once(gate, 'opened');
    const real = app.core.store;
    const payloads = real.server.collection('oidc_payloads');
    const insert: typeof payloads.insert = async (document) => {
      gate.emit('reached');
      await opened;
      return payloads.insert(document);
    };
    const store = withServerCollections(real, { oidc_payloads: overriding(payloads, { insert }) });
    return { ...(await serve({ ...app.core, store })), reached, open: () => gate.emit('opened') };
  }

  /** Uses a refresh token at the same moment at two processes; the one that came first, and a refresh with what it got. */
  async function refreshTwice(one: typeof application): Promise<number[]> {
    const { refresh_token } = await (
      await relyingParty(app.core, one)
    ).signIn(await browserOf(app.core, user));
    const paused = await servePaused();
    try {
      const form = { grant_type: 'refresh_token', refresh_token: refresh_token!, client_id: one.clientId };
      const secret = one.clientSecretHash === null ? {} : { client_secret: one.secret };
      const send = (origin: string, token: string) =>
        fetch(`${origin}/oidc/token`, {
          method: 'POST',
          body: new URLSearchParams({ ...form, ...secret, refresh_token: token }),
        });
      const first = send(paused.url, form.refresh_token);
      await paused.reached;
      const second = await send(app.url, form.refresh_token);
      paused.open();
      const won = (await (await first).json()) as Record<string, string>;
      const next = await send(app.url, won['refresh_token'] ?? '');
      return [second.status, (await first).status, next.status];
    } finally {
      paused.open();
      await close(paused.server);
    }
  }

  it('refuse the second of two refreshes at the same moment, and let the first one go on', async () => {
    expect(await refreshTwice(application)).to.deep.equal([400, 200, 200]);
  });

  it('end the grant when a public application’s token is used twice at the same moment', async () => {
    const spa = await makeApplication(app.core, tenant, { clientSecretHash: null });
    const [second, , next] = await refreshTwice(spa);
    expect([second, next]).to.deep.equal([400, 400]);
  });

  it('answer 503 with Retry-After while the database is away', async () => {
    const away = () => Promise.reject(new AppError('server.unavailable', 'the database does not answer'));
    let isAway = false;
    const real = app.core.store;
    const applications = real.server.collection('applications');
    const findOne: typeof applications.findOne = (query) => (isAway ? away() : applications.findOne(query));
    const store = withServerCollections(real, { applications: overriding(applications, { findOne }) });
    const third = await serve({ ...app.core, store });
    try {
      expect((await fetch(`${third.url}/oidc/jwks`)).status).to.equal(200);
      isAway = true;
      const answers = [
        await token(third.url, { grant_type: 'refresh_token', refresh_token: 'x' }),
        await fetch((await party.request()).url.replace(app.url, third.url), { redirect: 'manual' }),
      ];
      for (const answer of answers) {
        expect(answer.status).to.equal(503);
        expect(answer.headers.get('retry-after')).to.equal('5');
      }
    } finally {
      await close(third.server);
    }
  });
});
