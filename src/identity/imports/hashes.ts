import { readHash } from '../../infrastructure/foreign-hash.js';

/** How another system kept a password. What is absent is read from the hash itself, where its text says it. */
export interface PasswordHashInput {
  algorithm?: string | undefined;
  hash: string;
  salt?: string | undefined;
  /** Of salt and hash; base64 unless said otherwise. */
  encoding?: 'base64' | 'hex' | 'utf8' | undefined;
  saltEncoding?: 'base64' | 'hex' | 'utf8' | undefined;
  /** pbkdf2: of the HMAC. */
  digest?: string | undefined;
  iterations?: number | undefined;
  /** scrypt: N, r and p. */
  cost?: number | undefined;
  blockSize?: number | undefined;
  parallelism?: number | undefined;
  /** firebase-scrypt: what the project's settings show. */
  signerKey?: string | undefined;
  saltSeparator?: string | undefined;
  rounds?: number | undefined;
  memCost?: number | undefined;
}

/** A hash as it is stored, or why it is not taken. */
export type ReadPasswordHash = { readonly stored: string } | { readonly fault: string };

const fault = (text: string): ReadPasswordHash => ({ fault: text });

/** Takes the texts that {@link readHash} understands. */
function taken(stored: string): ReadPasswordHash {
  const read = readHash(stored);
  return 'fault' in read ? read : { stored };
}

const bare = (bytes: Buffer): string => bytes.toString('base64').replace(/=+$/, '');

/** Base64 of either alphabet. */
const fromBase64 = (text: string): Buffer =>
  Buffer.from(text.replaceAll('-', '+').replaceAll('_', '/').replaceAll('.', '+'), 'base64');

const bytesOf = (text: string, encoding: PasswordHashInput['encoding'] = 'base64'): Buffer =>
  encoding === 'base64' ? fromBase64(text) : Buffer.from(text, encoding);

const saltOf = ({ salt = '', saltEncoding, encoding }: PasswordHashInput): Buffer =>
  bytesOf(salt, saltEncoding ?? encoding);

const digestNames: Readonly<Record<string, string>> = {
  '': 'sha1',
  sha1: 'sha1',
  sha256: 'sha256',
  sha512: 'sha512',
};

/** `pbkdf2-sha256`, `pbkdf2_sha256`, `PBKDF2WithHmacSHA256` and plain `pbkdf2` with a digest beside it. */
function digestOf(algorithm: string, given: string | undefined): string | undefined {
  const named = (given ?? algorithm).toLowerCase().replaceAll(/[^a-z0-9]/g, '');
  return digestNames[named.replace(/^(pbkdf2)?(withhmac|hmac)?/, '')];
}

function readPbkdf2(input: PasswordHashInput, algorithm: string): ReadPasswordHash {
  const digest = digestOf(algorithm, input.digest);
  if (digest === undefined) return fault('the digest of pbkdf2 must be sha1, sha256 or sha512');
  if (input.iterations === undefined) return fault('pbkdf2 needs the number of iterations');
  const hash = bare(bytesOf(input.hash, input.encoding));
  return taken(`$pbkdf2-${digest}$i=${input.iterations}$${bare(saltOf(input))}$${hash}`);
}

const scryptDefaults = { cost: 16_384, blockSize: 8, parallelism: 1 };

function readScrypt(input: PasswordHashInput): ReadPasswordHash {
  const { cost, blockSize, parallelism } = { ...scryptDefaults, ...given(input) };
  const logN = Math.log2(cost);
  if (!Number.isInteger(logN)) return fault('the cost of scrypt must be a power of two');
  const hash = bare(bytesOf(input.hash, input.encoding));
  return taken(`$scrypt$ln=${logN},r=${blockSize},p=${parallelism}$${bare(saltOf(input))}$${hash}`);
}

const given = ({ cost, blockSize, parallelism }: PasswordHashInput) => ({
  ...(cost !== undefined && { cost }),
  ...(blockSize !== undefined && { blockSize }),
  ...(parallelism !== undefined && { parallelism }),
});

/** The project's key, enciphered, is Firebase's hash: what it was enciphered with is kept, and not the key (firebase/scrypt). */
function readFirebase(input: PasswordHashInput): ReadPasswordHash {
  const { signerKey, saltSeparator = '', rounds = 8, memCost = 14 } = input;
  if (signerKey === undefined) return fault('firebase-scrypt needs the signer key of the project');
  const key = fromBase64(signerKey);
  const hash = fromBase64(input.hash);
  if (key.length !== hash.length) return fault('the signer key does not belong to this hash');
  const stream = Buffer.from(hash.map((byte, index) => byte ^ (key[index] ?? 0)));
  const salt = Buffer.concat([saltOf(input), fromBase64(saltSeparator)]);
  return taken(`$firebase-scrypt$ln=${memCost},r=${rounds},p=1$${bare(salt)}$${bare(stream)}`);
}

/** Django and passlib write the same facts in other places. */
function readKnownText(text: string): ReadPasswordHash | undefined {
  const django = /^(?:bcrypt\$|argon2)(\$.+)$/.exec(text)?.[1];
  if (django !== undefined) return taken(django);
  const own = /^pbkdf2_(sha1|sha256|sha512)\$(\d+)\$([^$]+)\$([^$]+)$/.exec(text);
  if (own)
    return readPbkdf2(
      { hash: own[4] ?? '', salt: own[3], saltEncoding: 'utf8', iterations: Number(own[2]) },
      `pbkdf2-${own[1] ?? ''}`,
    );
  const phc = /^\$pbkdf2(-sha1|-sha256|-sha512)?\$(?:i=)?(\d+)(?:,l=\d+)?\$([^$]*)\$([^$]+)$/.exec(text);
  if (phc)
    return readPbkdf2(
      { hash: phc[4] ?? '', salt: phc[3], iterations: Number(phc[2]) },
      `pbkdf2${phc[1] ?? ''}`,
    );
  return text.startsWith('$') ? taken(text) : undefined;
}

/**
 * Reads a password's hash of another system: bcrypt, argon2, scrypt, Firebase's scrypt and PBKDF2.
 *
 * @returns the text that is stored; a fault in words for what is not known, has parts missing, or costs more than is taken.
 */
export function readPasswordHash(input: PasswordHashInput): ReadPasswordHash {
  const known = readKnownText(input.hash.trim());
  if (known) return known;
  const algorithm = (input.algorithm ?? '').toLowerCase();
  if (algorithm.startsWith('pbkdf2')) return readPbkdf2(input, algorithm);
  if (algorithm === 'scrypt') return readScrypt(input);
  if (algorithm.startsWith('firebase')) return readFirebase(input);
  return fault(
    algorithm === ''
      ? 'the hash does not say how it was made: name the algorithm'
      : `${algorithm.slice(0, 100)} is not known here: bcrypt, argon2, scrypt, firebase-scrypt and pbkdf2 are`,
  );
}
