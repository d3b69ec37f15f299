import { pbkdf2Sync, scryptSync } from 'node:crypto';
import { hash as argon2, type Options } from '@node-rs/argon2';
import { hashSync as bcrypt } from '@node-rs/bcrypt';
import { expect } from 'chai';
import { matchesHash } from '../../../src/infrastructure/foreign-hash.js';
import { createPasswordHasher } from '../../../src/infrastructure/password-hash.js';
import { readPasswordHash, type PasswordHashInput } from '../../../src/identity/imports/hashes.js';

const password = 'user1password';
const salt = Buffer.from('sixteen bytes ok');
const base64 = (bytes: Buffer): string => bytes.toString('base64');

/** The example of github.com/firebase/scrypt. */
const firebase = {
  algorithm: 'firebase-scrypt',
  hash: 'lSrfV15cpx95/sZS2W9c9Kp6i/LVgQNDNC/qzrCnh1SAyZvqmZqAjTdn3aoItz+VHjoZilo78198JAdRuid5lQ==',
  salt: '42xEC+ixf3L2lw==',
  signerKey: 'jxspr8Ki0RYycVU8zykbdLGjFQ3McFUH0uiiTvC8pVMXAn210wjLNmdZJzxUECKbm0QsEmYUSDzZvpjeJ9WmXA==',
  saltSeparator: 'Bw==',
  rounds: 8,
  memCost: 14,
};

const cheap = { memoryCost: 64, timeCost: 1, parallelism: 1 };
// The library's enum is there for the compiler alone.
const argon2i: Options = JSON.parse(JSON.stringify({ ...cheap, algorithm: 1 }));
const pbkdf2 = (digest: string, length = 32): Buffer => pbkdf2Sync(password, salt, 1000, length, digest);

const known: readonly [name: string, input: () => Promise<PasswordHashInput> | PasswordHashInput][] = [
  ['bcrypt 2b', () => ({ hash: bcrypt(password, 4) })],
  ['bcrypt 2y of PHP', () => ({ hash: bcrypt(password, 4).replace('$2b$', '$2y$') })],
  ['bcrypt of Django', () => ({ hash: `bcrypt$${bcrypt(password, 4)}` })],
  ['argon2id', async () => ({ hash: await argon2(password, cheap) })],
  ['argon2i', async () => ({ hash: await argon2(password, argon2i) })],
  ['argon2 of Django', async () => ({ hash: `argon2${await argon2(password, cheap)}` })],
  ['firebase-scrypt', () => firebase],
  [
    'scrypt by its parts in hex',
    () => ({
      algorithm: 'scrypt',
      encoding: 'hex',
      salt: salt.toString('hex'),
      hash: scryptSync(password, salt, 64, { N: 1024, r: 8, p: 1 }).toString('hex'),
      cost: 1024,
    }),
  ],
  [
    'scrypt as a PHC string',
    () => ({
      hash: `$scrypt$ln=10,r=8,p=1$${base64(salt)}$${base64(scryptSync(password, salt, 32, { N: 1024 }))}`,
    }),
  ],
  ...['sha1', 'sha256', 'sha512'].map((digest): [string, () => PasswordHashInput] => [
    `pbkdf2-${digest} by its parts`,
    () => ({
      algorithm: `pbkdf2-${digest}`,
      hash: base64(pbkdf2(digest, digest === 'sha1' ? 20 : 32)),
      salt: base64(salt),
      iterations: 1000,
    }),
  ]),
  [
    'pbkdf2 as a PHC string of Auth0',
    () => ({ hash: `$pbkdf2-sha256$i=1000,l=32$${base64(salt)}$${base64(pbkdf2('sha256'))}` }),
  ],
  ['pbkdf2 of Django', () => ({ hash: `pbkdf2_sha256$1000$${salt.toString()}$${base64(pbkdf2('sha256'))}` })],
];

const hash32 = base64(Buffer.alloc(32, 1)).replace(/=+$/, '');

const refused: readonly [name: string, input: PasswordHashInput, why: RegExp][] = [
  ['bcrypt of a cost that takes minutes', { hash: bcrypt(password, 4).replace('$04$', '$31$') }, /above 14/],
  ['bcrypt that is cut short', { hash: '$2b$10$abc' }, /no hash of bcrypt/],
  ['argon2 that takes 4 GiB', { hash: `$argon2id$v=19$m=4194304,t=1,p=1$c2FsdHNhbHQ$${hash32}` }, /at most/],
  [
    'argon2 of a thousand passes',
    { hash: `$argon2id$v=19$m=64,t=1000,p=1$c2FsdHNhbHQ$${hash32}` },
    /at most/,
  ],
  ['scrypt that takes 4 GiB', { hash: `$scrypt$ln=22,r=8,p=1$c2FsdA$${hash32}` }, /at most/],
  ['scrypt of a huge block', { hash: `$scrypt$ln=17,r=9999,p=1$c2FsdA$${hash32}` }, /at most/],
  ['firebase-scrypt of a huge cost', { ...firebase, memCost: 30 }, /at most/],
  ['firebase-scrypt of another project', { ...firebase, signerKey: 'AAAA' }, /does not belong/],
  ['firebase-scrypt without the project’s key', { ...firebase, signerKey: undefined }, /signer key/],
  [
    'pbkdf2 of a billion iterations',
    { algorithm: 'pbkdf2-sha256', hash: hash32, salt: 'c2FsdA', iterations: 999_999_999 },
    /1 to 2000000/,
  ],
  ['pbkdf2 without iterations', { algorithm: 'pbkdf2-sha256', hash: hash32, salt: 'c2FsdA' }, /iterations/],
  ['pbkdf2 with md5', { algorithm: 'pbkdf2', digest: 'md5', hash: hash32, iterations: 1 }, /digest/],
  ['a hash so short that many passwords match', { hash: '$scrypt$ln=10,r=8,p=1$c2FsdA$AAAA' }, /between/],
  ['plain md5', { algorithm: 'md5', hash: 'd41d8cd98f00b204e9800998ecf8427e' }, /not known/],
  ['a password in clear', { hash: 'secret' }, /name the algorithm/],
];

describe('password hashes of other systems', () => {
  for (const [name, input] of known) {
    it(`are verified: ${name}`, async () => {
      const read = readPasswordHash(await input());
      expect(read).to.have.property('stored');
      const { stored } = read as { stored: string };
      expect(await matchesHash(stored, password)).to.equal(true);
      expect(await matchesHash(stored, `${password}!`)).to.equal(false);
    });
  }

  for (const [name, input, why] of refused) {
    it(`are refused at the door: ${name}`, () => {
      const read = readPasswordHash(input);
      expect(read).to.have.property('fault').that.matches(why);
    });
  }

  it('of the project’s key of Firebase nothing is kept', () => {
    const { stored } = readPasswordHash(firebase) as { stored: string };
    expect(stored)
      .to.not.contain(firebase.signerKey.slice(0, 20))
      .and.not.contain(firebase.hash.slice(0, 20));
  });

  it('are judged by the hasher beside its own, and told from its own', async () => {
    const hasher = createPasswordHasher(1, cheap);
    const own = await hasher.hash('café');
    const other = bcrypt('cafe\u0301', 4);
    expect([hasher.isForeign(own), hasher.isForeign(other)]).to.deep.equal([false, true]);
    expect(await hasher.verifyEach([own, other, null], 'cafe\u0301')).to.deep.equal([true, true, false]);
    expect(await hasher.verify(other, 'cafe')).to.equal(false);
  });
});
