import { expect } from 'chai';
import {
  countFailure,
  lockEnd,
  noFailures,
  refuseAttempt,
  type LockoutRules,
  type LockoutState,
} from '../../../src/auth/local/lockout.js';

const rules: LockoutRules = {
  threshold: 3,
  windowSeconds: 900,
  lockSeconds: 1800,
  minGapSeconds: 3,
  countMode: 'cumulative',
};
const start = Date.parse('2026-01-05T09:00:00.000Z');
const at = (seconds: number): Date => new Date(start + Math.round(seconds * 1000));

/** Plays wrong passwords at the given seconds; attempts that are refused are not judged. */
function fail(times: readonly number[], given: LockoutRules = rules, from: LockoutState = noFailures) {
  return times.reduce<LockoutState>((state, seconds) => {
    return refuseAttempt(state, given, at(seconds)) ?? countFailure(state, given, at(seconds));
  }, from);
}

describe('lockout', () => {
  it('locks for 30 minutes at the third failure (M0-29)', () => {
    const state = fail([0, 10, 20]);
    expect(state.lockReason).to.equal('too_many_failures');
    expect(state.lockedUntil).to.deep.equal(at(20 + 1800));
  });

  it('is over at 30 minutes and not a second before (M0-33)', () => {
    const state = fail([0, 10, 20]);
    expect(lockEnd(state, at(20 + 1799))).to.deep.equal(at(1820));
    expect(lockEnd(state, at(20 + 1800))).to.equal(undefined);
    expect(refuseAttempt(state, rules, at(20 + 1800))).to.equal(undefined);
  });

  it('locks an attempt up to 3.000 s after a failure and judges one at 3.001 s (M0-30)', () => {
    const state = fail([0]);
    expect(refuseAttempt(state, rules, at(3))).to.include({ lockReason: 'too_fast', failureCount: 1 });
    expect(refuseAttempt(state, rules, at(3))?.lockedUntil).to.deep.equal(at(1803));
    expect(refuseAttempt(state, rules, at(3.001))).to.equal(undefined);
  });

  it('takes an attempt that arrived before a failure was written as too fast', () => {
    expect(refuseAttempt(fail([5]), rules, at(4))).to.include({ lockReason: 'too_fast' });
  });

  it('takes no attempt as too fast for a failure that a wrong clock put in the future', () => {
    for (const ahead of [3.001, 60, 3600, 86_400]) {
      expect(refuseAttempt(fail([ahead]), rules, at(0)), `${ahead} s ahead`).to.equal(undefined);
    }
  });

  it('does not lock for failures that a wrong clock put in the future, but for those of clocks a little apart', () => {
    const windowed = { ...rules, countMode: 'window' as const, minGapSeconds: 0 };
    expect(fail([3600, 3601, 0], windowed).lockedUntil).to.equal(null);
    expect(fail([0.3, 0.2, 0.1], windowed).lockedUntil).to.deep.equal(at(1800.1));
  });

  it('neither counts nor extends while locked', () => {
    const locked = fail([0, 10, 20]);
    expect(fail([21, 500, 1819], rules, locked)).to.deep.equal(locked);
  });

  it('locks again at the next failure after a lock, since only a success resets the count (M0-31)', () => {
    const state = fail([0, 10, 20, 20 + 1800]);
    expect(state).to.include({ failureCount: 4, lockReason: 'too_many_failures' });
    expect(state.lockedUntil).to.deep.equal(at(20 + 3600));
  });

  it('counts over any span of time in cumulative mode, and only within the window in window mode', () => {
    const tenDays = 864_000;
    expect(fail([0, 10, tenDays]).lockedUntil).to.deep.equal(at(tenDays + 1800));
    const windowed = { ...rules, countMode: 'window' as const };
    expect(fail([0, 10, tenDays], windowed).lockedUntil).to.equal(null);
    expect(fail([0, 10, 900], windowed).lockedUntil).to.deep.equal(at(2700));
    expect(fail([0, 10, 901], windowed).lockedUntil).to.equal(null);
  });

  it('begins a new window behind a lock in window mode', () => {
    const windowed = { ...rules, countMode: 'window' as const, lockSeconds: 60 };
    const state = fail([0, 10, 20, 90], windowed);
    expect(state.lockedUntil).to.equal(null);
  });

  it('can be switched off by a threshold and a gap of 0', () => {
    const off = { ...rules, threshold: 0, minGapSeconds: 0 };
    expect(fail([0, 0, 0, 0, 0], off)).to.include({ lockedUntil: null, failureCount: 5 });
  });

  it('keeps no more instants than the threshold', () => {
    const state = fail([0, 0, 0, 0, 0], { ...rules, threshold: 10, minGapSeconds: 0 });
    expect(state.failureTimes).to.have.length(5);
    expect(
      fail(Array<number>(30).fill(0), { ...rules, threshold: 0, minGapSeconds: 0 }).failureTimes,
    ).to.have.length(1);
  });
});
