/**
 * Why access cannot end at this instant: an end that is given has to lie ahead, and within the tenant's longest period.
 *
 * @param maxPeriodSeconds - the tenant's `access.temporaryMaxSeconds`; 0: any.
 * @returns undefined when it can. null, access without an end, always can.
 */
export function accessPeriodFault(
  expiresAt: Date | null,
  now: Date,
  maxPeriodSeconds: number,
): string | undefined {
  if (expiresAt === null) return undefined;
  if (expiresAt <= now) return 'must lie in the future';
  if (maxPeriodSeconds === 0 || expiresAt.getTime() - now.getTime() <= maxPeriodSeconds * 1000)
    return undefined;
  return `must lie within ${maxPeriodSeconds} seconds from now`;
}
