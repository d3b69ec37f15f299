import type { Request, Response } from 'express';
import * as client from 'openid-client';
import { Strategy, type AuthenticateOptions } from 'openid-client/passport';
import passport from 'passport';
import type { Core } from '../../identity/core.js';

/** What one round trip is checked against: made at its start, given back at its end. */
export interface RoundTrip {
  state: string;
  nonce: string;
  codeVerifier: string;
}

type Tokens = client.TokenEndpointResponse & client.TokenEndpointResponseHelpers;

interface StoredTrip {
  state?: string;
  nonce?: string;
  code_verifier?: string;
}

/** One slot of a session that lives for one request: the lasting record is the sign-in flow, keyed by `state`. */
const slot = 'trip';
type RequestWithTrip = Request & { session?: Record<string, StoredTrip | undefined> };

/** The one address every provider sends people back to. */
const callbackUrl = (core: Core): string => `${core.config.baseUrl}/sso/callback`;

type Created = passport.StrategyCreated<
  ForwardingStrategy,
  ForwardingStrategy & passport.StrategyCreatedStatic
>;

/**
 * openid-client's passport strategy with what it leaves out: `state` and `nonce` are sent and checked even where the provider does PKCE, the
 * address is our own and not the Host header's, and what a request is for is said by the caller, not guessed from its parameters.
 */
class ForwardingStrategy extends Strategy {
  readonly #core: Core;
  /** Takes the address a start leads to; absent: this is the return. */
  readonly onStart: ((url: string) => void) | undefined;

  constructor(core: Core, config: client.Configuration, scope: string, onStart?: (url: string) => void) {
    super({ config, scope, sessionKey: slot, callbackURL: callbackUrl(core) }, (tokens, done) => {
      done(null, { tokens });
    });
    this.#core = core;
    this.onStart = onStart;
  }

  override authenticate(this: Created, req: Request, options: AuthenticateOptions): void {
    // Passport would answer with the redirect at once; what the return is checked against has to be kept first.
    if (this.onStart) this.redirect = this.onStart;
    super.authenticate(req, options);
  }

  override authorizationRequestParams(req: Request, options: AuthenticateOptions): URLSearchParams {
    const params = new URLSearchParams(super.authorizationRequestParams(req, options));
    params.set('state', client.randomState());
    params.set('nonce', client.randomNonce());
    return params;
  }

  override currentUrl(req: Request): URL {
    return new URL(req.originalUrl, this.#core.config.baseUrl);
  }

  override shouldInitiateAuthRequest(): boolean {
    return this.onStart !== undefined;
  }
}

const authenticator = new passport.Passport();

/**
 * Begins a round trip: authorization code, PKCE (S256), state, nonce, and the address as `login_hint`.
 *
 * @returns where to send the browser, and what to keep until it is back.
 */
export function startRoundTrip(
  core: Core,
  config: client.Configuration,
  {
    req,
    res,
    scopes,
    loginHint,
  }: { req: Request; res: Response; scopes: readonly string[]; loginHint: string | null },
): Promise<{ url: string; trip: RoundTrip }> {
  const request = req as RequestWithTrip;
  request.session = {};
  return new Promise<{ url: string; trip: RoundTrip }>((resolve, reject) => {
    const strategy = new ForwardingStrategy(core, config, scopeOf(scopes), (url) => {
      const { state, nonce, code_verifier: codeVerifier } = request.session?.[slot] ?? {};
      if (state === undefined || nonce === undefined || codeVerifier === undefined) {
        reject(new Error('the strategy made no state, nonce or code verifier'));
        return;
      }
      resolve({ url, trip: { state, nonce, codeVerifier } });
    });
    const options: AuthenticateOptions = { session: false, ...(loginHint !== null && { loginHint }) };
    const fail = (error: unknown): void => reject(asError(error));
    const run = authenticator.authenticate(strategy, options, fail) as PassportHandler;
    run(req, res, fail);
  }).finally(() => {
    delete request.session;
  });
}

type PassportHandler = (req: Request, res: Response, next: (error?: unknown) => void) => void;

const asError = (error: unknown): Error =>
  error instanceof Error ? error : new Error('the sign-in strategy failed');

const scopeOf = (scopes: readonly string[]): string =>
  [...new Set(['openid', ...(scopes.length > 0 ? scopes : ['email', 'profile'])])].join(' ');

/** The provider said no: the person cancelled, or is not assigned to us there. */
export class ProviderDenied extends Error {}

/**
 * Ends a round trip: checks the response (state, iss), redeems the code, checks the ID token (signature, algorithm, iss, aud, azp, nonce,
 * exp, nbf).
 *
 * @throws {@link ProviderDenied}, openid-client's errors, network errors, `OutboundRefused`.
 */
export function finishRoundTrip(
  core: Core,
  config: client.Configuration,
  { req, res, trip }: { req: Request; res: Response; trip: RoundTrip },
): Promise<Tokens> {
  const strategy = new ForwardingStrategy(core, config, 'openid');
  const request = req as RequestWithTrip;
  request.session = {
    [slot]: { state: trip.state, nonce: trip.nonce, code_verifier: trip.codeVerifier },
  };
  return new Promise<Tokens>((resolve, reject) => {
    const done = (error: unknown, user?: Express.User | false | null, info?: unknown): void => {
      if (error) reject(asError(error));
      else if (user) resolve((user as { tokens: Tokens }).tokens);
      else reject(new ProviderDenied(messageOf(info)));
    };
    const run = authenticator.authenticate(strategy, { session: false }, done) as PassportHandler;
    run(req, res, (error) => reject(asError(error)));
  }).finally(() => {
    delete request.session;
  });
}

function messageOf(info: unknown): string {
  const message = typeof info === 'object' && info !== null && 'message' in info ? info.message : undefined;
  return typeof message === 'string' ? message : 'access denied';
}
