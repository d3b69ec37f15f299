import type { Step, Transaction } from '../../persistence/store.js';
import { AppError } from '../../shared/errors.js';

/**
 * Refuses to take away a role that people or keys were given by hand; what rules gave is worked out again.
 *
 * @throws AppError `role.in_use`.
 */
export function* requireUnused(tx: Transaction, tenantId: string, fullKey: string): Step<void> {
  const scope = tx.tenant(tenantId);
  const holder = yield* scope.collection('users').findOne({
    'grants.role': fullKey,
    grants: { $elemMatch: { role: fullKey, type: { $in: ['manual', 'invite', 'sso'] } } },
  });
  const key = yield* scope.collection('api_keys').findOne({ role: fullKey });
  const group = yield* scope.collection('groups').findOne({ roleIds: fullKey });
  if (holder || key || group) {
    const holders = holder ? 'users' : key ? 'API keys' : 'groups';
    throw new AppError('role.in_use', `the role is held by ${holders}; give them another first`);
  }
}
