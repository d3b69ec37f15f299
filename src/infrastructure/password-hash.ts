import { hash, verify } from '@node-rs/argon2';

/** OWASP's recommendation for argon2id (the library's default algorithm): 19 MiB, two passes, one lane. */
const options = { memoryCost: 19_456, timeCost: 2, parallelism: 1 };

/** Hashes and checks passwords, at most four at a time: a flood of sign-ins may not take all memory and threads. */
export interface PasswordHasher {
  /** @param password - any text; normalised to NFC first. */
  hash(password: string): Promise<string>;
  /** @param stored - a PHC string, or null for nobody: costs the same and is false. */
  verify(stored: string | null, password: string): Promise<boolean>;
}

/** @param most - how many hashes may run at once. */
export function createPasswordHasher(most = 4): PasswordHasher {
  let running = 0;
  const waiting: (() => void)[] = [];
  const bounded = async <T>(work: () => Promise<T>): Promise<T> => {
    if (running >= most) await new Promise<void>((resolve) => waiting.push(resolve));
    else running += 1;
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next) next();
      else running -= 1;
    }
  };
  let nobody: Promise<string> | undefined;
  return {
    hash: (password) => bounded(() => hash(password.normalize('NFC'), options)),
    async verify(stored, password) {
      nobody ??= hash('nobody has this password', options);
      const against = stored ?? (await nobody);
      const matches = await bounded(() => verify(against, password.normalize('NFC')));
      return matches && stored !== null;
    },
  };
}
