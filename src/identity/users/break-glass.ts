import type { Reader, Step } from '../../persistence/store.js';
import type { Core } from '../core.js';
import { armedAt, isArmed } from '../tenants/break-glass.js';
import { tenantConfigStep } from '../tenants/config.js';
import { hasPasskey, hasSecondFactor } from './second-factor.js';
import { administratorLevel } from './transitions.js';

/** See `mayGoPast`. */
export function* mayGoPastStep(core: Core, reader: Reader, tenantId: string, userId: string): Step<boolean> {
  const scope = reader.tenant(tenantId);
  const tenant = yield* scope.collection('tenants').get(tenantId);
  const now = core.clock.now();
  if (!tenant || !isArmed(tenant, userId, now)) return false;
  const user = yield* scope.collection('users').get(userId);
  if (!user || administratorLevel(user, yield* tenantConfigStep(core, reader, tenantId), now) === 0)
    return false;
  const credential = yield* scope.collection('credentials').get(userId);
  const canSignIn = Boolean(credential?.passwordHash) || hasPasskey(credential);
  return canSignIn && hasSecondFactor(credential);
}

/** Everybody of a tenant who may come in past a required company sign-in now. */
export function* goingPastStep(core: Core, reader: Reader, tenantId: string): Step<Set<string>> {
  const tenant = yield* reader.tenant(tenantId).collection('tenants').get(tenantId);
  const found = new Set<string>();
  for (const { userId } of tenant ? armedAt(tenant, core.clock.now()) : []) {
    if (yield* mayGoPastStep(core, reader, tenantId, userId)) found.add(userId);
  }
  return found;
}
