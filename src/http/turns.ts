import type { Response } from 'express';
import type { ServerResponse } from 'node:http';
import type { Logger } from '../infrastructure/logger.js';
import { AppError } from '../shared/errors.js';

/** Pages being put together at the same moment: what they hold is memory, and they share one processor. */
const mostTurns = { process: 8, tenant: 4 };
/** Of answers that are made and not yet taken by their readers, in characters. */
const mostUnread = { tenant: 64 * 2 ** 20, process: 256 * 2 ** 20 };
/** Smaller answers are not worth counting. */
const worthCounting = 65_536;

interface Turns {
  /** By tenant: who waits, in order of arrival. A tenant that was served goes to the end of the line. */
  readonly waiting: Map<string, (() => void)[]>;
  readonly running: Map<string, number>;
  readonly unread: Map<string, number>;
}

/** A running server, identified by its log: copies of its core share the turns. */
interface Server {
  readonly log: Logger;
}

const turnsOf = new WeakMap<Logger, Turns>();

function stateOf({ log }: Server): Turns {
  const known = turnsOf.get(log) ?? { waiting: new Map(), running: new Map(), unread: new Map() };
  turnsOf.set(log, known);
  return known;
}

const sum = (counts: ReadonlyMap<string, number>): number =>
  [...counts.values()].reduce((total, count) => total + count, 0);

function add(counts: Map<string, number>, key: string, by: number): void {
  const next = (counts.get(key) ?? 0) + by;
  if (next > 0) counts.set(key, next);
  else counts.delete(key);
}

function isFree({ running }: Turns, tenantId: string): boolean {
  return sum(running) < mostTurns.process && (running.get(tenantId) ?? 0) < mostTurns.tenant;
}

/** Admits the next ones, tenant by tenant, even if one tenant has more waiting. */
function admit(turns: Turns): void {
  for (const [tenantId, line] of [...turns.waiting]) {
    if (!isFree(turns, tenantId)) continue;
    const next = line.shift();
    turns.waiting.delete(tenantId);
    if (line.length > 0) turns.waiting.set(tenantId, line);
    if (!next) continue;
    add(turns.running, tenantId, 1);
    next();
  }
}

/**
 * Runs work that reads much, when it is its turn: a few at a time over all, fewer of one tenant, the tenants by turns.
 *
 * @throws AppError `server.unavailable` when what was answered before is not read.
 */
export async function inTurn<R>(core: Server, tenantId: string, work: () => Promise<R>): Promise<R> {
  const turns = stateOf(core);
  requireRead(turns, tenantId);
  if (isFree(turns, tenantId) && !turns.waiting.has(tenantId)) add(turns.running, tenantId, 1);
  else {
    await new Promise<void>((resolve) => {
      const line = turns.waiting.get(tenantId) ?? [];
      turns.waiting.set(tenantId, [...line, resolve]);
    });
  }
  try {
    // While it waited, others of the same reader may have been answered: a hundred sent at once are a hundred answers.
    requireRead(turns, tenantId);
    return await work();
  } finally {
    add(turns.running, tenantId, -1);
    admit(turns);
  }
}

function requireRead({ unread }: Turns, tenantId: string): void {
  const isMine = (unread.get(tenantId) ?? 0) > mostUnread.tenant;
  if (!isMine && sum(unread) <= mostUnread.process) return;
  throw new AppError('server.unavailable', 'too much of what was answered before waits for its readers', {
    retryAfterSeconds: 2,
  });
}

/** Counts an answer to a tenant as unread until its reader has taken it, or is gone. */
export function noteAnswer(
  core: Server,
  tenantId: string | undefined,
  res: Response | ServerResponse,
  text = '',
): void {
  const size = text.length;
  if (size < worthCounting || tenantId === undefined) return;
  const { unread } = stateOf(core);
  add(unread, tenantId, size);
  res.once('close', () => add(unread, tenantId, -size));
}
