import { createHmac, timingSafeEqual } from 'node:crypto';

/** RFC 6238 with the values every authenticator app knows: SHA-1, six digits, 30 seconds. */
const stepSeconds = 30;
const digits = 6;
/** Steps a clock may be off, to either side. */
const drift = 1;

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

/** RFC 4648 section 6, without padding. */
export function toBase32(bytes: Uint8Array): string {
  let text = '';
  let bits = 0;
  let value = 0;
  for (const byte of bytes) {
    value = (value << 8) | byte;
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      text += alphabet[(value >>> bits) & 31] ?? '';
    }
    value &= (1 << bits) - 1;
  }
  return bits === 0 ? text : text + (alphabet[(value << (5 - bits)) & 31] ?? '');
}

/** @throws Error for a character that is not of the alphabet. */
export function fromBase32(text: string): Uint8Array {
  const bytes: number[] = [];
  let bits = 0;
  let value = 0;
  for (const character of text) {
    const index = alphabet.indexOf(character);
    if (index < 0) throw new Error('not base32');
    value = (value << 5) | index;
    bits += 5;
    if (bits >= 8) {
      bits -= 8;
      bytes.push((value >>> bits) & 255);
      value &= (1 << bits) - 1;
    }
  }
  return Uint8Array.from(bytes);
}

/** The time step an instant lies in. */
export function stepAt(now: Date): number {
  return Math.floor(now.getTime() / 1000 / stepSeconds);
}

/** The code of one time step (RFC 4226 section 5.3). */
export function totpCode(secret: string, step: number): string {
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(step));
  const mac = createHmac('sha1', fromBase32(secret)).update(counter).digest();
  const offset = (mac.at(-1) ?? 0) & 15;
  const number = (mac.readUInt32BE(offset) & 0x7fffffff) % 10 ** digits;
  return String(number).padStart(digits, '0');
}

const digit = /^\p{Nd}$/u;

/** The value of a digit of any script: those of a script stand in a row, from zero to nine. */
function digitValue(character: string): number {
  const point = character.codePointAt(0) ?? 0;
  let value = 0;
  while (value < 9 && digit.test(String.fromCodePoint(point - value - 1))) value += 1;
  return value;
}

/** A code as it is compared: spaces, hyphens and the like left out, digits of every script as ASCII ones. */
function plainDigits(code: string): string {
  const bare = code.normalize('NFKC').replace(/[\p{Z}\p{P}\p{C}]/gu, '');
  return bare.replace(/\p{Nd}/gu, (character) => String(digitValue(character)));
}

/**
 * @param code - as typed; spaces and hyphens are ignored, and digits of other scripts do as well.
 * @param lastStep - the step of the last code accepted: it and older ones are used up.
 * @returns the step whose code this is, or undefined.
 */
export function matchTotp(secret: string, code: string, now: Date, lastStep: number): number | undefined {
  const typed = Buffer.from(plainDigits(code));
  if (typed.length !== digits) return undefined;
  const current = stepAt(now);
  for (let step = current - drift; step <= current + drift; step += 1) {
    if (step > lastStep && timingSafeEqual(Buffer.from(totpCode(secret, step)), typed)) return step;
  }
  return undefined;
}
