import { expect } from 'chai';
import * as client from 'openid-client';
import { systemActor } from '../../../src/identity/actors.js';
import {
  createApplication,
  replaceApplicationSecret,
  updateApplication,
} from '../../../src/identity/applications/applications.js';
import type { TenantDocument } from '../../../src/persistence/collections/tenants.js';
import type { UserDocument } from '../../../src/persistence/collections/users.js';
import { startApp, type TestApp } from '../../support/app.js';
import { ManualClock } from '../../support/clock.js';
import {
  browserOf,
  callbackUri,
  introspect,
  makeApplication,
  makeUser,
  postAs,
  relyingParty,
  signIn,
  type AuthorizationRequest,
  type RelyingParty,
} from '../../support/oidc.js';
import { givenTenant } from '../../support/people.js';
import { openUserAgent, type UserAgent } from '../../support/user-agent.js';

describe('OpenID provider: what a request may ask for', () => {
  let clock: ManualClock;
  let app: TestApp;
  let tenant: TenantDocument;
  let user: UserDocument;
  let other: UserDocument;
  let party: RelyingParty;
  before(async () => {
    clock = new ManualClock(new Date().toISOString());
    app = await startApp({ clock });
    tenant = await givenTenant(app.core);
    [user, other] = [await makeUser(app.core, tenant), await makeUser(app.core, tenant)];
    party = await relyingParty(app.core, await makeApplication(app.core, tenant));
  });
  after(() => app.stop());

  /** Goes to the sign-in page, signs in as this person, and comes back to wherever the request leads then. */
  async function answerAfter(
    browser: UserAgent,
    request: AuthorizationRequest,
    as: UserDocument,
  ): Promise<URL> {
    const stop = await browser.get(request.url);
    const interaction = new URL(stop.headers.get('location')!, request.url);
    expect(interaction.pathname).to.match(/^\/oidc\/interaction\//);
    await browser.get(interaction.href);
    await signIn(app.core, browser, as);
    return (await browser.follow(interaction.href, callbackUri)).url;
  }
  const hintOf = async (person: UserDocument): Promise<string> =>
    (await party.signIn(await browserOf(app.core, person))).id_token!;
  const subValue = (sub: string) => JSON.stringify({ id_token: { sub: { value: sub } } });

  const subjects: Record<string, (person: UserDocument) => Promise<Record<string, string>>> = {
    id_token_hint: async (person) => ({ id_token_hint: await hintOf(person) }),
    'the claim sub': (person) => Promise.resolve({ claims: subValue(person._id) }),
    'the claim sub, essential': (person) =>
      Promise.resolve({
        claims: JSON.stringify({ id_token: { sub: { essential: true, value: person._id } } }),
      }),
    'the claim sub, among several': (person) =>
      Promise.resolve({ claims: JSON.stringify({ id_token: { sub: { values: ['nobody', person._id] } } }) }),
    'the claim sub of userinfo': (person) =>
      Promise.resolve({ claims: JSON.stringify({ userinfo: { sub: { value: person._id } } }) }),
  };
  for (const [what, ask] of Object.entries(subjects)) {
    it(`never answers with tokens of anybody else than ${what} names: login_required after a sign-in`, async () => {
      for (const browser of [openUserAgent(), await browserOf(app.core, other)]) {
        const request = await party.request(await ask(user));
        const target = await answerAfter(browser, request, other);
        expect(target.href).to.include(callbackUri);
        expect(target.searchParams.get('error')).to.equal('login_required');
        expect(target.searchParams.get('state')).to.equal(request.state);
        expect(target.searchParams.has('code')).to.equal(false);
      }
    });

    it(`answers with tokens of the person ${what} names, whoever was signed in before`, async () => {
      for (const browser of [openUserAgent(), await browserOf(app.core, other)]) {
        const request = await party.request(await ask(user));
        const target = await answerAfter(browser, request, user);
        expect((await party.exchange(target, request)).claims()!.sub).to.equal(user._id);
      }
      const silent = await party.signIn(await browserOf(app.core, user), {
        ...(await ask(user)),
        prompt: 'none',
      });
      expect(silent.claims()!.sub).to.equal(user._id);
      const refused = await (
        await browserOf(app.core, other)
      ).get((await party.request({ ...(await ask(user)), prompt: 'none' })).url);
      expect(refused.headers.get('location')).to.include('error=login_required');
    });
  }

  const acrs = [{ values: ['urn:x'] }, { value: 'urn:x' }, { values: ['urn:x', 'urn:y'] }];
  for (const acr of acrs) {
    it(`ends an essential acr that nobody can obtain with an error to the application (${JSON.stringify(acr)})`, async () => {
      const claims = JSON.stringify({ id_token: { acr: { essential: true, ...acr } } });
      for (const browser of [openUserAgent(), await browserOf(app.core, user)]) {
        const answer = await browser.get((await party.request({ claims })).url);
        const target = new URL(answer.headers.get('location')!);
        expect(target.searchParams.get('error')).to.equal('unmet_authentication_requirements');
      }
      const voluntary = JSON.stringify({ id_token: { acr } });
      const tokens = await party.signIn(await browserOf(app.core, user), { claims: voluntary });
      expect(tokens.claims()!.sub).to.equal(user._id);
    });
  }

  const claimsOf: Record<string, object> = {
    'nothing at all': {},
    'an access token’s claims, as MSAL asks for them': { access_token: { xms_cc: { values: ['cp1'] } } },
    'a known member beside an unknown one': { userinfo: { name: null }, whatever: [1, 2] },
    'claims nobody knows': { id_token: { shoe_size: { essential: true } }, userinfo: { hat: null } },
  };
  for (const [what, claims] of Object.entries(claimsOf)) {
    it(`takes a request for ${what}: what is not understood is ignored`, async () => {
      const tokens = await party.signIn(await browserOf(app.core, user), { claims: JSON.stringify(claims) });
      expect(tokens.claims()!.sub).to.equal(user._id);
      const application = await makeApplication(app.core, tenant);
      const pushed = await relyingParty(app.core, application);
      const request = await pushed.request({ claims: JSON.stringify(claims) });
      const parameters = Object.fromEntries(new URL(request.url).searchParams);
      expect((await postAs(app.core, application, '/request', parameters)).status).to.equal(201);
    });
  }

  for (const claims of ['nonsense', '[]', '"text"', 'null', '{"userinfo":[]}', '{"id_token":7}']) {
    it(`refuses claims that are none: ${claims}`, async () => {
      const answer = await (await browserOf(app.core, user)).get((await party.request({ claims })).url);
      expect(answer.headers.get('location')).to.include('error=invalid_request');
    });
  }

  it('takes a code without PKCE from an application with a secret that was let off, and from no other', async () => {
    const legacy = await makeApplication(app.core, tenant, { requirePkce: false });
    const odd = await makeApplication(app.core, tenant, { requirePkce: false, clientSecretHash: null });
    const withoutPkce = async (
      one: RelyingParty,
    ): Promise<{ request: AuthorizationRequest; target: URL }> => {
      const request = await one.request();
      const url = new URL(request.url);
      url.searchParams.delete('code_challenge');
      url.searchParams.delete('code_challenge_method');
      const target = (await (await browserOf(app.core, user)).follow(url.href, callbackUri)).url;
      return { request, target };
    };
    const own = await relyingParty(app.core, legacy);
    const { request, target } = await withoutPkce(own);
    const tokens = await client.authorizationCodeGrant(own.config, target, {
      expectedState: request.state,
      expectedNonce: request.nonce,
      idTokenExpected: true,
    });
    expect(tokens.claims()!.sub).to.equal(user._id);
    expect((await own.signIn(await browserOf(app.core, user))).claims()!.sub).to.equal(user._id);
    for (const strict of [party, await relyingParty(app.core, odd)]) {
      expect((await withoutPkce(strict)).target.searchParams.get('error')).to.equal('invalid_request');
    }
  });

  it('takes the secret before the present one until its overlap is over, and no longer', async () => {
    const actor = systemActor(tenant._id);
    const input = { key: 'rotating', name: 'Rotating', redirectUris: ['https://app.example.test/cb'] };
    const { application, clientSecret: first } = await createApplication(app.core, actor, input);
    const isTaken = async (secret: string | null): Promise<boolean> => {
      const answer = await introspect(app.core, { ...application, secret: secret ?? '' }, 'nonsense');
      return answer['error'] === undefined;
    };
    const rotate = async (overlapSeconds: number): Promise<string> =>
      (await replaceApplicationSecret(app.core, actor, 'rotating', { overlapSeconds })).clientSecret;
    const second = await rotate(3600);
    expect([await isTaken(first), await isTaken(second)]).to.deep.equal([true, true]);
    clock.advance(3_599_000);
    expect(await isTaken(first)).to.equal(true);
    clock.advance(1000);
    expect([await isTaken(first), await isTaken(second)]).to.deep.equal([false, true]);
    const third = await rotate(3600);
    const fourth = await rotate(3600);
    expect([await isTaken(second), await isTaken(third), await isTaken(fourth)]).to.deep.equal([
      false,
      true,
      true,
    ]);
    const fifth = await rotate(0);
    expect([await isTaken(third), await isTaken(fourth), await isTaken(fifth)]).to.deep.equal([
      false,
      false,
      true,
    ]);
    const sixth = await rotate(3600);
    await updateApplication(app.core, actor, 'rotating', { clientSecret: 'a secret from the file' });
    expect([
      await isTaken(fifth),
      await isTaken(sixth),
      await isTaken('a secret from the file'),
    ]).to.deep.equal([false, false, true]);
  });
});
