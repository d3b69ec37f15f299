import { expect } from 'chai';
import { decodeJwt } from 'jose';
import type { ApplicationDocument } from '../../../src/persistence/collections/applications.js';
import type { TenantDocument } from '../../../src/persistence/collections/tenants.js';
import type { UserDocument } from '../../../src/persistence/collections/users.js';
import { startApp, type TestApp } from '../../support/app.js';
import {
  browserOf,
  callbackUri,
  grantOf,
  makeApplication,
  makeRole,
  makeUser,
  postAs,
  refresh,
  relyingParty,
  type RelyingParty,
} from '../../support/oidc.js';
import { givenTenant } from '../../support/people.js';
import type { UserAgent } from '../../support/user-agent.js';

/** A form of a page, as a browser would send it by one of its buttons. */
async function send(browser: UserAgent, page: { url: URL; response: Response | undefined }, button: string) {
  const html = await page.response!.clone().text();
  const csrf = /name="_csrf" value="([^"]+)"/.exec(html)?.[1] ?? '';
  const action = /<form method="post" action="([^"]+)"/.exec(html)?.[1] ?? '';
  const answer = await browser.post(new URL(action, page.url).href, { _csrf: csrf, decision: button });
  return { html, answer };
}

describe('OpenID provider: consent for applications of third parties', () => {
  let app: TestApp;
  let tenant: TenantDocument;
  let user: UserDocument;
  let browser: UserAgent;
  let application: ApplicationDocument & { secret: string };
  let party: RelyingParty;
  before(async () => {
    app = await startApp();
    tenant = await givenTenant(app.core);
  });
  beforeEach(async () => {
    application = await makeApplication(app.core, tenant, {
      isThirdParty: true,
      resources: [{ resource: 'https://api.example.test', scopes: ['orders.read'] }],
    });
    user = await makeUser(app.core, tenant);
    browser = await browserOf(app.core, user);
    party = await relyingParty(app.core, application);
  });
  after(() => app.stop());

  /** @returns where the browser ends: the application, or a page. */
  const begin = async (parameters: Record<string, string> = {}) => {
    const begun = await party.request(parameters);
    return { begun, page: await browser.follow(begun.url, callbackUri) };
  };
  const allow = async (parameters: Record<string, string> = {}) => {
    const { begun, page } = await begin(parameters);
    const { html, answer } = await send(browser, page, 'allow');
    const { url } = await browser.follow(new URL(answer.headers.get('location')!, app.url).href, callbackUri);
    return { html, tokens: await party.exchange(url, begun) };
  };

  it('asks once, says what for, and remembers the answer', async () => {
    const { html, tokens } = await allow({ scope: 'openid email offline_access' });
    expect(html).to.include(application.name).and.to.include('see your email address');
    expect(html).not.to.include('see your name');
    expect(tokens.claims()!.sub).to.equal(user._id);
    const again = await begin({ scope: 'openid email', prompt: 'none' });
    expect(again.page.url.searchParams.get('code')).to.be.a('string');
    const more = await begin({ scope: 'openid email profile', prompt: 'none' });
    expect(more.page.url.searchParams.get('error')).to.equal('consent_required');
    const another = await allow({
      scope: 'openid orders.read',
      resource: 'https://api.example.test',
      prompt: 'consent',
    });
    expect(another.html).to.include('orders.read at https://api.example.test');
  });

  it('is in German for whoever asks for it, also what an API and a single claim are called', async () => {
    const { page } = await begin({
      scope: 'openid email orders.read',
      resource: 'https://api.example.test',
      claims: JSON.stringify({ userinfo: { given_name: null } }),
      ui_locales: 'de',
    });
    const html = await page.response!.clone().text();
    for (const text of [
      '<html lang="de"',
      `${application.name} einlassen?`,
      `${application.name} möchte:`,
      'wissen, wer Sie sind',
      'Ihre E-Mail-Adresse sehen',
      'Ihre Angabe given_name sehen',
      'orders.read bei https://api.example.test nutzen',
      'Erlauben',
    ])
      expect(html).to.include(text);
    expect(html).not.to.match(/asks to|see your| at https|Allow</);
  });

  it('keeps the person’s roles out of a token for an API until the person agreed to tell them', async () => {
    const role = await makeRole(app.core, tenant, application, 'agent', ['calls.read']);
    const agent = await makeUser(app.core, tenant, { grants: [grantOf(role)] });
    browser = await browserOf(app.core, agent);
    for (const scope of ['openid orders.read', 'openid roles orders.read']) {
      const { begun, page } = await begin({ scope, resource: 'https://api.example.test' });
      const { answer } = await send(browser, page, 'allow');
      const { url } = await browser.follow(
        new URL(answer.headers.get('location')!, app.url).href,
        callbackUri,
      );
      const answered = await postAs(app.core, application, '/token', {
        grant_type: 'authorization_code',
        code: url.searchParams.get('code')!,
        redirect_uri: callbackUri,
        code_verifier: begun.verifier,
        resource: 'https://api.example.test',
      });
      const { access_token: token } = (await answered.json()) as { access_token: string };
      const told = decodeJwt(token);
      expect(told.sub).to.equal(agent._id);
      const isAgreed = scope.includes('roles');
      expect(told['roles']).to.deep.equal(isAgreed ? ['agent'] : undefined);
      expect(told['permissions']).to.deep.equal(isAgreed ? ['calls.read'] : undefined);
    }
  });

  it('tells the application when the person does not agree, and gives it nothing', async () => {
    const { page } = await begin();
    const { answer } = await send(browser, page, 'deny');
    const { url } = await browser.follow(new URL(answer.headers.get('location')!, app.url).href, callbackUri);
    expect(url.searchParams.get('error')).to.equal('access_denied');
    expect((await begin({ prompt: 'none' })).page.url.searchParams.get('error')).to.equal('consent_required');
  });

  it('takes a double click on its button as one', async () => {
    const { begun, page } = await begin();
    const html = await page.response!.clone().text();
    const form = { _csrf: /name="_csrf" value="([^"]+)"/.exec(html)![1]!, decision: 'allow' };
    const clicks = await Promise.all([1, 2].map(() => browser.post(page.url.href, form)));
    expect(clicks.map(({ status }) => status)).to.deep.equal([303, 303]);
    const next = new URL(clicks[1]!.headers.get('location')!, app.url);
    const { url } = await browser.follow(next.href, callbackUri);
    expect((await party.exchange(url, begun)).claims()!.sub).to.equal(user._id);
  });

  it('takes no answer without the page’s own token, nor from another browser', async () => {
    const { page } = await begin();
    const forged = await browser.post(page.url.href, { decision: 'allow' });
    expect(forged.status).to.equal(403);
    const stranger = await browserOf(app.core, await makeUser(app.core, tenant));
    expect((await stranger.post(page.url.href, { decision: 'allow' })).status).to.equal(400);
    expect((await begin({ prompt: 'none' })).page.url.searchParams.get('error')).to.equal('consent_required');
  });

  it('is taken back on the account page: tokens are dead at once, and the next sign-in asks', async () => {
    const { tokens } = await allow();
    const account = await browser.get(`${app.url}/account/applications`);
    const html = await account.text();
    expect(html).to.include('Applications you let in').and.to.include(application.name);
    const csrf = /name="_csrf" value="([^"]+)"/.exec(html)?.[1] ?? '';
    const gone = await browser.post(`${app.url}/account/consents/withdraw`, {
      _csrf: csrf,
      application: application._id,
    });
    expect(gone.headers.get('location')).to.equal('/account/applications?done=consent');
    expect((await refresh(app.core, application, tokens.refresh_token)).body['error']).to.equal(
      'invalid_grant',
    );
    const headers = { authorization: `Bearer ${tokens.access_token}` };
    expect((await fetch(`${app.url}/oidc/userinfo`, { headers })).status).to.equal(401);
    const next = await begin();
    expect(await next.page.response!.text()).to.include(`Let ${application.name} in?`);
  });

  it('is never asked for applications of one’s own organization, also with prompt=consent', async () => {
    const own = await relyingParty(app.core, await makeApplication(app.core, tenant));
    const tokens = await own.signIn(browser, { prompt: 'consent' });
    expect(tokens.claims()!.sub).to.equal(user._id);
  });
});
