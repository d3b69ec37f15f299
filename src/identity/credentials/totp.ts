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

const isDigit = (point: number): boolean => /^\p{Nd}$/u.test(String.fromCodePoint(point));

/** The value of a decimal digit of any script: each has its ten in a row, from nought on. */
function digitValue(sign: string): number {
  const point = sign.codePointAt(0) ?? 0;
  let first = point;
  while (isDigit(first - 1)) first -= 1;
  return (point - first) % 10;
}

/** ASCII digits of what was typed, without what people put between them; undefined when there is more than digits. */
function plainDigits(code: string): string | undefined {
  const bare = code.normalize('NFKC').replace(/[^\p{L}\p{N}]/gu, '');
  const plain = bare.replace(/\p{Nd}/gu, (sign) => String(digitValue(sign)));
  return /^[0-9]+$/.test(plain) ? plain : undefined;
}

/**
 * @param code - as typed: in any script's digits, with spaces, hyphens and the like between them.
 * @param lastStep - the step of the last code accepted: it and older ones are used up.
 * @returns the step whose code this is, or undefined.
 */
export function matchTotp(secret: string, code: string, now: Date, lastStep: number): number | undefined {
  const plain = plainDigits(code);
  if (plain?.length !== digits) return undefined;
  const typed = Buffer.from(plain);
  const current = stepAt(now);
  for (let step = current - drift; step <= current + drift; step += 1) {
    if (step > lastStep && timingSafeEqual(Buffer.from(totpCode(secret, step)), typed)) return step;
  }
  return undefined;
}
