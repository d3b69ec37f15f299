import { coversDomain } from '../domain-match.js';

/** One organization's part of a provider that many share: an ID token speaks for it when this claim has this value. */
export interface TenantClaim {
  claim: string;
  value: string;
}

const microsoftHosts = new Set([
  'login.microsoftonline.com',
  'login.microsoftonline.us',
  'login.partner.microsoftonline.cn',
  'login.windows.net',
  'sts.windows.net',
]);
/** What stands in the place of an organization's id: anybody's, any organization's, private accounts (by name and by id). */
const everybodyAtMicrosoft = new Set([
  'common',
  'organizations',
  'consumers',
  '9188040d-6c67-4c5b-b112-36a304b66dad',
]);

const googleHosts = new Set(['accounts.google.com']);

/** Where anybody may open an account and anybody may register an application, so that neither says whose person it is. */
const openHosts = new Set([
  'access.line.me',
  'accounts.zoho.com',
  'api.login.yahoo.com',
  'appleid.apple.com',
  'discord.com',
  'gitlab.com',
  'id.twitch.tv',
  'login.salesforce.com',
  'login.yahoo.com',
  'slack.com',
  'test.salesforce.com',
  'www.facebook.com',
  'www.linkedin.com',
  'www.paypal.com',
  'zoom.us',
]);

interface Provider {
  issuer: string;
  tenantClaim?: TenantClaim | null | undefined;
}

function hostOf(issuer: string): { host: string; first: string } {
  const { hostname, pathname } = new URL(issuer);
  return { host: hostname.replace(/\.$/, ''), first: (pathname.split('/')[1] ?? '').toLowerCase() };
}

/**
 * Why a provider cannot be one company's: everybody's people come from it, and nothing tells them apart.
 *
 * @returns the field that is at fault and why, in words; undefined: there is no fault.
 */
export function sharedIssuerFault({
  issuer,
  tenantClaim,
}: Provider): { pointer: string; detail: string } | undefined {
  if (!URL.canParse(issuer)) return undefined;
  const { host, first } = hostOf(issuer);
  if (microsoftHosts.has(host) && everybodyAtMicrosoft.has(first)) {
    return {
      pointer: '/issuer',
      detail: `is shared by all organizations: put your tenant’s id for ${first}`,
    };
  }
  if (openHosts.has(host) && !tenantClaim) {
    const detail = `${host} is shared by many organizations: name the ID token claim that identifies yours`;
    return { pointer: '/tenantClaim', detail };
  }
  return undefined;
}

/** Whether an ID token says that the person belongs to the organization the connection names. */
export function isOfTenant({ tenantClaim }: Provider, claims: Readonly<Record<string, unknown>>): boolean {
  if (!tenantClaim) return true;
  const value = claims[tenantClaim.claim];
  const values: unknown[] = Array.isArray(value) ? value : [value];
  return values.some((one) => one === tenantClaim.value);
}

/**
 * Whether the account may be connected to somebody by its address. Google gives out accounts under any address, a company's too: only
 * `hd` tells that the company made it.
 */
export function isCompanyAccount(
  { issuer, verifiedDomains }: Pick<Provider, 'issuer'> & { verifiedDomains: readonly string[] },
  claims: Readonly<Record<string, unknown>>,
): boolean {
  if (!googleHosts.has(hostOf(issuer).host)) return true;
  const { hd } = claims;
  return typeof hd === 'string' && coversDomain(verifiedDomains, hd.toLowerCase());
}
