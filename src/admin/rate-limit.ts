import type { Actor, Core } from '../identity/core.js';
import { AppError } from '../shared/errors.js';

/**
 * Counts a dead or made-up credential of an address, together with those sent to SCIM. Live ones are never counted: whoever shares the
 * address with a guesser is not slowed down.
 *
 * @throws AppError `rate.limited` from the first failure past the limit.
 */
export async function countFailedCredential(core: Core, ip: string): Promise<void> {
  const now = core.clock.now().getTime();
  const { count, expiresAt } = await core.store.increment(`credentials:${ip}`, 1, new Date(now + 60_000));
  if (count <= core.config.limits.failedCredentialsPerMinute) return;
  throw new AppError('rate.limited', 'too many failed credentials from this address', {
    retryAfterSeconds: Math.max(1, Math.ceil((expiresAt.getTime() - now) / 1000)),
  });
}

/**
 * Counts a request of a key or a person, over all processes, when the tenant has set a limit.
 *
 * @param perSecond - the tenant's `api.requestsPerSecond`; 0: no limit.
 * @throws AppError `rate.limited`.
 */
export async function countRequest(core: Core, actor: Actor, perSecond: number): Promise<void> {
  if (perSecond === 0) return;
  const second = Math.floor(core.clock.now().getTime() / 1000);
  const end = new Date((second + 2) * 1000);
  const { count } = await core.store.increment(`api:${actor.party.id}:${second}`, 1, end);
  if (count <= perSecond) return;
  throw new AppError('rate.limited', `this tenant allows ${perSecond} requests a second`, {
    retryAfterSeconds: 1,
  });
}
