import type { Core } from '../identity/core.js';
import { AppError } from '../shared/errors.js';

/**
 * Counts a failed token of an address; valid ones are never counted (contract: 300 failures a minute).
 *
 * @throws AppError `rate.limited` from the first failure past the limit.
 */
export async function countFailedToken(core: Core, ip: string): Promise<void> {
  const now = core.clock.now();
  const { count, expiresAt } = await core.store.increment(
    `credentials:${ip}`,
    1,
    new Date(now.getTime() + 60_000),
  );
  if (count <= core.config.limits.failedCredentialsPerMinute) return;
  throw new AppError('rate.limited', 'too many failed tokens from this address', {
    retryAfterSeconds: Math.max(1, Math.ceil((expiresAt.getTime() - now.getTime()) / 1000)),
  });
}

/**
 * Counts a request of a directory, over all processes, when its tenant has set a limit.
 *
 * @param perSecond - 0: no limit.
 * @throws AppError `rate.limited`.
 */
export async function countRequest(core: Core, directoryId: string, perSecond: number): Promise<void> {
  if (perSecond <= 0) return;
  const now = core.clock.now();
  const second = Math.floor(now.getTime() / 1000);
  const { count } = await core.store.increment(
    `scim:${directoryId}:${second}`,
    1,
    new Date((second + 2) * 1000),
  );
  if (count > perSecond) {
    throw new AppError('rate.limited', `this directory may send ${perSecond} requests a second`, {
      retryAfterSeconds: 1,
    });
  }
}
