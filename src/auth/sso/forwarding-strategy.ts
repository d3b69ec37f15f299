import type { Request, Response } from 'express';
import * as client from 'openid-client';
import { Strategy, type AuthenticateOptions } from 'openid-client/passport';
import passport from 'passport';
import { callbackUrl } from '../../identity/sso/connection-address.js';
import type { Core } from '../../identity/core.js';
import type { SignInDemand } from '../sign-in-flow.js';
import { ProviderDenied } from './provider-errors.js';

/** What one round trip is checked against: made at its start, given back at its end. */
export interface RoundTrip {
  /** The connection's address at the start: the provider has to send the browser back there. */
  address: string;
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

interface StrategyOptions {
  config: client.Configuration;
  /** The connection's key or id, as in its addresses. */
  address: string;
  scope?: string;
  demand?: SignInDemand | undefined;
  onStart?: (url: string) => void;
}

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

  readonly #demand: SignInDemand | undefined;

  constructor(core: Core, { config, address, scope = 'openid', demand, onStart }: StrategyOptions) {
    const callbackURL = callbackUrl(core.config.baseUrl, address);
    super({ config, scope, sessionKey: slot, callbackURL }, (tokens, done) => {
      done(null, { tokens });
    });
    this.#core = core;
    this.#demand = demand;
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
    const { login = false, maxAge = null, acrValues = null } = this.#demand ?? {};
    if (login) params.set('prompt', 'login');
    if (maxAge !== null) params.set('max_age', String(maxAge));
    if (acrValues !== null) params.set('acr_values', acrValues);
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

interface RoundTripStart {
  req: Request;
  res: Response;
  address: string;
  scopes: readonly string[];
  loginHint: string | null;
  demand: SignInDemand | undefined;
}

/**
 * Begins a round trip: authorization code, PKCE (S256), state, nonce, the person's address as `login_hint`, and what
 * the application asks of the proof.
 *
 * @returns where to send the browser, and what to keep until it is back.
 */
export function startRoundTrip(
  core: Core,
  config: client.Configuration,
  { req, res, address, scopes, loginHint, demand }: RoundTripStart,
): Promise<{ url: string; trip: RoundTrip }> {
  const request = req as RequestWithTrip;
  request.session = {};
  return new Promise<{ url: string; trip: RoundTrip }>((resolve, reject) => {
    const onStart = (url: string): void => {
      const { state, nonce, code_verifier: codeVerifier } = request.session?.[slot] ?? {};
      if (state === undefined || nonce === undefined || codeVerifier === undefined) {
        reject(new Error('the strategy made no state, nonce or code verifier'));
        return;
      }
      resolve({ url, trip: { address, state, nonce, codeVerifier } });
    };
    const scope = scopeOf(scopes);
    const strategy = new ForwardingStrategy(core, { config, address, scope, demand, onStart });
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
  const strategy = new ForwardingStrategy(core, { config, address: trip.address });
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
