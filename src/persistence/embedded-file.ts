import { chmodSync, closeSync, existsSync, openSync, readSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { AppError } from '../shared/errors.js';

/** The database's file in its folder. */
export const databaseFile = (folder: string): string => join(folder, 'store.mdb');

const magic = 0xbeefc0de;
/** Where things stand in a head page (lmdb's MDB_page and MDB_meta, format 2). */
const at = {
  flags: 18,
  magic: 24,
  pageSize: 48,
  freeRoot: 88,
  mainRoot: 136,
  lastPage: 144,
  transaction: 152,
} as const;
const headBytes = 160;
const nowhere = 0xffff_ffff_ffff_ffffn;
/** Flags of a page that may be the root of a tree. */
const branchOrLeaf = 0x03;

interface Head {
  pageSize: number;
  roots: bigint[];
  lastPage: bigint;
  transaction: bigint;
}

function readBytes(file: number, position: number, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  return bytes.subarray(0, readSync(file, bytes, 0, length, position));
}

function readHead(file: number, position: number): Head | undefined {
  const page = readBytes(file, position, headBytes);
  if (page.length < headBytes || page.readUInt32LE(at.magic) !== magic) return undefined;
  return {
    pageSize: page.readUInt32LE(at.pageSize),
    roots: [page.readBigUInt64LE(at.freeRoot), page.readBigUInt64LE(at.mainRoot)],
    lastPage: page.readBigUInt64LE(at.lastPage),
    transaction: page.readBigUInt64LE(at.transaction),
  };
}

/** Whether the page of this number is what it says, and can be the root of a tree. */
function isRoot(file: number, number: bigint, pageSize: number): boolean {
  const page = readBytes(file, Number(number) * pageSize, at.magic);
  return (
    page.length === at.magic &&
    page.readBigUInt64LE(0) === number &&
    (page.readUInt16LE(at.flags) & branchOrLeaf) !== 0
  );
}

function faultOf(file: number, size: number): string | undefined {
  if (size === 0) return 'is empty';
  const first = readHead(file, 0);
  if (!first) return 'does not begin as a database does';
  const { pageSize } = first;
  const isPageSize = pageSize >= 512 && pageSize <= 65_536 && (pageSize & (pageSize - 1)) === 0;
  const second = isPageSize ? readHead(file, pageSize) : undefined;
  if (!second) return 'is damaged at its beginning';
  const newest = second.transaction > first.transaction ? second : first;
  if ((newest.lastPage + 1n) * BigInt(pageSize) > BigInt(size)) return 'is cut off: a part of it is missing';
  const isSound = newest.roots.every(
    (root) => root === nowhere || (root <= newest.lastPage && isRoot(file, root, pageSize)),
  );
  return isSound ? undefined : 'is damaged';
}

/**
 * Looks at the file before the database library maps it: a damaged one would end the process without a word.
 *
 * @returns whether there is one.
 * @throws AppError `server.unavailable` in words for an operator.
 */
export function checkDatabaseFile(folder: string): boolean {
  const path = databaseFile(folder);
  if (!existsSync(path)) return false;
  const file = openSync(path, 'r');
  try {
    const fault = faultOf(file, statSync(path).size);
    if (fault === undefined) return true;
    throw new AppError(
      'server.unavailable',
      `the embedded database ${path} ${fault}. Nothing was changed. Put a backup in its place (made by gatehouse backup; a file copied while the server ran is not a backup), or move it away to start empty`,
    );
  } finally {
    closeSync(file);
  }
}

/** The folder and the database are their owner's alone, whoever made the folder. */
export function closeToOthers(folder: string): void {
  const modes: [string, number][] = [
    [folder, 0o700],
    [databaseFile(folder), 0o600],
    [`${databaseFile(folder)}-lock`, 0o600],
  ];
  for (const [path, mode] of modes) {
    const found = statSync(path, { throwIfNoEntry: false });
    if (!found || (found.mode & 0o777 & ~mode) === 0) continue;
    try {
      chmodSync(path, found.mode & mode);
    } catch (error) {
      // Somebody else's folder, such as a mounted volume: its owner decides.
      if (!(error instanceof Error && 'code' in error && ['EPERM', 'EROFS'].includes(String(error.code))))
        throw error;
    }
  }
}

/** The refusal of what needs a database that cannot be used. */
export function unavailable(folder: string, cause: unknown): AppError {
  const message = cause instanceof Error ? cause.message : String(cause);
  // lmdb knows processes by their numbers, and finds its own one in use.
  const reason = message.includes("reading 'address'")
    ? 'another process of the same number has it open, as when two containers share one volume. Run one container on it, or give them MongoDB (commands: docker exec in the running one)'
    : message;
  return new AppError('server.unavailable', `the embedded database in ${folder} cannot be used: ${reason}`, {
    cause,
    retryAfterSeconds: 5,
  });
}

/** How often to check that the database file still exists. */
const presenceCheckMs = 250;

/**
 * A file that was deleted or moved away would still take writes, and lose them.
 *
 * @returns what throws `server.unavailable` when the file is no longer where it was.
 */
export function watchFile(folder: string): () => void {
  const path = databaseFile(folder);
  const { ino } = statSync(path);
  let checkedAt = 0;
  return () => {
    const at = performance.now();
    if (at - checkedAt < presenceCheckMs) return;
    const found = statSync(path, { throwIfNoEntry: false });
    if (found?.ino !== ino) throw unavailable(folder, new Error('its file is gone'));
    checkedAt = at;
  };
}
