import { recordEvent } from '../../identity/audit/audit.js';
import type { Actor } from '../../identity/core.js';
import { newCredential } from '../../identity/users/credentials.js';
import type { Settings } from '../../identity/tenants/settings.js';
import type { AuditParty } from '../../persistence/collections/events.js';
import type { CredentialDocument } from '../../persistence/collections/credentials.js';
import type { UserDocument } from '../../persistence/collections/users.js';
import type { Reader, Step, Transaction } from '../../persistence/store.js';
import type { KnownDevice } from '../devices.js';
import type { Visitor } from '../sessions.js';
import { type EntryStatus } from '../admission.js';
import { failuresFrom, withFailures } from './failure-places.js';
import { noFailures, refuseAttempt, type LockoutRules, type LockoutState } from './lockout.js';

/** What an attempt is made on, and from where: an account, or an address that no account has, which must behave the same. */
export interface AttemptSubject {
  tenantId: string;
  /** The user's id, or the keyed hash of the address. */
  id: string;
  label: string;
  isKnown: boolean;
  /** Whether the tenant's audit trail records it: not where the tenant only lends its rules to an unknown address. */
  isRecorded: boolean;
  settings: Settings;
  /** The mark of a device that signed in to this account before; null: any other. */
  device: string | null;
}

/** An account as what an attempt is made on. */
export const subjectOf = (
  { _id, email, tenantId, userName }: UserDocument,
  settings: Settings,
  device: KnownDevice,
): AttemptSubject => ({
  tenantId,
  id: _id,
  label: email ?? userName,
  isKnown: true,
  isRecorded: true,
  settings,
  device: device.at(_id),
});

/** How one attempt at one subject ended. */
export type AttemptResult =
  | { kind: 'locked'; until: Date }
  | { kind: 'wrong' }
  | { kind: 'right'; user: UserDocument; status: EntryStatus; needsCode: boolean };

/** How long failures at an unknown address are remembered. */
const unknownSeconds = 30 * 86_400;

export const rulesOf = (settings: Settings): LockoutRules => ({
  threshold: settings['lockout.threshold'],
  windowSeconds: settings['lockout.windowSeconds'],
  lockSeconds: settings['lockout.lockSeconds'],
  minGapSeconds: settings['lockout.minGapSeconds'],
  countMode: settings['lockout.countMode'],
});

const unknownId = (subject: AttemptSubject): string => `${subject.tenantId}:${subject.id}`;

/** The device whose failures count apart; null where the tenant counts all of an account together. */
export const placeOf = ({ settings, device }: AttemptSubject): string | null =>
  settings['lockout.devicesApart'] ? device : null;

export function* readState(tx: Reader, subject: AttemptSubject): Step<LockoutState> {
  const scope = tx.tenant(subject.tenantId);
  if (subject.isKnown)
    return failuresFrom(yield* scope.collection('credentials').get(subject.id), placeOf(subject));
  return (yield* scope.collection('address_lockouts').get(unknownId(subject))) ?? noFailures;
}

const fieldsOf = ({ failureCount, failureTimes, lockedUntil, lockReason }: LockoutState) => ({
  failureCount,
  failureTimes: [...failureTimes],
  lockedUntil,
  lockReason,
});

export function* writeState(
  tx: Transaction,
  subject: AttemptSubject,
  state: LockoutState,
  now: Date,
): Step<void> {
  const scope = tx.tenant(subject.tenantId);
  if (subject.isKnown) {
    const credentials = scope.collection('credentials');
    const change = (stored: CredentialDocument) => withFailures(stored, placeOf(subject), state);
    if (yield* credentials.update(subject.id, change)) return;
    yield* credentials.insert(newCredential(subject.tenantId, subject.id));
    yield* credentials.update(subject.id, change);
    return;
  }
  const fields = { ...fieldsOf(state), expiresAt: new Date(now.getTime() + unknownSeconds * 1000) };
  const lockouts = scope.collection('address_lockouts');
  const updated = yield* lockouts.update(unknownId(subject), (stored) => ({ ...stored, ...fields }));
  if (!updated) yield* lockouts.insert({ _id: unknownId(subject), tenantId: subject.tenantId, ...fields });
}

/** Whom an attempt is made on, as the audit trail names them. */
const targetOf = (subject: AttemptSubject): AuditParty => ({
  type: 'user',
  id: subject.isKnown ? subject.id : '',
  label: subject.label,
});

/** The caller: anonymous until the password and the code were right. */
export function actorOf(subject: AttemptSubject, visitor: Visitor, isProved: boolean): Actor {
  return {
    party: isProved
      ? { type: 'user', id: subject.id, label: subject.label }
      : { type: 'anonymous', id: '', label: 'a caller without a session' },
    tenantId: subject.tenantId,
    permissions: new Set(),
    directoryId: null,
    requestId: visitor.requestId,
    ip: visitor.ip,
  };
}

export function* record(
  tx: Transaction,
  subject: AttemptSubject,
  visitor: Visitor,
  event: { action: string; reason: string; isProved?: boolean },
  now: Date,
): Step<void> {
  if (!subject.isRecorded) return;
  const actor = actorOf(subject, visitor, event.isProved ?? false);
  const changes = [{ path: 'reason', before: null, after: event.reason }];
  const target = targetOf(subject);
  yield* recordEvent(tx, actor, { action: event.action, target, changes, result: 'failure' }, now);
}

/** The attempt's refusal by an earlier lock, or by one that it causes itself; undefined when its password counts. */
export function* refuse(
  tx: Transaction,
  subject: AttemptSubject,
  visitor: Visitor,
  now: Date,
): Step<AttemptResult | undefined> {
  const state = yield* readState(tx, subject);
  const refused = refuseAttempt(state, rulesOf(subject.settings), now);
  if (!refused) return undefined;
  if (refused !== state) {
    yield* writeState(tx, subject, refused, now);
    yield* record(tx, subject, visitor, { action: 'user.locked', reason: 'too_fast' }, now);
  }
  return { kind: 'locked', until: refused.lockedUntil ?? now };
}
