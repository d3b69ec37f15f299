import { recordEvent } from '../../identity/audit/audit.js';
import type { Core } from '../../identity/core.js';
import { isHashOf, withOwnHash } from '../../identity/users/credentials.js';
import { acceptCode } from '../../identity/credentials/two-factor-code.js';
import { usedPasskey, type PasskeyUse } from '../../identity/credentials/passkey-use.js';
import { needsCode } from '../../identity/credentials/two-factor.js';
import { isOpen } from '../../identity/tenants/state.js';
import { statusWithoutLock } from '../../identity/grants/user-status.js';
import type { Step, Transaction } from '../../persistence/store.js';
import type { Visitor } from '../sessions.js';
import { mayEnter } from '../admission.js';
import { withFailures } from './failure-places.js';
import { countFailure, noFailures, refuseAttempt } from './lockout.js';
import {
  type AttemptResult,
  type AttemptSubject,
  actorOf,
  placeOf,
  readState,
  record,
  refuse,
  rulesOf,
  writeState,
} from './attempt-subject.js';

/**
 * An attempt arrives. Nothing is written unless it locks by being too fast (M0-30).
 *
 * @returns the refusal, or undefined when the password is to be looked at.
 */
export async function admitAttempt(
  core: Core,
  subject: AttemptSubject,
  visitor: Visitor,
  now: Date,
): Promise<AttemptResult | undefined> {
  const state = await core.store.read((tx) => readState(tx, subject));
  if (!refuseAttempt(state, rulesOf(subject.settings), now)) return undefined;
  return core.store.transaction((tx) => refuse(tx, subject, visitor, now));
}

/**
 * Counts an attempt whose password was found wrong, in one atomic step: the state is read again, since others may have failed at the same time.
 * Of any number of parallel guesses each is counted once, up to the one that locks.
 */
export function settleWrong(
  core: Core,
  subject: AttemptSubject,
  visitor: Visitor,
  now: Date,
): Promise<AttemptResult> {
  return core.store.transaction(function* (tx): Step<AttemptResult> {
    const refused = yield* refuse(tx, subject, visitor, now);
    if (refused) return refused;
    const next = countFailure(yield* readState(tx, subject), rulesOf(subject.settings), now);
    yield* writeState(tx, subject, next, now);
    yield* record(tx, subject, visitor, { action: 'login.failed', reason: 'wrong_password' }, now);
    if (next.lockedUntil === null) return { kind: 'wrong' };
    yield* record(tx, subject, visitor, { action: 'user.locked', reason: 'too_many_failures' }, now);
    return { kind: 'locked', until: next.lockedUntil };
  });
}

/** Records a password that was right for other accounts of the address too: the person chooses one. */
export async function noteChoice(
  core: Core,
  subject: AttemptSubject,
  visitor: Visitor,
  now: Date,
): Promise<void> {
  const actor = actorOf(subject, visitor, true);
  const event = { action: 'login.choice_offered', target: actor.party };
  await core.store.transaction((tx) => recordEvent(tx, actor, event, now));
}

/** Records a password that was wrong for this account and right for another one of the same address. It is counted elsewhere. */
export async function noteWrong(
  core: Core,
  subject: AttemptSubject,
  visitor: Visitor,
  now: Date,
): Promise<void> {
  await core.store.transaction((tx) =>
    record(tx, subject, visitor, { action: 'login.failed', reason: 'wrong_password' }, now),
  );
}

/** A password that was found right. */
interface RightPassword {
  /** By which stored hash. */
  passwordHash: string;
  /** Takes that hash's place, which another system made. */
  ownHash: string | undefined;
  now: Date;
}

/** From now on the password is judged by a hash of ours (import of people). */
function* takeOver(
  tx: Transaction,
  subject: AttemptSubject,
  visitor: Visitor,
  { passwordHash, ownHash, now }: RightPassword,
): Step<void> {
  if (ownHash === undefined) return;
  const credentials = tx.tenant(subject.tenantId).collection('credentials');
  const stored = yield* credentials.get(subject.id);
  if (stored?.passwordHash !== passwordHash) return;
  yield* credentials.update(subject.id, (credential) => withOwnHash(credential, passwordHash, ownHash));
  const actor = actorOf(subject, visitor, true);
  yield* recordEvent(tx, actor, { action: 'password.rehashed', target: actor.party }, now);
}

