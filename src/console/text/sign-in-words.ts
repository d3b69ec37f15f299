import type { TFunction } from 'i18next';
import { said } from './server.js';

const stages: Readonly<Record<string, string>> = {
  discovery: 'Reading what the provider says of itself',
  authorization: 'At the provider',
  token: 'Redeeming the code',
  id_token: 'Checking the ID token',
  userinfo: 'Reading the person’s data',
  saml_response: 'Checking the SAML response',
};

const reasons: Readonly<Record<string, string>> = {
  denied: 'The provider did not let the person in, or they cancelled',
  stale: 'The provider did not ask to sign in again',
  response_invalid: 'The answer did not pass a check',
  provider_away: 'The provider did not answer',
  provider_broken: 'The provider is out of order',
  provider_refuses: 'The provider refused the request',
  email_missing: 'The provider sent no email address',
  email_unverified: 'The provider says that the address is not verified',
  domain_foreign: 'The address is in no domain of this connection',
  account_foreign: 'It is no account of the company',
  tenant_foreign: 'The account belongs to another organization',
  user_unknown: 'There is no such user here, and sign-ins create none',
  identity_taken: 'The user is connected to another identity',
  relink_needed: 'The provider has changed: an administrator has to allow connecting again',
  proof_needed: 'The person has to sign in with the password first',
  session_over: 'The session at the provider had ended',
  disabled: 'The user is disabled',
  expired: 'The user’s access has ended',
  locked: 'The user is locked',
  suspended: 'The organization is suspended',
  deleted: 'The user was deleted',
  pending_activation: 'The user is not activated',
};

/** Where a sign-in failed, in words. */
export const stageInWords = (t: TFunction, stage: string): string => t(stages[stage] ?? stage);

/** Why a sign-in was refused, in words. */
export const reasonInWords = (t: TFunction, reason: string): string =>
  reason in reasons ? t(reasons[reason] ?? reason) : reason.replaceAll('_', ' ');

/** All that is known of a failed sign-in: where, why, and what to do. */
export function failureInWords(
  t: TFunction,
  { stage, reason, hint }: { stage: string | null; reason: string | null; hint: string | null },
): string {
  const start = [
    stage === null ? '' : stageInWords(t, stage),
    reason === null ? '' : reasonInWords(t, reason),
  ];
  const where = start.filter((part) => part !== '').join(': ');
  return [where, hint === null ? '' : said(hint)].filter((part) => part !== '').join('. ');
}
