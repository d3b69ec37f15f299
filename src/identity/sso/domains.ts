import { randomBytes } from 'node:crypto';
import { getDomain } from 'tldts';
import type { ConnectionDomain } from '../../persistence/collections/sso-connections.js';
import { normalDomain } from '../email.js';
import { isPublicMailDomain } from './public-mail-domains.js';

export interface ConnectionDomainInput {
  domain: string;
  /** Taken as proven without a TXT record: for the operator's own set-up only. */
  verified?: boolean | undefined;
}

/** Why nobody can own a domain, in words; undefined: somebody can. */
export function domainFault(text: string): string | undefined {
  const domain = normalDomain(text);
  if (domain === undefined) return `${text} is not a domain`;
  if (getDomain(domain, { allowPrivateDomains: true }) === null) return `${domain} is a public suffix`;
  return isPublicMailDomain(domain) ? `${domain} belongs to a public mail service` : undefined;
}

/** A domain that stays keeps its proof and its challenge: naming another one resets nothing. */
export function domainsOf(
  inputs: readonly ConnectionDomainInput[],
  before: readonly ConnectionDomain[],
  mayVerify: boolean,
  now: Date,
): ConnectionDomain[] {
  const known = new Map(before.map((entry) => [entry.domain, entry]));
  const domains = inputs.map(({ domain: text, verified }) => {
    const domain = normalDomain(text) ?? text;
    const stored = known.get(domain);
    const isVerified = mayVerify && verified !== undefined ? verified : (stored?.verified ?? false);
    return {
      domain,
      verified: isVerified,
      challenge: stored?.challenge ?? randomBytes(16).toString('hex'),
      verifiedAt: isVerified ? (stored?.verifiedAt ?? now) : null,
    };
  });
  return [...new Map(domains.map((entry) => [entry.domain, entry])).values()];
}

/** The domains whose DNS record was found. */
export const verifiedOf = (domains: readonly ConnectionDomain[]): string[] =>
  domains.filter(({ verified }) => verified).map(({ domain }) => domain);
