import type { Config } from '../infrastructure/config-schema.js';
import type { Store } from '../persistence/store.js';
import type { Clock } from '../shared/clock.js';
import { AppError } from '../shared/errors.js';
import { addressKey } from './rate-limit-store.js';

/** What counting needs. */
export interface LimitHome {
  readonly store: Store;
  readonly clock: Clock;
  readonly config: Config;
}

const windowMs = 60_000;

/** A count that is over its limit, and how long to wait. */
export interface Over {
  retryAfterSeconds: number;
}

/**
 * Counts something of a minute, over all processes.
 *
 * @param key - names the counter; unique over the server.
 * @param by - 0: only looks.
 * @returns undefined while the count is within the limit.
 */
export async function countInMinute(
  { store, clock }: LimitHome,
  key: string,
  most: number,
  by = 1,
): Promise<Over | undefined> {
  const now = clock.now().getTime();
  const { count, expiresAt } = await store.increment(key, by, new Date(now + windowMs));
  // A caller that only checks wants to know about the next request.
  if ((by === 0 ? count + 1 : count) <= most) return undefined;
  return { retryAfterSeconds: Math.max(1, Math.ceil((expiresAt.getTime() - now) / 1000)) };
}

/**
 * Counts an invalid credential of a client address: a token, an API key, a client secret. All interfaces share the count, so that
 * a client cannot use the limit once per interface. Valid ones are never counted: a client that shares the address with an attacker is not limited.
 *
 * @param ip - `req.ip`.
 */
export function countFailedCredential(home: LimitHome, ip: string | undefined): Promise<Over | undefined> {
  return countInMinute(home, `credentials:${addressKey(ip)}`, home.config.limits.failedCredentialsPerMinute);
}

/** @throws AppError `rate.limited` from the first failure past the limit; see {@link countFailedCredential}. */
export async function refuseFailedCredential(home: LimitHome, ip: string | undefined): Promise<void> {
  const over = await countFailedCredential(home, ip);
  if (over) throw new AppError('rate.limited', 'too many failed credentials from this address', over);
}

/**
 * Counts a request of a program in its second, over all processes, when its tenant has set a limit.
 *
 * @param key - names who is counted; unique over the server.
 * @param perSecond - 0: no limit.
 * @param caller - what the refusal calls who sent this one.
 * @throws AppError `rate.limited`.
 */
export async function countInSecond(
  home: LimitHome,
  key: string,
  perSecond: number,
  caller?: string,
): Promise<void> {
  if (perSecond <= 0) return;
  const second = Math.floor(home.clock.now().getTime() / 1000);
  const { count } = await home.store.increment(`${key}:${second}`, 1, new Date((second + 2) * 1000));
  if (count <= perSecond) return;
  const by = caller === undefined ? '' : `; this one came from ${JSON.stringify(caller)}`;
  throw new AppError('rate.limited', `this tenant allows ${perSecond} requests a second${by}`, {
    retryAfterSeconds: 1,
  });
}
