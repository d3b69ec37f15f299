/** What failed at one account (or at an unknown address) from one place since the last success there. */
export interface LockoutState {
  failureCount: number;
  /** Newest last; as many as the threshold, at least one. */
  failureTimes: readonly Date[];
  lockedUntil: Date | null;
  lockReason: 'too_many_failures' | 'too_fast' | null;
}

/** A tenant's settings `lockout.*`; spans in seconds. */
export interface LockoutRules {
  /** Failures that lock; 0: never. */
  threshold: number;
  /** Span the failures must lie in, when `countMode` is `window`. */
  windowSeconds: number;
  lockSeconds: number;
  /** An attempt this soon after a failure locks, whatever the password (M0-30); 0: off. */
  minGapSeconds: number;
  /** `cumulative`: nothing but a success resets the count (M0-31). */
  countMode: 'cumulative' | 'window';
}

export const noFailures: LockoutState = {
  failureCount: 0,
  failureTimes: [],
  lockedUntil: null,
  lockReason: null,
};

/**
 * How far the clocks of two processes, or the beginnings of two attempts judged at once, may lie apart. A failure later than that was
 * written by a clock that was wrong, and counts for nothing.
 */
const skewMs = 60_000;

const after = (now: Date, seconds: number): Date => new Date(now.getTime() + seconds * 1000);

/** @returns when the lock ends, or undefined when there is none: at that very instant it is over (M0-33). */
export function lockEnd(state: LockoutState, now: Date): Date | undefined {
  return state.lockedUntil !== null && state.lockedUntil > now ? state.lockedUntil : undefined;
}

/**
 * An attempt may arrive a little before a failure that was judged beside it. A failure further in the future is one of a clock that was set
 * back since: no attempt is too fast for it.
 */
function isTooFast(state: LockoutState, { minGapSeconds }: LockoutRules, now: Date): boolean {
  const last = state.failureTimes.at(-1);
  if (minGapSeconds === 0 || last === undefined) return false;
  return Math.abs(now.getTime() - last.getTime()) <= minGapSeconds * 1000;
}

/**
 * An attempt arrives: may its password be looked at?
 *
 * @returns the state to keep when the attempt itself locks (M0-30), the unchanged state while a lock lasts (such attempts neither count nor
 * extend it), or undefined when the password is to be judged.
 */
export function refuseAttempt(state: LockoutState, rules: LockoutRules, now: Date): LockoutState | undefined {
  if (lockEnd(state, now)) return state;
  if (!isTooFast(state, rules, now)) return undefined;
  return { ...state, lockedUntil: after(now, rules.lockSeconds), lockReason: 'too_fast' };
}

/**
 * A password was judged wrong (M0-29, M0-31).
 *
 * @param state - one that {@link refuseAttempt} let pass.
 */
export function countFailure(state: LockoutState, rules: LockoutRules, now: Date): LockoutState {
  const windowStart = now.getTime() - rules.windowSeconds * 1000;
  const kept = state.failureTimes.filter(
    (time) =>
      time.getTime() <= now.getTime() + skewMs &&
      (rules.countMode === 'cumulative' || time.getTime() >= windowStart),
  );
  const failureTimes = [...kept, now].slice(-Math.max(rules.threshold, 1));
  const failureCount = state.failureCount + 1;
  const counted = rules.countMode === 'cumulative' ? failureCount : failureTimes.length;
  if (rules.threshold === 0 || counted < rules.threshold) {
    return { failureCount, failureTimes, lockedUntil: null, lockReason: null };
  }
  return {
    failureCount,
    // The window begins again behind its lock; the cumulative count stays until a success.
    failureTimes: rules.countMode === 'window' ? [] : failureTimes,
    lockedUntil: after(now, rules.lockSeconds),
    lockReason: 'too_many_failures',
  };
}
