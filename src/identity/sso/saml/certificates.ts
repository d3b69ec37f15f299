import { X509Certificate } from 'node:crypto';
import { pemOf } from '../../../infrastructure/certificate.js';

/** What people recognise a provider's certificate by. */
export interface ShownCertificate {
  /** PEM. */
  certificate: string;
  /** SHA-256, as OpenSSL prints it. */
  fingerprint: string;
  subject: string;
  validFrom: Date;
  /** Signatures are judged by the key, whatever this says; providers renew in time, or not. */
  expiresAt: Date;
}

const minBits = 2048;

function readCertificate(text: string): X509Certificate | undefined {
  const base64 = text.replace(/-----(?:BEGIN|END) CERTIFICATE-----/g, '').replace(/\s+/g, '');
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(base64)) return undefined;
  try {
    return new X509Certificate(Buffer.from(base64, 'base64'));
  } catch {
    return undefined;
  }
}

/** Why a text is no certificate a provider's signatures can be checked by, in words; undefined: it is one. */
export function certificateFault(text: string): string | undefined {
  if (text.split('-----BEGIN').length > 2) return 'must be one certificate';
  const certificate = readCertificate(text);
  if (!certificate) return 'must be an X.509 certificate, as PEM or its base64';
  const { asymmetricKeyType, asymmetricKeyDetails } = certificate.publicKey;
  if (asymmetricKeyType !== 'rsa') return 'must hold an RSA key';
  return (asymmetricKeyDetails?.modulusLength ?? 0) < minBits
    ? `must hold an RSA key of at least ${minBits} bits`
    : undefined;
}

/** A certificate that has no {@link certificateFault}, in one form. */
export function normalCertificate(text: string): string {
  const certificate = readCertificate(text);
  if (!certificate) throw new Error('not a certificate');
  return pemOf(certificate.raw);
}

/** @param text - as stored. */
export function showCertificate(text: string): ShownCertificate {
  const certificate = new X509Certificate(text);
  return {
    certificate: text,
    fingerprint: certificate.fingerprint256,
    subject: certificate.subject.replaceAll('\n', ', '),
    validFrom: new Date(certificate.validFrom),
    expiresAt: new Date(certificate.validTo),
  };
}
