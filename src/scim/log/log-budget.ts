import type { Core } from '../../identity/core.js';

const dayMs = 86_400_000;
const megabyte = 2 ** 20;
/** Written by one process before it tells the others. */
const reportedAt = 262_144;

interface Spent {
  readonly day: number;
  /** By all processes, as far as is known. */
  total: number;
  /** Not told to the others yet. */
  unreported: number;
}

/** What each directory's log has taken of its room for the day (UTC). */
export interface LogBudget {
  /**
   * Counts what is about to be written.
   *
   * @returns `over`: nothing more may be written today; `last`: this may, and no more.
   */
  spend(directoryId: string, size: number, at: Date): Promise<'within' | 'last' | 'over'>;
}

/** Counts per directory and day (UTC), in the store, so that all processes share one budget. */
export function openLogBudget({ store, config }: Pick<Core, 'store' | 'config'>): LogBudget {
  const most = config.scim.requestLogDailyMegabytes * megabyte;
  const known = new Map<string, Spent>();
  const spentOn = (directoryId: string, day: number): Spent => {
    const spent = known.get(directoryId);
    if (spent?.day === day) return spent;
    // A new day: what there was of others is over for them as well.
    for (const [id, other] of known) if (other.day < day) known.delete(id);
    const fresh = { day, total: 0, unreported: 0 };
    known.set(directoryId, fresh);
    return fresh;
  };
  return {
    async spend(directoryId, size, at) {
      const day = Math.floor(at.getTime() / dayMs);
      const spent = spentOn(directoryId, day);
      if (spent.total >= most) return 'over';
      spent.unreported += size;
      spent.total += size;
      if (spent.unreported >= Math.min(reportedAt, most)) {
        const by = spent.unreported;
        spent.unreported = 0;
        const end = new Date((day + 2) * dayMs);
        const { count } = await store.increment(`scim-log:${directoryId}:${day}`, by, end);
        spent.total = count;
        // Another process has written the last one.
        if (count - by >= most) return 'over';
      }
      return spent.total >= most ? 'last' : 'within';
    },
  };
}
