import { operatorActor, systemActor } from '../actors.js';
import { apiKeyActor } from '../applications/key-authentication.js';
import type { Actor, Core } from '../core.js';
import { statusWithoutLock } from '../grants/user-status.js';
import { tenantConfig } from '../tenants/config.js';
import { operatorTenant } from '../tenants/operator-tenant.js';
import { isOpen } from '../tenants/state.js';
import { userActor } from '../users/actor.js';
import type { BulkJobDocument } from './jobs.js';

type Asker = Pick<BulkJobDocument, 'actor' | 'origin' | 'tenantId'>;

async function personNow(core: Core, { actor, origin, tenantId }: Asker): Promise<Actor | undefined> {
  const user = await core.store.tenant(tenantId).collection('users').get(actor.id);
  if (!user) return undefined;
  const config = await tenantConfig(core, tenantId);
  const now = core.clock.now();
  return statusWithoutLock(user, config.settings, now) === 'active'
    ? userActor(user, config, now, origin)
    : undefined;
}

async function keyNow(core: Core, { actor, origin, tenantId }: Asker): Promise<Actor | undefined> {
  const key = await core.store.tenant(tenantId).collection('api_keys').get(actor.id);
  return key && apiKeyActor(core, key, origin, await tenantConfig(core, tenantId));
}

/** Whether a person of the staff is let in and speaks for the operator still. */
async function isStaffNow(core: Core, asker: Asker): Promise<boolean> {
  const person = await personNow(core, { ...asker, tenantId: operatorTenant.id });
  return person?.permissions.has('tenants.manage') === true;
}

/** An operator key that is still valid, or a member of the staff who is. */
async function operatorNow(core: Core, { actor, origin, tenantId }: Asker): Promise<Actor | undefined> {
  const staff = core.store.tenant(operatorTenant.id);
  const key = await staff.collection('operator_keys').get(actor.id);
  const isGood =
    key !== undefined
      ? key.expiresAt === null || key.expiresAt > core.clock.now()
      : await isStaffNow(core, { actor, origin, tenantId });
  return isGood ? operatorActor(actor, tenantId, origin) : undefined;
}

/**
 * Who asked for a bulk job, with what they may do at this moment.
 *
 * @returns undefined for a caller who is no longer let in, and in a tenant that is suspended.
 */
export async function askerNow(core: Core, asker: Asker): Promise<Actor | undefined> {
  const { tenant } = await tenantConfig(core, asker.tenantId);
  if (!isOpen(tenant)) return undefined;
  if (asker.actor.type === 'user') return personNow(core, asker);
  if (asker.actor.type === 'api_key') return keyNow(core, asker);
  if (asker.actor.type === 'operator') return operatorNow(core, asker);
  return asker.actor.type === 'system' ? systemActor(asker.tenantId, asker.actor.label) : undefined;
}
