/**
 * Why access cannot end at this instant: an end that is given has to lie ahead, and within the tenant's longest period.
 *
 * @param mostSeconds - the tenant's `access.temporaryMaxSeconds`; 0: any.
 * @returns undefined when it can. null, access without an end, always can.
 */
export function accessPeriodFault(
  expiresAt: Date | null,
  now: Date,
  mostSeconds: number,
): string | undefined {
  if (expiresAt === null) return undefined;
  if (expiresAt <= now) return 'must lie in the future';
  if (mostSeconds === 0 || expiresAt.getTime() - now.getTime() <= mostSeconds * 1000) return undefined;
  return `must lie within ${mostSeconds} seconds from now`;
}
