import { expect } from 'chai';
import {
  statusOf,
  statusWithoutLock,
  type StatusFields,
  type UserStatus,
} from '../../../src/identity/grants/user-status.js';

const now = new Date('2026-01-05T09:00:00Z');
const before = new Date(now.getTime() - 1);
const after = new Date(now.getTime() + 1);
const good: StatusFields = { enabled: true, approved: true, activatedAt: before, accessExpiresAt: null };

const [asked, free] = [{ 'approval.required': true }, { 'approval.required': false }];

describe('statusOf (requirements B2)', () => {
  const worst = { enabled: false, approved: false, activatedAt: null, accessExpiresAt: now };
  const ladder: [UserStatus, Partial<StatusFields>, Date | null][] = [
    ['disabled', worst, after],
    ['expired', { ...worst, enabled: true }, after],
    ['locked', { ...worst, enabled: true, accessExpiresAt: after }, after],
    ['pending_activation', { ...worst, enabled: true, accessExpiresAt: after }, now],
    ['pending_approval', { approved: false }, null],
    ['active', {}, null],
  ];
  for (const [status, fields, lockedUntil] of ladder) {
    it(`is ${status} as the first that holds`, () => {
      expect(statusOf({ ...good, ...fields }, asked, now, lockedUntil)).to.equal(status);
    });
  }

  it('is deleted for a user that is gone', () => {
    expect(statusOf(undefined, free, now, null)).to.equal('deleted');
  });

  it('asks for approval only where the tenant does', () => {
    expect(statusWithoutLock({ ...good, approved: false }, free, now)).to.equal('active');
  });

  it('lets access end and a lockout end at their very instants', () => {
    expect(statusWithoutLock({ ...good, accessExpiresAt: now }, free, now)).to.equal('expired');
    expect(statusOf(good, free, now, now)).to.equal('active');
  });
});
