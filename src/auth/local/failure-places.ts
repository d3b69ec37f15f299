import type { Settings } from '../../identity/tenants/settings.js';
import type { CredentialDocument, DeviceFailures } from '../../persistence/collections/credentials.js';
import { noFailures, type LockoutState } from './lockout.js';

/** Of so many devices failures are counted apart at once; those of further ones count with everybody else's. */
const maxDevices = 20;

type Stored = Pick<
  CredentialDocument,
  'failureCount' | 'failureTimes' | 'sharedLockedUntil' | 'lockReason' | 'devices'
>;

const sharedOf = (stored: Stored): LockoutState => ({
  failureCount: stored.failureCount,
  failureTimes: stored.failureTimes,
  lockedUntil: stored.sharedLockedUntil ?? null,
  lockReason: stored.lockReason,
});

/** Whether this device's failures have, or can get, a place of their own. */
function isApart(stored: Stored, device: string | null): device is string {
  const devices = stored.devices ?? [];
  return device !== null && (devices.length < maxDevices || devices.some(({ id }) => id === device));
}

/**
 * What failed at an account from where an attempt comes from.
 *
 * @param device - one that signed in to this account before; null: any other.
 */
export function failuresFrom(stored: Stored | undefined, device: string | null): LockoutState {
  if (!stored) return noFailures;
  if (!isApart(stored, device)) return sharedOf(stored);
  return stored.devices?.find(({ id }) => id === device) ?? noFailures;
}

const fieldsOf = ({ failureCount, failureTimes, lockedUntil, lockReason }: LockoutState) => ({
  failureCount,
  failureTimes: [...failureTimes],
  lockedUntil,
  lockReason,
});

function withDevice(
  devices: readonly DeviceFailures[],
  device: string,
  state: LockoutState,
): DeviceFailures[] {
  const others = devices.filter(({ id }) => id !== device);
  return state.failureCount === 0 && state.lockedUntil === null
    ? others
    : [...others, { id: device, ...fieldsOf(state) }];
}

function latest(times: readonly (Date | null)[]): Date | null {
  const set = times.filter((time) => time !== null).map((time) => time.getTime());
  return set.length === 0 ? null : new Date(Math.max(...set));
}

/** The credentials with what failed from one place replaced; `lockedUntil` tells the latest of all the account's locks. */
export function withFailures(
  stored: CredentialDocument,
  device: string | null,
  state: LockoutState,
): CredentialDocument {
  const devices = stored.devices ?? [];
  const changed: CredentialDocument = isApart(stored, device)
    ? { ...stored, devices: withDevice(devices, device, state) }
    : { ...stored, ...fieldsOf(state), sharedLockedUntil: state.lockedUntil, devices };
  const locks = [changed.sharedLockedUntil ?? null, ...(changed.devices ?? []).map((one) => one.lockedUntil)];
  return { ...changed, lockedUntil: latest(locks) };
}

/** Until when an account is locked for whoever is at work at a device; null: it is not. */
export function lockedFor(
  stored: Stored | undefined,
  settings: Pick<Settings, 'lockout.devicesApart'>,
  device: string | null,
): Date | null {
  return failuresFrom(stored, settings['lockout.devicesApart'] ? device : null).lockedUntil;
}
