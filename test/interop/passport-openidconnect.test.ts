import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import express, { type ErrorRequestHandler, type RequestHandler } from 'express';
import { decodeJwt } from 'jose';
import passport from 'passport';
import { Strategy, type VerifyCallback } from 'passport-openidconnect';
import { openBrowser } from '../support/browser.js';
import type { Registration } from './bench.js';
import { describeFlow, type ClientApplication, type Tokens } from './flow.js';

interface Kept {
  idToken: string;
  refreshToken: string;
  userinfo: Record<string, unknown>;
  scope: string;
}

/** node-oauth's client in a strategy: what passport-oauth2-refresh uses as well. */
interface OAuth2 {
  getOAuthAccessToken(
    code: string,
    params: object,
    done: (error: { data?: string } | null, access: string, refresh: string, answer: TokenAnswer) => void,
  ): void;
}
interface TokenAnswer {
  id_token: string;
  scope: string;
}

/** A session for one browser, in the place of express-session. */
function oneSession(): RequestHandler {
  const session = {};
  return (req, _res, next) => {
    Object.assign(req, { session });
    next();
  };
}

/** What the library makes of a refusal, told to the browser. */
const tellRefusal: ErrorRequestHandler = (problem: { code?: string; message: string }, _req, res, _next) => {
  res.status(502).json({ error: problem.code, message: problem.message });
};

const refusalIn = (json: string): Error =>
  Object.assign(new Error(json), { error: (JSON.parse(json) as { error?: string }).error });

function strategyOf(registration: Registration): Strategy {
  const { issuer, clientId, clientSecret, redirectUri, scope } = registration;
  const options = {
    ...{ issuer, clientID: clientId, clientSecret, callbackURL: redirectUri, nonce: 'yes' },
    ...{ authorizationURL: `${issuer}/auth`, tokenURL: `${issuer}/token`, userInfoURL: `${issuer}/userinfo` },
    scope: scope.split(' ').filter((one) => one !== 'openid'),
  };
  // With nine parameters it reads userinfo, and hands it over whole.
  const verify = (
    _issuer: string,
    info: object,
    _profile: object,
    _context: object,
    idToken: string | object,
    _accessToken: string | object,
    refreshToken: string,
    params: unknown,
    done: VerifyCallback,
  ): void => {
    const userinfo = (info as { _json: Record<string, unknown> })._json;
    done(null, { idToken, refreshToken, userinfo, scope: (params as TokenAnswer).scope });
  };
  return new Strategy(options, verify);
}

/** An Express application on a port of its own; the browser's visits to it are made here. */
async function withPassport(registration: Registration): Promise<ClientApplication> {
  const authenticator = new passport.Authenticator();
  const strategy = strategyOf(registration);
  authenticator.use(strategy);
  const web = express();
  web.use(oneSession());
  web.get('/signin', (req, res, next) => {
    const { prompt } = req.query as { prompt?: string };
    const options = { session: false, ...(prompt && { prompt }) };
    (authenticator.authenticate('openidconnect', options) as RequestHandler)(req, res, next);
  });
  web.get(
    '/cb',
    authenticator.authenticate('openidconnect', { session: false }) as RequestHandler,
    (req, res) => {
      res.json(req.user);
    },
  );
  web.use(tellRefusal);
  const server = createServer(web);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const visitor = openBrowser(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  let kept: Kept;
  const told = (): Tokens => ({ ...kept, claims: decodeJwt(kept.idToken) });
  return {
    begin: async (prompt) =>
      (await visitor.get(`/signin${prompt ? `?prompt=${prompt}` : ''}`)).location ?? '',
    async finish(callback) {
      const page = await visitor.get(`/cb${new URL(callback).search}`);
      if (page.status !== 200) throw refusalIn(page.text);
      kept = JSON.parse(page.text) as Kept;
      return told();
    },
    refresh: () =>
      new Promise((resolve, reject) => {
        const { _oauth2: oauth2 } = strategy as unknown as { _oauth2: OAuth2 };
        const grant = { grant_type: 'refresh_token' };
        oauth2.getOAuthAccessToken(kept.refreshToken, grant, (problem, _access, refreshToken, answer) => {
          if (problem) {
            reject(refusalIn(problem.data ?? '{}'));
            return;
          }
          kept = { ...kept, refreshToken, idToken: answer.id_token, scope: answer.scope };
          resolve(told());
        });
      }),
    signOut() {
      const { issuer, loggedOutUri } = registration;
      const query = { id_token_hint: kept.idToken, post_logout_redirect_uri: loggedOutUri };
      return Promise.resolve(`${issuer}/session/end?${new URLSearchParams(query).toString()}`);
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

describeFlow('passport-openidconnect', withPassport, { requirePkce: false });
