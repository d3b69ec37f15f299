import { expect } from 'chai';
import { accessPeriodFault } from '../../../src/identity/users/access-period.js';

describe('the end of an access period', () => {
  const now = new Date('2026-01-05T09:00:00.000Z');
  const inSeconds = (seconds: number): Date => new Date(now.getTime() + seconds * 1000);

  it('may be absent, whatever the longest period is', () => {
    expect(accessPeriodFault(null, now, 60)).to.equal(undefined);
  });

  it('has to lie in the future: not now, not before', () => {
    expect(accessPeriodFault(now, now, 0)).to.equal('must lie in the future');
    expect(accessPeriodFault(inSeconds(-1), now, 0)).to.equal('must lie in the future');
    expect(accessPeriodFault(inSeconds(0.001), now, 0)).to.equal(undefined);
  });

  it('has to lie within the longest period, to the second (F-10)', () => {
    expect(accessPeriodFault(inSeconds(60), now, 60)).to.equal(undefined);
    expect(accessPeriodFault(inSeconds(60.001), now, 60)).to.equal('must lie within 60 seconds from now');
  });
});
