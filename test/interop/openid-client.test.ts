import * as client from 'openid-client';
import { generators, Issuer, type TokenSet } from 'openid-client-5';
import type { Registration } from './bench.js';
import { describeFlow, type ClientApplication, type Tokens } from './flow.js';

async function withVersion6(registration: Registration): Promise<ClientApplication> {
  const { issuer, clientId, clientSecret, redirectUri, loggedOutUri, scope } = registration;
  const config = await client.discovery(new URL(issuer), clientId, clientSecret, undefined, {
    // eslint-disable-next-line @typescript-eslint/no-deprecated -- named so to stand out; the test server speaks plain http.
    execute: [client.allowInsecureRequests, client.enableNonRepudiationChecks],
  });
  const checks = {
    pkceCodeVerifier: client.randomPKCECodeVerifier(),
    expectedState: client.randomState(),
    expectedNonce: client.randomNonce(),
    idTokenExpected: true,
  };
  let kept: client.TokenEndpointResponse & client.TokenEndpointResponseHelpers;
  const told = (): Tokens => ({ claims: { ...kept.claims() }, scope: kept.scope ?? '' });
  return {
    async begin(prompt) {
      const url = client.buildAuthorizationUrl(config, {
        redirect_uri: redirectUri,
        scope,
        code_challenge: await client.calculatePKCECodeChallenge(checks.pkceCodeVerifier),
        code_challenge_method: 'S256',
        state: checks.expectedState,
        nonce: checks.expectedNonce,
        ...(prompt && { prompt }),
      });
      return url.href;
    },
    async finish(callback) {
      kept = await client.authorizationCodeGrant(config, new URL(callback), checks);
      const userinfo = await client.fetchUserInfo(config, kept.access_token, kept.claims()!.sub);
      return { ...told(), userinfo };
    },
    async refresh() {
      kept = await client.refreshTokenGrant(config, kept.refresh_token!);
      return told();
    },
    signOut: () =>
      Promise.resolve(
        client.buildEndSessionUrl(config, {
          id_token_hint: kept.id_token!,
          post_logout_redirect_uri: loggedOutUri,
        }).href,
      ),
    close: () => Promise.resolve(),
  };
}

async function withVersion5(registration: Registration): Promise<ClientApplication> {
  const { issuer, clientId, clientSecret, redirectUri, loggedOutUri, scope } = registration;
  const { Client } = await Issuer.discover(issuer);
  const relyingParty = new Client({
    client_id: clientId,
    client_secret: clientSecret,
    redirect_uris: [redirectUri],
  });
  const checks = {
    code_verifier: generators.codeVerifier(),
    state: generators.state(),
    nonce: generators.nonce(),
  };
  let kept: TokenSet;
  const told = (): Tokens => ({ claims: kept.claims(), scope: kept.scope ?? '' });
  return {
    begin: (prompt) =>
      Promise.resolve(
        relyingParty.authorizationUrl({
          scope,
          code_challenge: generators.codeChallenge(checks.code_verifier),
          code_challenge_method: 'S256',
          state: checks.state,
          nonce: checks.nonce,
          ...(prompt && { prompt }),
        }),
      ),
    async finish(callback) {
      kept = await relyingParty.callback(redirectUri, relyingParty.callbackParams(callback), checks);
      return { ...told(), userinfo: await relyingParty.userinfo(kept) };
    },
    async refresh() {
      kept = await relyingParty.refresh(kept);
      return told();
    },
    signOut: () =>
      Promise.resolve(
        relyingParty.endSessionUrl({ id_token_hint: kept, post_logout_redirect_uri: loggedOutUri }),
      ),
    close: () => Promise.resolve(),
  };
}

describeFlow('openid-client 6', withVersion6);
describeFlow('openid-client 5', withVersion5);
