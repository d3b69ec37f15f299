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
const maxWaiting = 2000;
/** What a unit is taken to last before one was measured. */
const firstGuessSeconds = 0.05;
const retrySeconds = { least: 1, most: 60 };

/** The places of the keys: start-time fair queueing, so that one key's flood does not delay others, and no key starves. */
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
    if (this.#finish.size <= 2 * maxWaiting) return;
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

/** A queued piece of work. It is notified once: its turn has come, or it is refused. */
function inLine(
  place: Pick<Waiting, 'start' | 'cost' | 'isPatient'>,
  resolve: () => void,
  reject: (error: AppError) => void,
): Waiting & { timer?: NodeJS.Timeout } {
  const piece: Waiting & { timer?: NodeJS.Timeout } = {
    ...place,
    begin() {
      clearTimeout(piece.timer);
      resolve();
    },
    refuse(error) {
      clearTimeout(piece.timer);
      reject(error);
    },
  };
  return piece;
}

class BoundedQueue implements FairQueue {
  readonly #atOnce: number;
  readonly #waiting: Waiting[] = [];
  readonly #places = new Places();
  #running = 0;
  #unitSeconds = firstGuessSeconds;

  constructor(atOnce: number) {
    this.#atOnce = atOnce;
  }

  async run<T>(turn: Turn, work: () => Promise<T>): Promise<T> {
    if (this.#running < this.#atOnce) this.#running += 1;
    else await this.#wait(turn);
    const begun = performance.now();
    try {
      return await work();
    } finally {
      const seconds = (performance.now() - begun) / 1000 / (turn.cost ?? 1);
      this.#unitSeconds += (seconds - this.#unitSeconds) / 8;
      this.#next();
    }
  }

  #secondsFor(pieces: readonly Waiting[]): number {
    return (costOf(pieces) * this.#unitSeconds) / this.#atOnce;
  }

  #busy(): AppError {
    const drained = Math.ceil(this.#secondsFor(this.#waiting));
    return new AppError('server.busy', 'Too many sign-ins are under way. Please try again in a moment.', {
      retryAfterSeconds: Math.min(retrySeconds.most, Math.max(retrySeconds.least, drained)),
    });
  }

  #drop(piece: Waiting): void {
    const index = this.#waiting.indexOf(piece);
    if (index < 0) return;
    this.#waiting.splice(index, 1);
    piece.refuse(this.#busy());
  }

  #next(): void {
    const piece = this.#waiting.shift();
    if (!piece) {
      this.#running -= 1;
      return;
    }
    this.#places.served(piece.start);
    piece.begin();
  }

  /** Waits in the queue until its turn. */
  async #wait({ keys, waitSeconds, cost = 1 }: Turn): Promise<void> {
    const start = this.#places.startOf(keys);
    const index = indexFor(this.#waiting, start);
    const ahead = this.#secondsFor(this.#waiting.slice(0, index));
    if (waitSeconds !== undefined && ahead > waitSeconds) throw this.#busy();
    await new Promise<void>((resolve, reject) => {
      const piece = inLine({ start, cost, isPatient: waitSeconds === undefined }, resolve, reject);
      if (waitSeconds !== undefined) {
        piece.timer = setTimeout(() => {
          this.#drop(piece);
        }, waitSeconds * 1000);
      }
      this.#waiting.splice(index, 0, piece);
      this.#places.take(keys, start, cost);
      this.#makeRoom();
    });
  }

  /** The last in the queue is dropped, so that a flood excludes only its own requests. */
  #makeRoom(): void {
    if (this.#waiting.length <= maxWaiting) return;
    const last = this.#waiting.findLast(({ isPatient }) => !isPatient);
    if (last) this.#drop(last);
  }
}

/**
 * A bounded queue for slow work that many ask for.
 *
 * @param atOnce - how many pieces run at once.
 */
export function createFairQueue(atOnce: number): FairQueue {
  return new BoundedQueue(atOnce);
}
