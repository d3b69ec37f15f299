import type { EntryStatus } from './admission.js';
import type { SsoRefusal } from './sso/link-rules.js';

/** One text for a wrong password, an unknown address and an account without a password. */
export const wrongText = 'Email or password is incorrect.';

/** Why somebody with the right password, or vouched for by their company, is not let in. */
const statusTexts: Readonly<Record<Exclude<EntryStatus, 'active' | 'pending_approval'>, string>> = {
  deleted: 'This account no longer exists.',
  disabled: 'This account is disabled. Please contact your administrator.',
  expired: 'Access for this account has ended. Please contact your administrator.',
  locked: 'This account is locked after too many failed attempts. Please wait before you try again.',
  suspended: 'Access for your organization is suspended. Please contact your administrator.',
  pending_activation: 'This account is not activated yet. Please use the link in your invitation.',
};

/** @param status - one that keeps people out. */
export function statusText(status: EntryStatus): string {
  return status === 'active' || status === 'pending_approval' ? '' : statusTexts[status];
}

/** What a person reads whose access has ended. @param when - the end, in the page's language. */
export const endedText = (when: string): string =>
  `Access for this account ended on ${when}. Please contact your administrator.`;

const ssoTexts: Readonly<Record<Exclude<SsoRefusal, keyof typeof statusTexts>, string>> = {
  email_missing: 'Your company’s sign-in did not tell us your email address.',
  email_unverified: 'Your company’s sign-in says that your email address is not verified.',
  domain_foreign: 'Your email address does not belong to the domains of this sign-in.',
  account_foreign:
    'That account was not given to you by your company. Please sign in with your company’s own account.',
  tenant_foreign: 'Your account belongs to another organization of this sign-in.',
  user_unknown: 'There is no account for you here. Please ask your administrator to add you.',
  directory_adds:
    'There is no account for you here yet. Your company adds its people itself: please ask your administrator.',
  identity_taken:
    'Your account is already connected to another identity of this sign-in. Please tell your administrator.',
  relink_needed:
    'Your company’s sign-in has changed: an administrator has to allow that your account is connected to another identity.',
  proof_needed:
    'Please sign in with your password first, and then again through your company, to connect the two.',
  session_over: 'Your session at your company’s sign-in has ended. Please sign in there again.',
};

/** What a person reads whom their provider let in and we do not. */
export function ssoRefusalText(reason: SsoRefusal): string {
  return reason in statusTexts
    ? statusTexts[reason as keyof typeof statusTexts]
    : ssoTexts[reason as keyof typeof ssoTexts];
}

/** @returns whole seconds to wait, at least one. */
export function secondsUntil(until: Date, now: Date): number {
  return Math.max(1, Math.ceil((until.getTime() - now.getTime()) / 1000));
}

/** The text of a lock; it says nothing about whether there is such an account. */
export function lockText(seconds: number): string {
  const minutes = Math.ceil(seconds / 60);
  return `Too many attempts. Please try again in ${minutes} minute${minutes === 1 ? '' : 's'}.`;
}

/** @param fault - what `passwordFault` says. */
export function weakPasswordText(fault: string): string {
  return `Enter a valid password. ${fault.startsWith('is ') ? 'This one' : 'It'} ${fault}.`;
}
