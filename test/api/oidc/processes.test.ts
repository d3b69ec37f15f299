import { expect } from 'chai';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createApp } from '../../../src/app.js';
import type { Core } from '../../../src/identity/core.js';
import type { ApplicationDocument } from '../../../src/persistence/collections/tenants.js';
import type { UserDocument } from '../../../src/persistence/collections/users.js';
import { AppError } from '../../../src/shared/errors.js';
import { startApp, type TestApp } from '../../support/app.js';
import {
  browserOf,
  callbackUri,
  makeApplication,
  makeTenant,
  makeUser,
  relyingParty,
  type RelyingParty,
} from '../../support/oidc.js';

/** A second server with everything of its own but the database, behind the same public address. */
async function serve(core: Core): Promise<{ url: string; server: Server }> {
  const server = createServer(createApp({ ...core }, '0.0.0-test').express);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, server };
}

async function close(server: Server): Promise<void> {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
}

describe('OpenID provider: several processes, one database', () => {
  let app: TestApp;
  let second: { url: string; server: Server };
  let application: ApplicationDocument & { secret: string };
  let user: UserDocument;
  let party: RelyingParty;
  before(async () => {
    app = await startApp();
    second = await serve(app.core);
    const tenant = await makeTenant(app.core);
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

  it('answer 503 with Retry-After while the database is away', async () => {
    const away = () => Promise.reject(new AppError('server.unavailable', 'the database does not answer'));
    let isAway = false;
    const real = app.core.store;
    const collection = ((name: 'applications' | 'sessions') => {
      const found = real.server.collection(name as 'applications');
      return name === 'applications' && isAway ? { ...found, findOne: away } : found;
    }) as typeof real.server.collection;
    const store = {
      ...real,
      server: { collection },
      tenant: real.tenant.bind(real),
      transaction: real.transaction.bind(real),
    };
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
