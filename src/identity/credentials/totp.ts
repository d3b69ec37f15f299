import { Secret, TOTP } from 'otpauth';

/** RFC 6238 with the values every authenticator app knows: SHA-1, six digits, 30 seconds. */
const period = 30;
const digits = 6;
/** Steps a clock may be off, to either side. */
const maxDriftSteps = 1;

/** Random bytes in base32 without padding (RFC 4648 section 6). */
export const randomBase32 = (size: number): string => new Secret({ size }).base32;

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
 * @param secret - base32.
 * @param code - as typed: in any script's digits, with spaces, hyphens and the like between them.
 * @param lastStep - the step of the last code accepted: it and older ones are used up.
 * @returns the step whose code this is, or undefined.
 */
export function matchTotp(secret: string, code: string, now: Date, lastStep: number): number | undefined {
  const token = plainDigits(code);
  if (token?.length !== digits) return undefined;
  const totp = new TOTP({ secret: Secret.fromBase32(secret), algorithm: 'SHA1', digits, period });
  const current = totp.counter({ timestamp: now.getTime() });
  for (let step = current - maxDriftSteps; step <= current + maxDriftSteps; step += 1) {
    const timestamp = step * period * 1000;
    if (step > lastStep && totp.validate({ token, timestamp, window: 0 }) !== null) return step;
  }
  return undefined;
}
