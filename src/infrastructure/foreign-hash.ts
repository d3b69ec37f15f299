import { createCipheriv, pbkdf2, scrypt, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';
import { verify as verifyArgon2 } from '@node-rs/argon2';
import { verify as verifyBcrypt } from '@node-rs/bcrypt';

/** What a password's hash of another system may cost, so that no imported row can make a sign-in slow or take all memory. */
const hashBounds = {
  bcryptCost: 14,
  /** N of scrypt as a power of two. */
  scryptLogN: 17,
  /** 128 · N · r bytes. */
  scryptBytes: 134_217_728,
  scryptParallelism: 4,
  pbkdf2Iterations: 2_000_000,
  argon2KiB: 131_072,
  argon2Passes: 10,
  argon2Lanes: 8,
  saltBytes: 256,
  hashBytes: { least: 16, most: 128 },
} as const;

type Judge = (password: string) => Promise<boolean>;

/** A stored text that is understood: how to judge a password by it; or why it is not taken. */
export type ForeignHash = { readonly matches: Judge } | { readonly fault: string };

const digests = ['sha1', 'sha256', 'sha512'] as const;
const deriveScrypt = promisify<string, Buffer, number, object, Buffer>(scrypt);
const derivePbkdf2 = promisify(pbkdf2);

const isSame = (a: Buffer, b: Buffer): boolean => a.length === b.length && timingSafeEqual(a, b);

const base64 = /^[A-Za-z0-9+/]*={0,2}$/;

/** Salt and hash as they stand in the text. */
function bytesOf(salt: string, hash: string): { salt: Buffer; hash: Buffer } | string {
  if (!base64.test(salt) || !base64.test(hash)) return 'salt and hash must be base64';
  const bytes = { salt: Buffer.from(salt, 'base64'), hash: Buffer.from(hash, 'base64') };
  const { least, most } = hashBounds.hashBytes;
  if (bytes.salt.length > hashBounds.saltBytes)
    return `the salt is longer than ${hashBounds.saltBytes} bytes`;
  if (bytes.hash.length < least || bytes.hash.length > most)
    return `the hash is not between ${least} and ${most} bytes long`;
  return bytes;
}

function readBcrypt(text: string): ForeignHash {
  const [, digits] = /^\$2[abxy]\$(\d\d)\$[./A-Za-z0-9]{53}$/.exec(text) ?? [];
  const cost = Number(digits);
  if (digits === undefined || cost < 4) return { fault: 'this is no hash of bcrypt' };
  if (cost > hashBounds.bcryptCost)
    return { fault: `the cost ${cost} of bcrypt is above ${hashBounds.bcryptCost}` };
  return { matches: (password) => verifyBcrypt(password, text) };
}

const argon2 = /^\$argon2(?:id|i|d)\$(?:v=\d+\$)?m=(\d{1,9}),t=(\d{1,9}),p=(\d{1,9})\$([^$,]+)\$([^$]+)$/;

function readArgon2(text: string): ForeignHash {
  const [, memory, passes, lanes, salt = '', hash = ''] = argon2.exec(text) ?? [];
  if (memory === undefined) return { fault: 'this is no hash of argon2 (PHC string)' };
  const { argon2KiB, argon2Lanes, argon2Passes } = hashBounds;
  if (Number(memory) > argon2KiB || Number(passes) > argon2Passes || Number(lanes) > argon2Lanes)
    return {
      fault: `argon2 takes at most m=${argon2KiB} (KiB), t=${argon2Passes}, p=${argon2Lanes} here`,
    };
  const bytes = bytesOf(salt, hash);
  if (typeof bytes === 'string') return { fault: bytes };
  return { matches: (password) => verifyArgon2(text, password) };
}

interface ScryptCost {
  readonly logN: number;
  readonly r: number;
  readonly p: number;
}

function scryptFault({ logN, r, p }: ScryptCost): string | undefined {
  const { scryptBytes, scryptLogN, scryptParallelism } = hashBounds;
  const isTaken =
    logN >= 1 &&
    logN <= scryptLogN &&
    r >= 1 &&
    p >= 1 &&
    p <= scryptParallelism &&
    128 * 2 ** logN * r <= scryptBytes;
  return isTaken
    ? undefined
    : `scrypt takes at most N=2^${scryptLogN}, p=${scryptParallelism} and 128·N·r=${scryptBytes} bytes here`;
}

function deriveBy({ logN, r, p }: ScryptCost, password: string, salt: Buffer, length: number) {
  const N = 2 ** logN;
  return deriveScrypt(password, salt, length, { N, r, p, maxmem: 128 * N * r + 128 * r * p + 1_048_576 });
}

const scryptText = /^\$(scrypt|firebase-scrypt)\$ln=(\d{1,2}),r=(\d{1,4}),p=(\d{1,4})\$([^$]*)\$([^$]+)$/;

/** Firebase enciphers a key of the project by the derived key; kept is the key stream alone, so that the project's key is not needed. */
async function firebaseStream(derived: Buffer, length: number): Promise<Buffer> {
  const cipher = createCipheriv('aes-256-ctr', derived.subarray(0, 32), Buffer.alloc(16));
  return Promise.resolve(cipher.update(Buffer.alloc(length)));
}

function readScrypt(text: string): ForeignHash {
  const [, kind, ln, r, p, salt = '', hash = ''] = scryptText.exec(text) ?? [];
  if (kind === undefined) return { fault: 'this is no hash of scrypt ($scrypt$ln=..,r=..,p=..$salt$hash)' };
  const cost = { logN: Number(ln), r: Number(r), p: Number(p) };
  const fault = scryptFault(cost);
  if (fault !== undefined) return { fault };
  const bytes = bytesOf(salt, hash);
  if (typeof bytes === 'string') return { fault: bytes };
  return {
    async matches(password) {
      if (kind === 'scrypt')
        return isSame(await deriveBy(cost, password, bytes.salt, bytes.hash.length), bytes.hash);
      const derived = await deriveBy(cost, password, bytes.salt, 64);
      return isSame(await firebaseStream(derived, bytes.hash.length), bytes.hash);
    },
  };
}

const pbkdf2Text = /^\$pbkdf2-(sha1|sha256|sha512)\$i=(\d{1,9})\$([^$]*)\$([^$]+)$/;

function readPbkdf2(text: string): ForeignHash {
  const [, name, i, salt = '', hash = ''] = pbkdf2Text.exec(text) ?? [];
  const digest = digests.find((one) => one === name);
  if (digest === undefined)
    return { fault: 'this is no hash of pbkdf2 ($pbkdf2-sha256$i=..$salt$hash; sha1, sha256, sha512)' };
  const iterations = Number(i);
  if (iterations < 1 || iterations > hashBounds.pbkdf2Iterations)
    return { fault: `pbkdf2 takes 1 to ${hashBounds.pbkdf2Iterations} iterations here` };
  const bytes = bytesOf(salt, hash);
  if (typeof bytes === 'string') return { fault: bytes };
  return {
    async matches(password) {
      const derived = await derivePbkdf2(password, bytes.salt, iterations, bytes.hash.length, digest);
      return isSame(derived, bytes.hash);
    },
  };
}

/**
 * Reads a password's hash as it is stored: bcrypt (modular crypt format), argon2, scrypt, Firebase's scrypt and PBKDF2 (PHC strings).
 *
 * @returns how to judge a password by it; a fault in words for any other text, and for one that costs more than {@link hashBounds}.
 */
export function readHash(text: string): ForeignHash {
  if (text.startsWith('$2')) return readBcrypt(text);
  if (text.startsWith('$argon2')) return readArgon2(text);
  if (text.startsWith('$pbkdf2-')) return readPbkdf2(text);
  if (text.startsWith('$scrypt$') || text.startsWith('$firebase-scrypt$')) return readScrypt(text);
  return { fault: 'bcrypt, argon2, scrypt, firebase-scrypt and pbkdf2 are known here' };
}

/**
 * Whether this is the password of a stored hash. Other systems hashed what was typed as it was, ours the composed form (NFC): both are tried.
 */
export async function matchesHash(text: string, password: string): Promise<boolean> {
  const read = readHash(text);
  if ('fault' in read) return false;
  const composed = password.normalize('NFC');
  return (await read.matches(composed)) || (composed !== password && (await read.matches(password)));
}
