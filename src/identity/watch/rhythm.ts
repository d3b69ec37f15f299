import type { Rhythm } from '../../persistence/collections/heartbeats.js';

const minuteMs = 60_000;
const dayMs = 86_400_000;
/** After so long without a look, nothing is known of what came in between. */
const breakMs = 30 * minuteMs;
/** How many days the longest silences are kept. */
const keptDays = 28;
/** A week with its weekend, and this many silences, are seen before anything is said. */
const learningMs = 8 * dayMs;
const learningGaps = 7;
/** A shorter rhythm is taken for this one. */
const shortestGapMs = 15 * minuteMs;
/** How many of its longest silences a directory may be silent: within three an event says so. */
const allowedGaps = 2.5;

const dayOf = (at: Date): string => at.toISOString().slice(0, 10);

/** The silences with one more, by day. */
function withGap(days: Rhythm['days'], at: Date, gapMs: number): Rhythm['days'] {
  const day = dayOf(at);
  const oldest = dayOf(new Date(at.getTime() - keptDays * dayMs));
  const known = days.find((one) => one.day === day)?.seconds ?? 0;
  const seconds = Math.max(known, Math.round(gapMs / 1000));
  return [...days.filter((one) => one.day !== day && one.day > oldest), { day, seconds }];
}

/**
 * What is known of a directory's rhythm after one more look.
 *
 * @param before - undefined: the first look.
 * @param lastAt - its newest request; null: none yet.
 */
export function observe(before: Rhythm | undefined, lastAt: Date | null, now: Date): Rhythm {
  if (!before) return { watchedSince: now, checkedAt: now, firstAt: lastAt, lastAt, gaps: 0, days: [] };
  const isBroken = now.getTime() - before.checkedAt.getTime() > breakMs;
  const next = { ...before, checkedAt: now, ...(isBroken && { watchedSince: now }) };
  if (lastAt === null || (before.lastAt && lastAt <= before.lastAt)) return next;
  const firstAt = before.firstAt ?? lastAt;
  if (isBroken || !before.lastAt) return { ...next, firstAt, lastAt };
  const gapMs = lastAt.getTime() - before.lastAt.getTime();
  return { ...next, firstAt, lastAt, gaps: before.gaps + 1, days: withGap(before.days, lastAt, gapMs) };
}

/** What a rhythm says of a directory at an instant. */
export interface Pulse {
  state: 'learning' | 'ok' | 'failing';
  /** The longest silence that is usual, seconds; null while it is learned. */
  gapSeconds: number | null;
  /** When it counts as silent if nothing comes until then. */
  silentAt: Date | null;
}

/** Whether a directory is silent for longer than it ever is. */
export function pulseOf({ days, firstAt, gaps, lastAt, watchedSince }: Rhythm, now: Date): Pulse {
  const isKnown = firstAt && lastAt && lastAt.getTime() - firstAt.getTime() >= learningMs;
  if (!isKnown || gaps < learningGaps) return { state: 'learning', gapSeconds: null, silentAt: null };
  const longest = Math.max(shortestGapMs / 1000, ...days.map(({ seconds }) => seconds));
  const from = Math.max(lastAt.getTime(), watchedSince.getTime());
  const silentAt = new Date(from + longest * allowedGaps * 1000);
  return { state: now >= silentAt ? 'failing' : 'ok', gapSeconds: longest, silentAt };
}
