import type { ApplicationDocument, Reach } from '../../persistence/collections/applications.js';
import type { Step, Transaction } from '../../persistence/store.js';
import { AppError } from '../../shared/errors.js';
import { hashToken } from '../../shared/ids.js';
import { isReached, isServerApplication, reachOf, serverOwner } from '../tenants/server-applications.js';

/** Writes the record of a key, so that two transactions which take the same key at the same time conflict. */
function* lockKeyStep(tx: Transaction, key: string): Step<void> {
  const keys = tx.server.collection('application_keys');
  const _id = hashToken(key);
  const known = yield* keys.update(_id, (stored) => ({ ...stored }));
  if (!known) yield* keys.insert({ _id, tenantId: serverOwner });
}

const keyTaken = (message: string, pointer = '/key'): AppError =>
  new AppError('application.key_taken', message, { errors: [{ pointer, detail: message }] });

/**
 * A tenant's own application may not have the key of an application that serves the tenant: grants name both alike.
 *
 * @throws AppError `application.key_taken`.
 */
function* requireKeyForTenant(tx: Transaction, tenantId: string, key: string): Step<void> {
  const other = yield* tx.tenant(serverOwner).collection('applications').findOne({ key });
  if (other && isReached(reachOf(other), tenantId)) throw keyTaken('the key is taken by another application');
}

/**
 * An application of the server may not have the key of an application that a tenant it serves owns.
 *
 * @throws AppError `application.key_taken`.
 */
function* requireKeyForServer(tx: Transaction, reach: Reach, key: string): Step<void> {
  const others = yield* tx.server.collection('applications').find({ key }, { fields: ['tenantId'] });
  const owners = others
    .filter((other) => !isServerApplication(other) && isReached(reach, other.tenantId))
    .map(({ tenantId }) => tenantId);
  if (owners.length === 0) return;
  const slugs: string[] = [];
  for (const id of owners.slice(0, maxNamed)) {
    const tenant = yield* tx.tenant(id).collection('tenants').get(id);
    slugs.push(tenant?.slug ?? id);
  }
  const more = owners.length > maxNamed ? ` and ${owners.length - maxNamed} more` : '';
  throw keyTaken(`the key is taken by an application of its own in ${slugs.join(', ')}${more}`);
}

const maxNamed = 5;

/**
 * Checks that an application may have its key, as it would be stored. No other transaction can take the key for a tenant in question
 * at the same time.
 *
 * @throws AppError `application.key_taken`.
 */
export function* requireFreeKey(
  tx: Transaction,
  application: Pick<ApplicationDocument, 'tenantId' | 'key' | 'servedTenants'>,
): Step<void> {
  yield* lockKeyStep(tx, application.key);
  if (isServerApplication(application)) yield* requireKeyForServer(tx, reachOf(application), application.key);
  else yield* requireKeyForTenant(tx, application.tenantId, application.key);
}
