import type { SsoConnectionDocument } from '../../persistence/collections/sso-connections.js';
import type { TenantDocument } from '../../persistence/collections/tenants.js';
import { armedAt } from '../tenants/break-glass.js';

export const connectionWarningCodes = ['no_break_glass', 'no_verified_domain'] as const;

/** What may lock people out one day. */
export interface ConnectionWarning {
  code: (typeof connectionWarningCodes)[number];
  detail: string;
}

/** @param tenant - whose connection it is. */
export function warningsOf(
  tenant: Pick<TenantDocument, 'breakGlass'>,
  connection: SsoConnectionDocument,
  now: Date,
): ConnectionWarning[] {
  const found: ConnectionWarning[] = [];
  if (connection.mode === 'required' && armedAt(tenant, now).length === 0) {
    const detail =
      'no administrator is armed for emergencies: while the provider does not work, no user can sign in';
    found.push({ code: 'no_break_glass', detail });
  }
  if (connection.mode !== 'off' && connection.verifiedDomains.length === 0) {
    const detail = 'no domain is verified: no address is forwarded, and new people are refused';
    found.push({ code: 'no_verified_domain', detail });
  }
  return found;
}
