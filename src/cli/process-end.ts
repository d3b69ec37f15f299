import type { Logger } from '../infrastructure/logger.js';
import { standardOutput } from '../infrastructure/standard-output.js';

/**
 * Ends this process at once and for certain. `process.exit` waits for the embedded database's writer, which waits for us: with writes in
 * flight the process would never end. What was acknowledged is on the disk.
 */
export function endNow(): void {
  standardOutput().flush();
  process.kill(process.pid, 'SIGKILL');
}

/** lmdb rejects an internal promise, which our code cannot reach, for each failed commit. The caller of the write already got the error. */
function isFailedCommit(reason: unknown): boolean {
  if (!(reason instanceof Error)) return false;
  return 'commitError' in reason || /^(Commit failed|MDB_|Environment mapsize)/.test(reason.message);
}

/** An unhandled fault ends the process, with its cause in the log; a supervisor restarts it. A failed commit does not. */
export function guardProcess(log: Logger): void {
  const end = (err: unknown): void => {
    log.fatal({ err }, 'unhandled error: the process exits');
    endNow();
  };
  process.on('uncaughtException', end);
  process.on('unhandledRejection', (reason) => {
    if (!isFailedCommit(reason)) end(reason);
  });
}
