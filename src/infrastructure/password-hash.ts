import { availableParallelism } from 'node:os';
import { hash, verify } from '@node-rs/argon2';
import { createFairQueue, type Turn } from './fair-queue.js';
import { matchesHash } from './foreign-hash.js';

/** Cost of one hash: memory in KiB, passes, lanes. */
export interface HashCost {
  memoryCost: number;
  timeCost: number;
  parallelism: number;
}

/** OWASP's recommendation for argon2id (the library's default algorithm): 19 MiB, two passes, one lane. */
const owaspCost: HashCost = { memoryCost: 19_456, timeCost: 2, parallelism: 1 };

/** Work of the server itself: no client waits for it that could retry. */
const ownTurn: Turn = { keys: ['server'] };

/** Hashes and checks passwords, a few at a time: a flood of sign-ins may not take all memory, threads and cores. */
export interface PasswordHasher {
  /**
   * @param password - any text; normalised to NFC first.
   * @param turn - whose it is; absent: the server's own, which waits as long as it takes.
   * @throws AppError `server.busy` when too many wait.
   */
  hash(password: string, turn?: Turn): Promise<string>;
  /** @param stored - a hash of ours or of another system, or null for an unknown user: costs the same as ours and is false. */
  verify(stored: string | null, password: string, turn?: Turn): Promise<boolean>;
  /** Checks one password against several, one after the other in one turn: the time reveals only their number. */
  verifyEach(stored: readonly (string | null)[], password: string, turn?: Turn): Promise<boolean[]>;
  /** Whether a stored hash is not as {@link PasswordHasher.hash} makes them now: of another system, or of another cost. */
  isForeign(stored: string): boolean;
}

/** Node has four threads for work like this. One stays free for what the database writes. */
const maxHashesAtOnce = 3;

/** One core stays free for everything that is no password. */
export function defaultHashesAtOnce(cores = availableParallelism()): number {
  return Math.min(maxHashesAtOnce, Math.max(1, cores - 1));
}

/**
 * @param atOnce - how many hashes may run at once.
 * @param cost - of each new hash.
 */
export function createPasswordHasher(atOnce = defaultHashesAtOnce(), cost = owaspCost): PasswordHasher {
  const queue = createFairQueue(atOnce);
  const own = `$argon2id$v=19$m=${cost.memoryCost},t=${cost.timeCost},p=${cost.parallelism}$`;
  const isForeign = (stored: string): boolean => !stored.startsWith(own);
  let nobody: Promise<string> | undefined;
  const check = async (stored: string | null, password: string): Promise<boolean> => {
    if (stored !== null && isForeign(stored)) return matchesHash(stored, password);
    nobody ??= hash('a password of no account', cost);
    const matches = await verify(stored ?? (await nobody), password.normalize('NFC'));
    return matches && stored !== null;
  };
  return {
    isForeign,
    hash: (password, turn = ownTurn) => queue.run(turn, () => hash(password.normalize('NFC'), cost)),
    verify: (stored, password, turn = ownTurn) => queue.run(turn, () => check(stored, password)),
    verifyEach: (stored, password, turn = ownTurn) =>
      queue.run({ ...turn, cost: stored.length }, async () => {
        const answers: boolean[] = [];
        for (const one of stored) answers.push(await check(one, password));
        return answers;
      }),
  };
}
