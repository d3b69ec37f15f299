import type { ServerResponse } from 'node:http';
import { AppError } from '../shared/errors.js';

/** Pages being put together at the same moment: what they hold is memory, and they share one processor. */
const maxRunning = { process: 8, tenant: 4 };
/** Of answers that are made and not yet taken by their readers. */
const maxUnreadCharacters = { tenant: 64 * 2 ** 20, process: 256 * 2 ** 20 };
/** Smaller answers are not worth counting. */
const minCountedCharacters = 65_536;

const sum = (counts: ReadonlyMap<string, number>): number =>
  [...counts.values()].reduce((total, count) => total + count, 0);

function add(counts: Map<string, number>, key: string, by: number): void {
  const next = (counts.get(key) ?? 0) + by;
  if (next > 0) counts.set(key, next);
  else counts.delete(key);
}

/** Work of a server that reads much, by tenants: a few at a time over all, fewer of one tenant, the tenants by turns. */
export class Turns {
  /** By tenant: who waits, in order of arrival. A tenant that was served goes to the end of the line. */
  readonly #waiting = new Map<string, (() => void)[]>();
  readonly #running = new Map<string, number>();
  readonly #unread = new Map<string, number>();

  /**
   * Runs work when it is its turn.
   *
   * @throws AppError `server.unavailable` when what was answered before is not read.
   */
  async run<R>(tenantId: string, work: () => Promise<R>): Promise<R> {
    this.#requireRead(tenantId);
    if (this.#isFree(tenantId) && !this.#waiting.has(tenantId)) add(this.#running, tenantId, 1);
    else {
      await new Promise<void>((resolve) => {
        const line = this.#waiting.get(tenantId) ?? [];
        this.#waiting.set(tenantId, [...line, resolve]);
      });
    }
    try {
      // While it waited, others of the same reader may have been answered: a hundred sent at once are a hundred answers.
      this.#requireRead(tenantId);
      return await work();
    } finally {
      add(this.#running, tenantId, -1);
      this.#admit();
    }
  }

  /** Counts an answer to a tenant as unread until its reader has taken it, or is gone. */
  noteAnswer(tenantId: string | undefined, res: ServerResponse, text = ''): void {
    const size = text.length;
    if (size < minCountedCharacters || tenantId === undefined) return;
    add(this.#unread, tenantId, size);
    res.once('close', () => add(this.#unread, tenantId, -size));
  }

  #isFree(tenantId: string): boolean {
    return sum(this.#running) < maxRunning.process && (this.#running.get(tenantId) ?? 0) < maxRunning.tenant;
  }

  /** Admits the next ones, tenant by tenant, even if one tenant has more waiting. */
  #admit(): void {
    for (const [tenantId, line] of [...this.#waiting]) {
      if (!this.#isFree(tenantId)) continue;
      const next = line.shift();
      this.#waiting.delete(tenantId);
      if (line.length > 0) this.#waiting.set(tenantId, line);
      if (!next) continue;
      add(this.#running, tenantId, 1);
      next();
    }
  }

  #requireRead(tenantId: string): void {
    const isMine = (this.#unread.get(tenantId) ?? 0) > maxUnreadCharacters.tenant;
    if (!isMine && sum(this.#unread) <= maxUnreadCharacters.process) return;
    throw new AppError('server.unavailable', 'too much of what was answered before waits for its readers', {
      retryAfterSeconds: 2,
    });
  }
}
