import { expect } from 'chai';
import { addressKey, rateLimitStore } from '../../../src/http/rate-limit-store.js';
import { ManualClock } from '../../support/clock.js';
import { openTestStore } from '../../support/store.js';

describe('addresses as keys of counters (express-rate-limit CVE-2026-30827)', () => {
  it('take an IPv4 address in any IPv6 notation as the same', () => {
    for (const ip of ['::ffff:192.0.2.1', '::ffff:c000:201', '0:0:0:0:0:ffff:192.0.2.1']) {
      expect(addressKey(ip), ip).to.equal('192.0.2.1');
    }
  });

  it('take a /56 of IPv6 as one', () => {
    expect(addressKey('2001:db8:0:ff01::1')).to.equal(addressKey('2001:db8:0:ff99:1:2:3:4'));
    expect(addressKey('2001:db8:0:fe01::1')).to.not.equal(addressKey('2001:db8:0:ff01::1'));
  });

  it('ignore the zone of a link-local address and a socket that is gone', () => {
    expect(addressKey('fe80::1%eth0')).to.equal(addressKey('fe80::1'));
    expect(addressKey(undefined)).to.equal('unknown');
  });
});

describe('counters in the store', () => {
  it('count up to their end and start again', async () => {
    const clock = new ManualClock();
    const counters = rateLimitStore({ store: await openTestStore(clock), clock }, 'test', 60);
    expect((await counters.increment('a')).totalHits).to.equal(1);
    expect((await counters.increment('a')).totalHits).to.equal(2);
    await counters.decrement('a');
    const again = await counters.increment('a');
    expect(again.totalHits).to.equal(2);
    expect(again.resetTime).to.deep.equal(new Date(clock.now().getTime() + 60_000));
    expect((await counters.increment('b')).totalHits).to.equal(1);
    clock.advance(60_000);
    expect((await counters.increment('a')).totalHits).to.equal(1);
    await counters.resetKey('a');
    expect((await counters.increment('a')).totalHits).to.equal(1);
  });
});
