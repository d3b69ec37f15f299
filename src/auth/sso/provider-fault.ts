import * as client from 'openid-client';
import { UnusableProvider } from '../../identity/sso/relying-party.js';
import { nameFault, OutboundRefused } from '../../infrastructure/guarded-fetch.js';
import { SamlRefused } from '../saml/saml-refused.js';
import { ImplausibleClaims, ProviderDenied, StaleSignIn, StrayAnswer } from './provider-errors.js';

export type FaultReason =
  'denied' | 'stale' | 'response_invalid' | 'provider_away' | 'provider_broken' | 'provider_refuses';

/** Which step of a sign-in at a provider failed. */
export type FaultStage = 'discovery' | 'authorization' | 'token' | 'id_token' | 'userinfo' | 'saml_response';

const status: Readonly<Record<FaultReason, number>> = {
  denied: 403,
  stale: 403,
  response_invalid: 400,
  provider_away: 503,
  provider_broken: 502,
  provider_refuses: 502,
};

const texts: Readonly<Record<FaultReason, string>> = {
  denied: 'Your company’s sign-in did not let you in, or you cancelled it.',
  stale: 'This application wants you to sign in again, and your company’s sign-in did not ask you.',
  response_invalid:
    'The answer of your company’s sign-in could not be accepted. Please try again; if it stays so, tell your administrator.',
  provider_away: 'Your company’s sign-in does not answer at the moment. Please try again in a few minutes.',
  provider_broken: 'Your company’s sign-in has a problem. Please tell your administrator.',
  provider_refuses:
    'Your company’s sign-in is not set up rightly for this service. Please tell your administrator.',
};

