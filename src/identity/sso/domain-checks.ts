import type { ConnectionDomain } from '../../persistence/collections/sso-connections.js';
import { newId } from '../../shared/ids.js';
import { unproven } from './domains.js';

const dayMs = 86_400_000;
/** How long a record may be away before administrators get a mail. */
const quietMs = 7 * dayMs;
/** How long it may be away before the domain is proven no more. */
const graceMs = 30 * dayMs;
/** A domain is lost this long after that mail, at the earliest. */
const noticeMs = 7 * dayMs;

/** Where the proof of a domain is looked for. */
export const challengeName = (domain: string): string => `_gatehouse-challenge.${domain}`;

/** Whether TXT records hold the challenge of a domain; a record may come in several chunks. */
export function isProof(records: readonly (readonly string[])[], challenge: string): boolean {
  return records.some((chunks) => chunks.join('').trim() === challenge);
}

/** A domain whose record was just seen. @param now - when. */
export const seen = (entry: ConnectionDomain, now: Date): ConnectionDomain => ({
  ...entry,
  verified: true,
  verifiedAt: entry.verifiedAt ?? now,
  ...{ proof: 'dns', checkId: newId(), checkedAt: now, missingSince: null, warnedAt: null },
});

/** When a domain whose record is away is proven no more, if it stays away; null: it is there. */
export function endOf({ missingSince, warnedAt }: ConnectionDomain): Date | null {
  if (!missingSince) return null;
  const told = warnedAt ? warnedAt.getTime() : missingSince.getTime() + quietMs;
  return new Date(Math.max(missingSince.getTime() + graceMs, told + noticeMs));
}

/**
 * What a daily look at the record of a proven domain changes (7 days quiet, 30 until the proof ends, 7 of notice at least).
 *
 * @returns `news`: what is news for administrators; null: nothing.
 */
export function judgeCheck(
  before: ConnectionDomain,
  isThere: boolean,
  now: Date,
): { entry: ConnectionDomain; news: 'missing' | 'back' | 'lost' | null } {
  if (isThere) return { entry: seen(before, now), news: before.warnedAt ? 'back' : null };
  const entry = { ...before, checkId: newId(), checkedAt: now, missingSince: before.missingSince ?? now };
  const end = endOf(entry);
  if (entry.warnedAt && end && end <= now) return { entry: unproven(before, now), news: 'lost' };
  const isDue = now.getTime() - entry.missingSince.getTime() >= quietMs;
  if (!isDue || entry.warnedAt) return { entry, news: null };
  return { entry: { ...entry, warnedAt: now }, news: 'missing' };
}
