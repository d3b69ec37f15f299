import { AppError } from '../shared/errors.js';

/** Whose work a piece of work is, and how long it may wait. */
export interface Turn {
  /** Those it counts for: an address, an account. Of each one, the queue serves a piece at a time before the next of the same. */
  keys: readonly string[];
  /** Refused when it would wait longer; absent: it waits as long as it takes. */
  waitSeconds?: number;
  /** How many units of work it is; 1 unless said otherwise. */
  cost?: number;
}

export interface FairQueue {
  /** @throws AppError `server.busy` when the wait would be, or becomes, too long. */
  run<T>(turn: Turn, work: () => Promise<T>): Promise<T>;
}

interface Waiting {
  /** Its place by fairness: the lowest is served first. */
  start: number;
  cost: number;
  isPatient: boolean;
  begin: () => void;
  refuse: (error: AppError) => void;
}

/** So much is kept waiting; beyond it the last in line gives way. */
const mostWaiting = 2000;
/** What a unit is taken to last before one was measured. */
const firstGuessSeconds = 0.05;
const retrySeconds = { least: 1, most: 60 };

/** The places of the keys: start-time fair queueing, so that nobody's flood puts others behind it, and nobody starves. */
class Places {
  #virtual = 0;
  readonly #finish = new Map<string, number>();

  startOf(keys: readonly string[]): number {
    return Math.max(this.#virtual, ...keys.map((key) => this.#finish.get(key) ?? 0));
  }

  take(keys: readonly string[], start: number, cost: number): void {
    for (const key of keys) this.#finish.set(key, start + cost);
  }

  served(start: number): void {
    this.#virtual = Math.max(this.#virtual, start);
    if (this.#finish.size <= 2 * mostWaiting) return;
    for (const [key, finish] of this.#finish) if (finish <= this.#virtual) this.#finish.delete(key);
  }
}

/** Where a start belongs in a list that is in order; behind its equals. */
function indexFor(waiting: readonly Waiting[], start: number): number {
  let low = 0;
  let high = waiting.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((waiting[middle]?.start ?? 0) <= start) low = middle + 1;
    else high = middle;
  }
  return low;
}

const costOf = (pieces: readonly { cost: number }[]): number =>
  pieces.reduce((sum, { cost }) => sum + cost, 0);

/**
 * A bounded queue for slow work that many ask for.
 *
 * @param atOnce - how many pieces run at once.
 */
export function createFairQueue(atOnce: number): FairQueue {
  const waiting: Waiting[] = [];
  const places = new Places();
  let running = 0;
  let unitSeconds = firstGuessSeconds;

  const secondsFor = (cost: number): number => (cost * unitSeconds) / atOnce;
  const busy = (): AppError => {
    const drained = Math.ceil(secondsFor(costOf(waiting)));
    return new AppError('server.busy', 'Too many sign-ins are under way. Please try again in a moment.', {
      retryAfterSeconds: Math.min(retrySeconds.most, Math.max(retrySeconds.least, drained)),
    });
  };
  const drop = (piece: Waiting): void => {
    const index = waiting.indexOf(piece);
    if (index < 0) return;
    waiting.splice(index, 1);
    piece.refuse(busy());
  };
  const next = (): void => {
    const piece = waiting.shift();
    if (!piece) {
      running -= 1;
      return;
    }
    places.served(piece.start);
    piece.begin();
  };

  /** Stands in line until its turn. */
  function wait({ keys, waitSeconds, cost = 1 }: Turn): Promise<void> {
    const start = places.startOf(keys);
    const index = indexFor(waiting, start);
    const ahead = secondsFor(costOf(waiting.slice(0, index)));
    if (waitSeconds !== undefined && ahead > waitSeconds) return Promise.reject(busy());
    return new Promise((resolve, reject) => {
      let timer: NodeJS.Timeout | undefined;
      const piece: Waiting = {
        start,
        cost,
        isPatient: waitSeconds === undefined,
        begin() {
          clearTimeout(timer);
          resolve();
        },
        refuse(error) {
          clearTimeout(timer);
          reject(error);
        },
      };
      if (waitSeconds !== undefined) timer = setTimeout(() => drop(piece), waitSeconds * 1000);
      waiting.splice(index, 0, piece);
      places.take(keys, start, cost);
      const last = waiting.length > mostWaiting ? waiting.findLast(({ isPatient }) => !isPatient) : undefined;
      if (last) drop(last);
    });
  }

  return {
    async run(turn, work) {
      if (running < atOnce) running += 1;
      else await wait(turn);
      const begun = performance.now();
      try {
        return await work();
      } finally {
        const seconds = (performance.now() - begun) / 1000 / (turn.cost ?? 1);
        unitSeconds += (seconds - unitSeconds) / 8;
        next();
      }
    },
  };
}
