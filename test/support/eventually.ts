import { setTimeout as delay } from 'node:timers/promises';

export interface Patience {
  /** How long it looks before it gives up; generous, as machines are slow at times. */
  seconds?: number;
  /** The first pause between two looks, which then grow: longer where every look is an attempt that a limit counts. */
  pauseMs?: number;
}

/**
 * Looks until there is an answer that is not false, null or undefined, and gives it back: for what happens beside a request (jobs, mails, notices).
 *
 * @param what - what is waited for, for the error; a function is asked at the end.
 */
export async function eventually<T>(
  look: () => T | Promise<T>,
  what: string | (() => string),
  { seconds = 45, pauseMs = 10 }: Patience = {},
): Promise<Exclude<T, false | null | undefined>> {
  const deadline = performance.now() + seconds * 1000;
  for (let pause = pauseMs; ; pause = Math.min(pause * 1.3, Math.max(pauseMs, 100))) {
    const seen = await look();
    if (seen !== false && seen !== null && seen !== undefined)
      return seen as Exclude<T, false | null | undefined>;
    if (performance.now() > deadline)
      throw new Error(`not after ${seconds} s: ${typeof what === 'string' ? what : what()}`);
    await delay(pause);
  }
}
