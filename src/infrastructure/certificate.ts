import { createSign, generateKeyPair, randomBytes, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';

/** A key with a certificate that it signed itself: what SAML metadata carry a public key in. */
export interface CertifiedKey {
  /** PEM. */
  certificate: string;
  /** PKCS #8, PEM. */
  privateKey: string;
}

const years = 20;
const keyBits = 2048;
/** sha256WithRSAEncryption and commonName, DER-encoded (RFC 5280 appendix A, RFC 4055 section 5). */
const rsaSha256 = Buffer.from('300d06092a864886f70d01010b0500', 'hex');
const commonName = Buffer.from('0603550403', 'hex');

function der(tag: number, ...parts: readonly Buffer[]): Buffer {
  const body = Buffer.concat(parts);
  const { length } = body;
  if (length < 128) return Buffer.concat([Buffer.from([tag, length]), body]);
  const size = length < 256 ? [0x81, length] : [0x82, length >> 8, length & 255];
  return Buffer.concat([Buffer.from([tag, ...size]), body]);
}

/** RFC 5280 section 4.1.2.5: UTCTime until 2049, GeneralizedTime after it. */
function timeOf(date: Date): Buffer {
  const text = `${date.toISOString().replace(/[-:T]/g, '').slice(0, 14)}Z`;
  return date.getUTCFullYear() < 2050 ? der(0x17, Buffer.from(text.slice(2))) : der(0x18, Buffer.from(text));
}

function selfSigned(publicKey: KeyObject, privateKey: KeyObject, subject: string, now: Date): Buffer {
  const name = der(0x30, der(0x31, der(0x30, commonName, der(0x0c, Buffer.from(subject)))));
  const end = new Date(now);
  end.setUTCFullYear(end.getUTCFullYear() + years);
  // A leading 01 keeps the serial number positive and of full length.
  const serial = Buffer.concat([Buffer.from([1]), randomBytes(15)]);
  const version3 = der(0xa0, der(0x02, Buffer.from([2])));
  const validity = der(0x30, timeOf(now), timeOf(end));
  const key = publicKey.export({ type: 'spki', format: 'der' });
  const content = der(0x30, version3, der(0x02, serial), rsaSha256, name, validity, name, key);
  const signature = createSign('sha256').update(content).sign(privateKey);
  return der(0x30, content, rsaSha256, der(0x03, Buffer.concat([Buffer.from([0]), signature])));
}

/** A DER certificate as PEM. */
export function pemOf(certificate: Buffer): string {
  const lines = certificate.toString('base64').match(/.{1,64}/g) ?? [];
  return ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n');
}

/**
 * Makes an RSA key of 2048 bits with a self-signed certificate, good for twenty years.
 *
 * @param subject - its common name, at most 64 characters.
 */
export async function makeCertifiedKey(subject: string, now: Date): Promise<CertifiedKey> {
  const { publicKey, privateKey } = await promisify(generateKeyPair)('rsa', { modulusLength: keyBits });
  return {
    certificate: pemOf(selfSigned(publicKey, privateKey, subject, now)),
    privateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  };
}
