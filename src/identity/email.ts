import { domainToASCII } from 'node:url';
import { fold } from '../shared/fold.js';
import { hasHiddenCharacter } from '../shared/hidden-characters.js';

export interface EmailAddress {
  /** As typed, trimmed and in Unicode's compatibility form: what is stored and mailed to. */
  address: string;
  /** Case folded, its domain in IDNA ASCII form: what is compared. */
  key: string;
  /** Lower case, IDNA ASCII form. */
  domain: string;
}

const domainShape =
  /^(?=.{1,253}$)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
const allNumeric = /^[\d.]+$/;
/** A domain that is in ASCII form already, but for upper case. One whose last label begins with a digit may be an address in disguise. */
const plainDomain = /^(?!.*xn--)(?:[a-z0-9-]+\.)+[a-z][a-z0-9-]*$/i;
// Quotes, comments, lists, routes and white space have no place in an address people sign in with.
const localShape = /^[^\s"(),:;<>@[\\\]\p{Cc}\p{Cf}]{1,64}$/u;

/**
 * The normal form of a DNS domain: lower case, IDNA ASCII.
 *
 * @returns undefined when it is none: one label, an IP address, a trailing dot, forbidden characters.
 */
export function normalDomain(text: string): string | undefined {
  const domain = text.trim();
  const ascii = (plainDomain.test(domain) ? domain : domainToASCII(domain)).toLowerCase();
  return domainShape.test(ascii) && !allNumeric.test(ascii) ? ascii : undefined;
}

/**
 * Reads an email address strictly: exactly one `@`, a plain local part, a domain of at least two labels.
 *
 * @returns undefined for anything else.
 */
export function parseEmail(text: string): EmailAddress | undefined {
  // A domain's normal form forgets some of them, so they are looked for first.
  if (text.includes('\uFEFF') || hasHiddenCharacter(text.trim())) return undefined;
  const address = text.trim().normalize('NFKC');
  const parts = address.split('@');
  const [local, host] = parts;
  if (parts.length !== 2 || local === undefined || host === undefined) return undefined;
  const domain = localShape.test(local) ? normalDomain(host) : undefined;
  if (domain === undefined || domainShapeDiffers(host)) return undefined;
  return { address, key: `${fold(local)}@${domain}`, domain };
}

/** `domainToASCII` forgives what an address may not hold, such as a percent-encoded host. */
function domainShapeDiffers(host: string): boolean {
  return /[\s%/?#:\\]/.test(host);
}

/** How a userName or address is compared at sign-in, and unique within a tenant. */
export function loginKey(text: string): string {
  return parseEmail(text)?.key ?? fold(text.trim());
}
