import { createPasswordHasher, type PasswordHasher } from '../../src/infrastructure/password-hash.js';

/** Hashes that cost next to nothing: a test with many sign-ins is not about their price. */
export const cheapPasswords = (): PasswordHasher =>
  createPasswordHasher(undefined, { memoryCost: 64, timeCost: 1, parallelism: 1 });
