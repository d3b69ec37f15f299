/** Work that may take long: it yields where other work may come in between, and returns its result. */
export type Sliced<R> = Generator<unknown, R>;

/** What all long reads together take of one turn of the event loop, in milliseconds. */
const maxTurnMs = 8;
/** What one of them takes before the next has its go, in milliseconds. */
const maxSliceMs = 2;

interface Waiting {
  /** Works for a slice. @returns whether it has ended. */
  go(): boolean;
}

const line: Waiting[] = [];
const turn = { spentMs: 0, isCounted: false };

/** A new turn begins after the event loop has polled its connections. */
function countTurn(): void {
  if (turn.isCounted) return;
  turn.isCounted = true;
  setImmediate(() => {
    turn.spentMs = 0;
    turn.isCounted = false;
    serve();
  });
}

/** Lets those in line work by turns, as long as this turn of the event loop has time for them. */
function serve(): void {
  while (turn.spentMs < maxTurnMs) {
    const next = line.shift();
    if (!next) return;
    if (!next.go()) line.push(next);
  }
}

/** Works until a slice is over. @returns the result once there is one. */
function workFor<R>(work: Sliced<R>): { result: R } | undefined {
  const begun = performance.now();
  countTurn();
  try {
    for (;;) {
      const step = work.next();
      if (step.done) return { result: step.value };
      if (performance.now() - begun > maxSliceMs) return undefined;
    }
  } finally {
    turn.spentMs += performance.now() - begun;
  }
}

/**
 * Does a read that may be long: at once where it is short, else in slices. All long reads share one limit for each turn of the event loop,
 * so that many of them hold up a new request no longer than one does.
 */
export function runSliced<R>(work: Sliced<R>): Promise<R> {
  return new Promise((resolve, reject) => {
    const go = (): boolean => {
      try {
        const ended = workFor(work);
        if (ended) resolve(ended.result);
        return ended !== undefined;
      } catch (error) {
        reject(error instanceof Error ? error : new Error(String(error)));
        return true;
      }
    };
    if (turn.spentMs < maxTurnMs && go()) return;
    line.push({ go });
    countTurn();
  });
}

/** Reads in one turn of the event loop before other work is let in. */
const maxReadsPerTurn = 200;
let reads = 0;

/** Lets the event loop look at its connections. */
export const pause = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Reads are done at once, so that a caller's loop of nothing but reads would keep everything else waiting. */
export async function yieldIfBusy(): Promise<void> {
  if (reads++ === 0) setImmediate(() => (reads = 0));
  if (reads > maxReadsPerTurn) await pause();
}
