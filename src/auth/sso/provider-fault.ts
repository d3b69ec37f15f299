import * as client from 'openid-client';
import { OutboundRefused } from '../../infrastructure/guarded-fetch.js';
import { ProviderDenied } from './forwarding-strategy.js';
import { ImplausibleClaims } from './provider-claims.js';
import { UnusableProvider } from './relying-party.js';

export type FaultReason = 'denied' | 'response_invalid' | 'provider_away' | 'provider_broken';

const status: Readonly<Record<FaultReason, number>> = {
  denied: 403,
  response_invalid: 400,
  provider_away: 503,
  provider_broken: 502,
};

const texts: Readonly<Record<FaultReason, string>> = {
  denied: 'Your company’s sign-in did not let you in, or you cancelled it.',
  response_invalid: 'The answer of your company’s sign-in could not be accepted. Please try again.',
  provider_away: 'Your company’s sign-in does not answer at the moment. Please try again in a few minutes.',
  provider_broken: 'Your company’s sign-in has a problem. Please try again, or tell your administrator.',
};

/** A sign-in through a provider that failed for a reason of the provider's, or for what it answered. */
export class ProviderFault extends Error {
  readonly reason: FaultReason;
  readonly status: number;

  constructor(reason: FaultReason, cause?: unknown) {
    super(texts[reason], { cause });
    this.name = 'ProviderFault';
    this.reason = reason;
    this.status = status[reason];
  }
}

/** Codes of openid-client that speak of a provider out of order rather than of a bad response to one sign-in. */
const brokenCodes = new Set([
  'OAUTH_RESPONSE_IS_NOT_CONFORM',
  'OAUTH_RESPONSE_IS_NOT_JSON',
  'OAUTH_HTTP_REQUEST_FORBIDDEN',
]);

const codeOf = (error: unknown): unknown =>
  typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;

function isAway(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if (error.name === 'TimeoutError' || error.name === 'AbortError' || codeOf(error) === 'OAUTH_TIMEOUT')
    return true;
  // undici: `TypeError: fetch failed` with the socket's or the resolver's error as its cause.
  const isNetwork = error instanceof TypeError && error.message === 'fetch failed';
  return isNetwork || (error.cause !== undefined && error.cause !== error && isAway(error.cause));
}

function holdsRefusal(error: unknown): boolean {
  if (error instanceof OutboundRefused) return true;
  return error instanceof Error && error.cause !== undefined && holdsRefusal(error.cause);
}

function reasonOf(error: unknown): FaultReason {
  if (error instanceof ProviderDenied) return 'denied';
  if (error instanceof ImplausibleClaims) return 'response_invalid';
  if (error instanceof UnusableProvider || holdsRefusal(error)) return 'provider_broken';
  if (isAway(error)) return 'provider_away';
  if (error instanceof client.ResponseBodyError)
    return error.status >= 500 ? 'provider_broken' : 'response_invalid';
  if (error instanceof client.AuthorizationResponseError) {
    const isTheirs = error.error === 'server_error' || error.error === 'temporarily_unavailable';
    return isTheirs ? 'provider_broken' : 'response_invalid';
  }
  return brokenCodes.has(String(codeOf(error))) ? 'provider_broken' : 'response_invalid';
}

/** What an error of the round trip means to the person; its cause is for the log. */
export function toProviderFault(error: unknown): ProviderFault {
  return error instanceof ProviderFault ? error : new ProviderFault(reasonOf(error), error);
}