/**
 * Settles an attempt whose password was right: a lock set at the same time refuses it all the same, so does another password, and the status is
 * that of this very moment. A success resets the count (M0-31); with a second factor the success is still to come, or codes could be guessed without end.
 */
export function settleRight(
  core: Core,
  subject: AttemptSubject,
  visitor: Visitor,
  { passwordHash, ownHash, now }: RightPassword,
): Promise<AttemptResult> {
  return core.store.transaction(function* (tx): Step<AttemptResult> {
    const refused = yield* refuse(tx, subject, visitor, now);
    if (refused) return refused;
    const scope = tx.tenant(subject.tenantId);
    const user = yield* scope.collection('users').get(subject.id);
    if (!user) return { kind: 'wrong' };
    const tenant = yield* scope.collection('tenants').get(subject.tenantId);
    if (!tenant) return { kind: 'wrong' };
    const status = isOpen(tenant) ? statusWithoutLock(user, subject.settings, now) : 'suspended';
    const credential = yield* scope.collection('credentials').get(subject.id);
    if (!credential || !isHashOf(credential, passwordHash)) return { kind: 'wrong' };
    yield* takeOver(tx, subject, visitor, { passwordHash, ownHash, now });
    const isCodeNeeded = needsCode(credential, subject.settings);
    if (!mayEnter(status))
      yield* record(tx, subject, visitor, { action: 'login.refused', reason: status, isProved: true }, now);
    else if (!isCodeNeeded) yield* writeState(tx, subject, noFailures, now);
    return { kind: 'right', user, status, needsCode: isCodeNeeded };
  });
}

/**
 * Judges the code of a second factor and counts it, in one atomic step: no time step and no backup code is good twice, and a wrong code is a
 * failed login (F-12).
 */
export function settleCode(
  core: Core,
  subject: AttemptSubject,
  visitor: Visitor,
  { code, now }: { code: string; now: Date },
): Promise<'right' | 'wrong' | { until: Date }> {
  return core.store.transaction(function* (tx): Step<'right' | 'wrong' | { until: Date }> {
    const refused = yield* refuse(tx, subject, visitor, now);
    if (refused?.kind === 'locked') return { until: refused.until };
    const credentials = tx.tenant(subject.tenantId).collection('credentials');
    const credential = yield* credentials.get(subject.id);
    const used = credential?.twoFactor && acceptCode(core, credential.twoFactor, code, now);
    if (used) {
      yield* credentials.update(subject.id, (stored) => ({
        ...withFailures(stored, placeOf(subject), noFailures),
        twoFactor: used.twoFactor,
      }));
      if (used.isBackupCode) {
        const actor = actorOf(subject, visitor, true);
        yield* recordEvent(tx, actor, { action: 'twofactor.backup_used', target: actor.party }, now);
      }
      return 'right';
    }
    const next = countFailure(yield* readState(tx, subject), rulesOf(subject.settings), now);
    yield* writeState(tx, subject, next, now);
    yield* record(tx, subject, visitor, { action: 'login.failed', reason: 'wrong_code' }, now);
    if (next.lockedUntil === null) return 'wrong';
    yield* record(tx, subject, visitor, { action: 'user.locked', reason: 'too_many_failures' }, now);
    return { until: next.lockedUntil };
  });
}

/**
 * Settles a passkey that was judged right: a lock refuses it like a password, and a success resets the count (M0-31).
 *
 * A wrong one is recorded and counts for nothing: signatures cannot be guessed.
 */
export function settlePasskey(
  core: Core,
  subject: AttemptSubject,
  visitor: Visitor,
  { now, use }: { now: Date; use: PasskeyUse | undefined },
): Promise<'right' | 'wrong' | { until: Date }> {
  return core.store.transaction(function* (tx): Step<'right' | 'wrong' | { until: Date }> {
    const refused = yield* refuse(tx, subject, visitor, now);
    if (refused?.kind === 'locked') return { until: refused.until };
    const credentials = tx.tenant(subject.tenantId).collection('credentials');
    const used = use && usedPasskey(yield* credentials.get(subject.id), use, now);
    if (!used) {
      yield* record(tx, subject, visitor, { action: 'login.failed', reason: 'wrong_passkey' }, now);
      return 'wrong';
    }
    yield* credentials.update(subject.id, () => withFailures(used, placeOf(subject), noFailures));
    return 'right';
  });
}
