import type { SsoConnectionDocument } from '../../persistence/collections/sso-connections.js';
import { showCertificate } from './saml/certificates.js';

export const expiringThings = [
  'client_secret',
  'idp_certificate',
  'signing_certificate',
  'encryption_certificate',
] as const;

/** Something of a connection that ends by itself; sign-ins fail from then on, or may. */
export interface Expiry {
  what: (typeof expiringThings)[number];
  /** Another one for what comes in its place. */
  key: string;
  expiresAt: Date;
}

/** What of a connection says what expires. */
export type Expiring = Pick<SsoConnectionDocument, 'clientSecret' | 'clientSecretExpiresAt' | 'saml'>;

/** Days before the end at which people are reminded; 0: the end itself. */
const steps = [0, 1, 7, 30] as const;
const dayMs = 86_400_000;

function certificateExpiry(what: Expiry['what'], pem: string): Expiry {
  const { expiresAt, fingerprint } = showCertificate(pem);
  return { what, key: fingerprint, expiresAt };
}

/**
 * What of a connection expires, and when. Of the provider's certificates the one that is good longest: while another one can sign, nothing
 * fails.
 */
export function expiriesOf({ clientSecret, clientSecretExpiresAt, saml }: Expiring): Expiry[] {
  const found: Expiry[] = [];
  if (clientSecret !== null && clientSecretExpiresAt) {
    const key = clientSecretExpiresAt.toISOString();
    found.push({ what: 'client_secret', key, expiresAt: clientSecretExpiresAt });
  }
  if (!saml) return found;
  const theirs = saml.idpCertificates.map((pem) => certificateExpiry('idp_certificate', pem));
  const last = theirs.sort((a, b) => b.expiresAt.getTime() - a.expiresAt.getTime()).slice(0, 1);
  const signing = certificateExpiry('signing_certificate', saml.signing.certificate);
  return [
    ...found,
    ...last,
    signing,
    certificateExpiry('encryption_certificate', saml.encryption.certificate),
  ];
}

/** Whole days left; 0 or less: it is over, or ends today. */
export const daysLeft = ({ expiresAt }: Expiry, now: Date): number =>
  Math.floor((expiresAt.getTime() - now.getTime()) / dayMs);

/** One reminder. */
export interface Reminder {
  expiry: Expiry;
  /** 30, 7, 1 or 0, which is over. */
  days: (typeof steps)[number];
}

interface Reminders {
  due: Reminder[];
  /** All reminders that are given after it. */
  told: string[];
  /** When there is something to tell again; null: never. */
  nextAt: Date | null;
}

/**
 * The reminders that are due now, once each: of something that is found late only the nearest step.
 *
 * @param told - the reminders given before.
 */
export function remindersAt(expiries: readonly Expiry[], told: readonly string[], now: Date): Reminders {
  const known = new Set(told);
  const due: Reminder[] = [];
  const kept: string[] = [];
  let next = Infinity;
  for (const expiry of expiries) {
    const end = expiry.expiresAt.getTime();
    const marks = steps.map((days) => ({ days, at: end - days * dayMs, mark: `${expiry.key} ${days}` }));
    const passed = marks.filter(({ at }) => at <= now.getTime());
    const [nearest] = passed;
    if (nearest && !known.has(nearest.mark)) due.push({ expiry, days: nearest.days });
    kept.push(...passed.map(({ mark }) => mark));
    next = Math.min(next, ...marks.filter(({ at }) => at > now.getTime()).map(({ at }) => at));
  }
  return { due, told: kept, nextAt: next === Infinity ? null : new Date(next) };
}
