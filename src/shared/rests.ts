import { setImmediate as nextTurn } from 'node:timers/promises';

/** Longest stretch of one piece of work, in milliseconds. */
const maxStretchMs = 8;

/**
 * For a loop of short steps that may be many: called after each step, it lets other work in when the stretch was long enough.
 *
 * @returns what to await after each step.
 */
export function createRests(): () => Promise<void> {
  let begunAt = performance.now();
  return async () => {
    if (performance.now() - begunAt < maxStretchMs) return;
    await nextTurn();
    begunAt = performance.now();
  };
}
