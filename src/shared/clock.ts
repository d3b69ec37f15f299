/** Where every rule takes its time from, so that tests can move it. */
export interface Clock {
  /** The present instant (UTC). */
  now(): Date;
}

/** The machine's clock. */
export const systemClock: Clock = { now: () => new Date() };
