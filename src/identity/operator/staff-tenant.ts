import type { TenantDocument } from '../../persistence/collections/tenants.js';
import type { Step, Transaction } from '../../persistence/store.js';
import { systemActor } from '../actors.js';
import { recordEvent } from '../audit/audit.js';
import type { Core } from '../core.js';
import { refuseDuplicates } from '../duplicates.js';
import { operatorTenant } from '../tenants/operator-tenant.js';

const duplicates = {
  tenants_slug: {
    code: 'tenant.slug_taken',
    message: `the slug ${operatorTenant.slug} is reserved, and a tenant of an earlier version has it`,
    pointer: '/slug',
  },
} as const;

/** The operator's own tenant, made where there is none yet, as a step of a transaction. */
function* ensureOperatorTenantStep(tx: Transaction, now: Date): Step<TenantDocument> {
  const { id, slug, name, preset } = operatorTenant;
  const tenants = tx.tenant(id).collection('tenants');
  const stored = yield* tenants.get(id);
  if (stored) return stored;
  const tenant = yield* tenants.insert({ _id: id, tenantId: id, slug, name, preset, settings: {} });
  const target = { type: 'tenant', id, label: slug };
  yield* recordEvent(tx, systemActor(id), { action: 'tenant.created', target }, now);
  return tenant;
}

/**
 * The operator's own tenant, made where there is none yet.
 *
 * @throws AppError `tenant.slug_taken` where a tenant of an earlier version has its slug.
 */
export function ensureOperatorTenant(core: Core): Promise<TenantDocument> {
  const now = core.clock.now();
  return refuseDuplicates(duplicates, () =>
    core.store.transaction(function* (tx) {
      return yield* ensureOperatorTenantStep(tx, now);
    }),
  );
}
