import { outboundUrlFault } from '../infrastructure/outbound-address.js';
import type { Core } from './core.js';

const loopback = new Set(['localhost', '127.0.0.1', '[::1]']);

function parsed(text: string): URL | undefined {
  try {
    return new URL(text);
  } catch {
    return undefined;
  }
}

/**
 * What is wrong with an address that browsers are sent to: absolute, no fragment, no wildcard, https unless it is this machine (RFC 9700
 * section 4.1.3) or the operator allows plain http.
 */
export function redirectFault(text: string, allowHttp: boolean): string | undefined {
  const url = parsed(text);
  if (!url) return 'must be an absolute URL';
  if (text.includes('#')) return 'must not have a fragment';
  if (text.includes('*')) return 'must not hold a wildcard';
  if (url.username !== '' || url.password !== '') return 'must not hold credentials';
  if (url.protocol === 'https:') return undefined;
  if (url.protocol !== 'http:') return 'must begin with https://';
  return allowHttp || loopback.has(url.hostname) ? undefined : 'must begin with https://';
}

/** What is wrong with an address that this server itself sends requests to: private targets are closed unless `ALLOW_PRIVATE_ISSUERS` opens them. */
export function outboundFault(core: Core, text: string): string | undefined {
  return outboundUrlFault(text, { allowPrivate: core.config.allowPrivateIssuers });
}