/** A sign-in through a provider that failed for a reason of the provider's, or for what it answered. */
export class ProviderFault extends Error {
  readonly reason: FaultReason;
  readonly status: number;
  /** Where it failed; undefined: before the provider was asked. */
  stage: FaultStage | undefined;

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

/** OAuth errors that no other try corrects: the two sides are set up differently (RFC 6749 sections 4.1.2.1 and 5.2). */
const setUpErrors = new Set([
  'invalid_client',
  'invalid_request',
  'invalid_scope',
  'unauthorized_client',
  'unsupported_grant_type',
  'unsupported_response_type',
]);

const codeOf = (error: unknown): unknown =>
  typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;

function isAway(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if (nameFault(error) !== undefined) return true;
  if (error.name === 'TimeoutError' || error.name === 'AbortError' || codeOf(error) === 'OAUTH_TIMEOUT')
    return true;
  // undici: `TypeError: fetch failed` with the socket's or the resolver's error as its cause.
  const isNetwork = error instanceof TypeError && error.message === 'fetch failed';
  return isNetwork || (error.cause !== undefined && error.cause !== error && isAway(error.cause));
}

function outboundRefusal(error: unknown): OutboundRefused | undefined {
  if (nameFault(error) !== undefined) return undefined;
  if (error instanceof OutboundRefused) return error;
  return error instanceof Error && error.cause !== undefined ? outboundRefusal(error.cause) : undefined;
}

function reasonOfResponse(error: client.ResponseBodyError): FaultReason {
  if (error.status >= 500) return 'provider_broken';
  return setUpErrors.has(error.error) ? 'provider_refuses' : 'response_invalid';
}

function reasonOfRedirect({ error }: client.AuthorizationResponseError): FaultReason {
  if (setUpErrors.has(error)) return 'provider_refuses';
  return error === 'server_error' || error === 'temporarily_unavailable'
    ? 'provider_broken'
    : 'response_invalid';
}

const isDenied = (error: unknown): boolean =>
  error instanceof ProviderDenied || (error instanceof SamlRefused && error.reason === 'status');

function reasonOf(error: unknown): FaultReason {
  if (isDenied(error)) return 'denied';
  if (error instanceof StaleSignIn) return 'stale';
  if (error instanceof ImplausibleClaims || error instanceof SamlRefused) return 'response_invalid';
  if (error instanceof UnusableProvider || outboundRefusal(error)) return 'provider_broken';
  if (isAway(error)) return 'provider_away';
  if (error instanceof client.ResponseBodyError) return reasonOfResponse(error);
  // A challenge in a header (RFC 6750) in place of a body: the client's credentials were not taken.
  if (error instanceof client.WWWAuthenticateChallengeError) return 'provider_refuses';
  if (error instanceof client.AuthorizationResponseError) return reasonOfRedirect(error);
  return brokenCodes.has(String(codeOf(error))) ? 'provider_broken' : 'response_invalid';
}

/** What an error of the round trip means to the person; its cause is for the log. */
function toProviderFault(error: unknown): ProviderFault {
  return error instanceof ProviderFault ? error : new ProviderFault(reasonOf(error), error);
}

/** By the error where it shows it: one call redeems the code and judges the answer. */
function stageOf(error: unknown, stage: FaultStage): FaultStage {
  if (error instanceof ProviderDenied || error instanceof client.AuthorizationResponseError)
    return 'authorization';
  if (error instanceof ImplausibleClaims || error instanceof StaleSignIn) return 'id_token';
  const isToken = stage === 'token' && error instanceof Error && /\bJW[TSK]|ID Token/.test(error.message);
  return isToken || codeOf(error) === 'OAUTH_KEY_SELECTION_FAILED' ? 'id_token' : stage;
}

/**
 * Does a step of a sign-in at a provider.
 *
 * @throws {@link ProviderFault} that knows the step.
 */
export async function inStage<T>(stage: FaultStage, step: () => Promise<T> | T): Promise<T> {
  try {
    return await step();
  } catch (error) {
    const fault = toProviderFault(error);
    fault.stage ??= stageOf(error, stage);
    // No sign-in has been answered yet: what is wrong is the provider's metadata.
    if (stage !== 'discovery' || fault.reason !== 'response_invalid') throw fault;
    const broken = new ProviderFault('provider_broken', error);
    broken.stage = stage;
    throw broken;
  }
}

/** A failed sign-in as the company's administrators can act on it. */
export interface FaultReport {
  stage: FaultStage;
  /** The provider's own error code where it gave one. */
  reason: string;
  hint: string;
}

const hints: Readonly<Record<string, string>> = {
  denied: 'The person cancelled, or is not assigned to this application at the provider.',
  stale: 'The provider did not ask the person to sign in again, or does not say when it did (auth_time).',
  provider_away: 'The provider did not answer in time.',
  provider_broken: 'The provider, or what it says of itself, is out of order: test the connection.',
  response_invalid: 'The answer did not pass a check.',
  stray_answer: 'The answer was sent twice, came late, or was made up: look at it if it comes often.',
  invalid_client:
    'The client id or secret is wrong or has expired: make a new secret at the provider and save it here.',
  unauthorized_client: 'The provider does not allow this client the authorization code flow.',
  invalid_scope: 'The provider does not know a scope of the connection.',
  invalid_request:
    'The provider did not accept the request: compare the redirect address there with the connection’s.',
  invalid_grant: 'The code was used, too old, or given for another redirect address.',
  unsupported_response_type: 'The provider does not support the authorization code flow for this client.',
  unsupported_grant_type: 'The provider does not support the authorization code flow for this client.',
  OAUTH_KEY_SELECTION_FAILED: 'The ID token is signed with a key the provider does not publish.',
};

/** Text of others for the audit trail: one line, not long. */
const line = (text: string): string =>
  text
    .replace(/[\p{Cc}\p{Cf}\s]+/gu, ' ')
    .trim()
    .slice(0, 400);

/** A provider's error code and its words for it, from whichever kind of error holds them. */
function ownWords(error: unknown): { code?: string | undefined; words?: string | undefined } {
  if (error instanceof client.ResponseBodyError || error instanceof client.AuthorizationResponseError)
    return { code: error.error, words: error.error_description };
  if (error instanceof client.WWWAuthenticateChallengeError)
    return { code: error.cause[0]?.parameters.error ?? 'invalid_client' };
  if (error instanceof UnusableProvider || error instanceof ImplausibleClaims)
    return { words: error.message };
  const refused = outboundRefusal(error);
  if (refused) return { words: refused.message };
  const code = codeOf(error);
  return typeof code === 'string' && code.startsWith('OAUTH_') && error instanceof Error
    ? { code, words: error.message }
    : {};
}

/** What an administrator learns of a failed sign-in. */
export function reportOf(fault: ProviderFault): FaultReport {
  const stage = fault.stage ?? 'discovery';
  const { cause } = fault;
  if (cause instanceof SamlRefused)
    return { stage, reason: cause.reason, hint: line(`${cause.hint} (${line(cause.message)})`) };
  const { code, words } =
    cause instanceof StrayAnswer ? { code: 'stray_answer', words: cause.message } : ownWords(cause);
  const reason = line(code ?? fault.reason);
  const hint = hints[reason] ?? hints[fault.reason] ?? '';
  return { stage, reason, hint: words === undefined ? hint : line(`${hint} (${line(words)})`) };
}
