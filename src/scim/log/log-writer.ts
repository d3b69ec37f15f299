import type { Core } from '../../identity/core.js';
import type { ScimRequestDocument } from '../../persistence/collections/scim-requests.js';
import type { NewDocument } from '../../persistence/store.js';
import { AppError } from '../../shared/errors.js';
import { newId } from '../../shared/ids.js';
import { roughSize } from '../../shared/size.js';
import { openLogBudget } from './log-budget.js';

type Entry = NewDocument<ScimRequestDocument>;

/** `queue`: too many wait; `budget`: the directory's room for the day is full; `refused`: the database does not take it; `away`: it is away. */
export type DropReason = 'queue' | 'budget' | 'refused' | 'away';
export type DroppedListener = (reason: DropReason, count: number) => void;

export interface LogWriter {
  /** Writes tenant by tenant; what of one cannot be written loses nothing of another. */
  write(entries: readonly Entry[]): Promise<void>;
}

/** What every entry takes beside what it holds. */
const overhead = 300;

/** An entry that says why none follow until tomorrow. */
function noteOf(entry: Entry, megabytes: number): Entry {
  return {
    ...entry,
    _id: newId(),
    method: 'NOTE',
    path: '',
    status: 507,
    latencyMs: 0,
    userAgent: '',
    body: null,
    deviations: [],
    target: null,
    diff: [],
    roleChanges: [],
    operations: [],
    error: {
      status: 507,
      scimType: null,
      detail: `the log of this directory has taken its ${megabytes} MB of today`,
      hint: 'requests are answered as ever, but none is logged until midnight UTC; scim.requestLogDailyMegabytes sets the room',
    },
  };
}

const isAway = (error: unknown): boolean => error instanceof AppError && error.code === 'server.unavailable';

/** One entry, without what the database may have taken offence at when it refuses all of it. */
async function writeOne(core: Core, entry: Entry): Promise<void> {
  const requests = core.store.tenant(entry.tenantId).collection('scim_requests');
  const bare = { ...entry, body: { omitted: true }, diff: [], operations: [] };
  await requests.insert(entry).catch((error: unknown) => {
    if (isAway(error)) throw error;
    return requests.insert(bare);
  });
}

/** @param drop - is told of what is not written. */
export function openLogWriter(core: Core, drop: DroppedListener): LogWriter {
  const budget = openLogBudget(core);

  /** Those there is room for. */
  async function affordable(entries: readonly Entry[]): Promise<Entry[]> {
    const kept: Entry[] = [];
    let over = 0;
    for (const entry of entries) {
      const room = await budget.spend(entry.directoryId, roughSize(entry) + overhead, entry.at);
      if (room === 'over') over += 1;
      else kept.push(entry);
      if (room === 'last') kept.push(noteOf(entry, core.config.scim.requestLogDailyMegabytes));
    }
    if (over > 0) drop('budget', over);
    return kept;
  }

  async function writeTenant(tenantId: string, entries: readonly Entry[]): Promise<void> {
    try {
      await core.store.tenant(tenantId).collection('scim_requests').insertMany(entries);
      return;
    } catch (error) {
      core.log.warn({ err: error, tenantId }, 'scim request log: entries are written one by one');
      if (isAway(error)) {
        drop('away', entries.length);
        return;
      }
    }
    for (const entry of entries) {
      await writeOne(core, entry).catch((error: unknown) => {
        const isThere = error instanceof AppError && error.code === 'store.duplicate';
        if (!isThere) drop(isAway(error) ? 'away' : 'refused', 1);
      });
    }
  }

  return {
    async write(entries) {
      for (const tenantId of new Set(entries.map((entry) => entry.tenantId))) {
        await writeTenant(
          tenantId,
          await affordable(entries.filter((entry) => entry.tenantId === tenantId)),
        ).catch((error: unknown) => core.log.warn({ err: error }, 'scim request log: not written'));
      }
    },
  };
}
