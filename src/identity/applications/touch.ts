import type { ApplicationDocument } from '../../persistence/collections/applications.js';
import type { Step, Transaction } from '../../persistence/store.js';
import { touchTenant } from '../tenants/config.js';
import { isServerApplication, touchServerApplications } from '../tenants/server-applications.js';

/** Makes what is remembered of the configurations void that a new application, or other roles of one, are part of. */
export function* touchOwner(tx: Transaction, application: Pick<ApplicationDocument, 'tenantId'>): Step<void> {
  if (isServerApplication(application)) yield* touchServerApplications(tx);
  else yield* touchTenant(tx, application.tenantId);
}

/** The same for what is part of configurations of an application of the server alone. */
export function* touchServed(
  tx: Transaction,
  application: Pick<ApplicationDocument, 'tenantId'>,
): Step<void> {
  if (isServerApplication(application)) yield* touchServerApplications(tx);
}
