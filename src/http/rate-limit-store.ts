import type { Store as RateLimitStore } from 'express-rate-limit';
import { ipKeyGenerator } from 'express-rate-limit';
import type { Store } from '../persistence/store.js';
import type { Clock } from '../shared/clock.js';

/** What the counters of a rate limit need. */
export interface RateLimitHome {
  readonly store: Store;
  readonly clock: Clock;
}

/**
 * Counters of express-rate-limit in the database, so that all processes count together.
 *
 * @param prefix - names the limit, e.g. `signin-address`; unique over the server.
 * @param windowSeconds - how long one counter lasts from its first hit.
 */
export function rateLimitStore(
  { store, clock }: RateLimitHome,
  prefix: string,
  windowSeconds: number,
): RateLimitStore {
  const end = (): Date => new Date(clock.now().getTime() + windowSeconds * 1000);
  return {
    prefix: `${prefix}:`,
    localKeys: false,
    async increment(key) {
      const { count, expiresAt } = await store.increment(`${prefix}:${key}`, 1, end());
      return { totalHits: count, resetTime: expiresAt };
    },
    async decrement(key) {
      await store.increment(`${prefix}:${key}`, -1, end());
    },
    resetKey: (key) => store.resetCounter(`${prefix}:${key}`),
  };
}

/**
 * A client's address in the key of a counter: IPv4 as it is, `::ffff:192.0.2.1` in any notation as the IPv4 address it means,
 * IPv6 by its /56, which is what one customer has.
 *
 * @param ip - `req.ip`; absent when the socket is gone already.
 */
export function addressKey(ip: string | undefined): string {
  return ip === undefined ? 'unknown' : ipKeyGenerator(ip.split('%', 1)[0] ?? '', 56);
}
