import { randomBytes } from 'node:crypto';
import { getDomain } from 'tldts';
import type { ConnectionDomain } from '../../persistence/collections/sso-connections.js';
import { wildcardOf } from '../domain-match.js';
import { normalDomain } from '../email.js';
import { isPublicMailDomain } from './public-mail-domains.js';

export interface ConnectionDomainInput {
  domain: string;
  /** Taken as proven without a TXT record: for the operator's own set-up only. */
  verified?: boolean | undefined;
  /** Whether the domains below it are meant too; absent: as before. */
  subdomains?: boolean | undefined;
}

/** Why nobody can own a domain, in words; undefined: somebody can. */
export function domainFault(text: string): string | undefined {
  const domain = normalDomain(text);
  if (domain === undefined) return `${text} is not a domain`;
  if (getDomain(domain, { allowPrivateDomains: true }) === null) return `${domain} is a public suffix`;
  return isPublicMailDomain(domain) ? `${domain} belongs to a public mail service` : undefined;
}

/** Why the domains below a domain cannot be meant too; undefined: they can, or are not. */
export function subdomainsFault({ domain, subdomains }: ConnectionDomainInput): string | undefined {
  const normal = normalDomain(domain);
  if (!subdomains || normal === undefined) return undefined;
  const whole = getDomain(normal, { allowPrivateDomains: true });
  return whole === normal ? undefined : `is for a whole domain: name ${whole ?? 'one'} in place of ${normal}`;
}

/** Proves itself by a record that was not published before. */
export const newChallenge = (now: Date) => ({
  challenge: randomBytes(16).toString('hex'),
  challengedAt: now,
});

/** The company has to show once more that the domain is its own: the record that proved it before proves nothing now. */
export function unproven({ domain, subdomains }: ConnectionDomain, now: Date): ConnectionDomain {
  return {
    domain,
    verified: false,
    verifiedAt: null,
    ...(subdomains && { subdomains }),
    ...newChallenge(now),
  };
}

/** A domain that stays keeps its proof and its challenge: naming another one resets nothing. */
export function domainsOf(
  inputs: readonly ConnectionDomainInput[],
  before: readonly ConnectionDomain[],
  mayVerify: boolean,
  now: Date,
): ConnectionDomain[] {
  const known = new Map(before.map((entry) => [entry.domain, entry]));
  const domains = inputs.map(({ domain: text, verified, subdomains }) => {
    const domain = normalDomain(text) ?? text;
    const stored = known.get(domain);
    const isVerified = mayVerify && verified !== undefined ? verified : (stored?.verified ?? false);
    return {
      ...(stored ?? { domain, ...newChallenge(now) }),
      verified: isVerified,
      verifiedAt: isVerified ? (stored?.verifiedAt ?? now) : null,
      ...(subdomains !== undefined && { subdomains }),
    };
  });
  return [...new Map(domains.map((entry) => [entry.domain, entry])).values()];
}

/** The domains that are proven, with those below them where they are meant too. */
export const verifiedOf = (domains: readonly ConnectionDomain[]): string[] =>
  domains
    .filter(({ verified }) => verified)
    .flatMap(({ domain, subdomains }) => (subdomains ? [domain, wildcardOf(domain)] : [domain]));
