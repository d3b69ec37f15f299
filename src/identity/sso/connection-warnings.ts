import type { SsoConnectionDocument } from '../../persistence/collections/sso-connections.js';
import { challengeName, endOf } from './domain-checks.js';
import { daysLeft, expiriesOf } from './expiries.js';

export const connectionWarningCodes = [
  'no_break_glass',
  'no_verified_domain',
  'domain_record_missing',
  'expires_soon',
  'expired',
] as const;

/** What may lock people out one day. */
export interface ConnectionWarning {
  code: (typeof connectionWarningCodes)[number];
  detail: string;
}

const monthDays = 30;

function expiryWarnings(connection: SsoConnectionDocument, now: Date): ConnectionWarning[] {
  return expiriesOf(connection).flatMap((expiry): ConnectionWarning[] => {
    const day = expiry.expiresAt.toISOString().slice(0, 10);
    const thing = `the ${expiry.what.replaceAll('_', ' ')}`;
    if (expiry.expiresAt <= now) return [{ code: 'expired', detail: `${thing} expired on ${day}` }];
    const isSoon = daysLeft(expiry, now) < monthDays;
    return isSoon ? [{ code: 'expires_soon', detail: `${thing} expires on ${day}` }] : [];
  });
}

/** @param hasBreakGlass - whether anybody of the tenant may come in past a required company sign-in now. */
export function warningsOf(
  connection: SsoConnectionDocument,
  hasBreakGlass: boolean,
  now: Date,
): ConnectionWarning[] {
  const found: ConnectionWarning[] = [];
  if (connection.mode === 'required' && !hasBreakGlass) {
    const detail =
      'no administrator who can sign in is armed for emergencies: while the provider does not work, no user can sign in';
    found.push({ code: 'no_break_glass', detail });
  }
  if (connection.mode !== 'off' && connection.verifiedDomains.length === 0) {
    const detail = 'no domain is verified: no address is forwarded, and new people are refused';
    found.push({ code: 'no_verified_domain', detail });
  }
  for (const entry of connection.domains) {
    const end = endOf(entry);
    if (!end) continue;
    const detail = `the record at ${challengeName(entry.domain)} is missing: from ${end.toISOString().slice(0, 10)} on its addresses are not forwarded`;
    found.push({ code: 'domain_record_missing', detail });
  }
  return [...found, ...expiryWarnings(connection, now)];
}
