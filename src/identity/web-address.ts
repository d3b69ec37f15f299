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

/** Whether an address has a scheme of its own, as native applications register them with the operating system (RFC 8252 section 7.1). */
export function isPrivateUse(text: string): boolean {
  const url = parsed(text);
  return url !== undefined && url.protocol !== 'https:' && url.protocol !== 'http:';
}

/** What an address that browsers are sent to may be. */
export interface RedirectRules {
  /** The operator allows plain http everywhere. */
  allowHttp: boolean;
  /** The application has no secret. */
  isPublic: boolean;
  /** One of its addresses has a scheme of its own. */
  isNative: boolean;
}

/** Only the one who owns a domain name may use it turned around: `com.example.app:` (RFC 8252 section 7.1); one without a dot is anybody's. */
function schemeFault({ protocol }: URL, { isPublic }: RedirectRules): string | undefined {
  if (!/^[a-z][a-z0-9-]*(?:\.[a-z0-9-]+)+:$/.test(protocol)) {
    return 'must begin with https://, or with a scheme made of a domain name, like com.example.app:/cb';
  }
  return isPublic ? undefined : 'may have a scheme of its own only where the application has no secret';
}

/**
 * What is wrong with an address that browsers are sent to: absolute, no fragment, no wildcard, https unless it is this machine (RFC 9700
 * section 4.1.3) or the operator allows plain http. Native applications without a secret may have a scheme of their own; beside it the
 * other kinds of RFC 8252 section 7, https and http on loopback.
 */
export function redirectFault(text: string, rules: RedirectRules): string | undefined {
  const url = parsed(text);
  if (!url) return 'must be an absolute URL';
  if (text.includes('#')) return 'must not have a fragment';
  if (text.includes('*')) return 'must not hold a wildcard';
  if (url.username !== '' || url.password !== '') return 'must not hold credentials';
  return kindFault(url, rules);
}

/** RFC 8252 section 7: of the kinds of redirects, the ones an application may have. */
function kindFault(url: URL, rules: RedirectRules): string | undefined {
  const isLoopback = loopback.has(url.hostname);
  if (url.protocol === 'https:') {
    return rules.isNative && isLoopback
      ? 'must be http:// on loopback, beside a scheme of its own'
      : undefined;
  }
  if (url.protocol !== 'http:') return schemeFault(url, rules);
  return isLoopback || (rules.allowHttp && !rules.isNative) ? undefined : 'must begin with https://';
}

/**
 * An address on loopback by its number, without its port: which one is free an application knows only when it listens, so any may stand in a
 * request (RFC 8252 section 7.3). `localhost` is a name, which may lead elsewhere (section 8.3).
 *
 * @returns undefined for any other address.
 */
export function withoutLoopbackPort(text: string): string | undefined {
  const found = /^(http:\/\/(?:127\.0\.0\.1|\[::1\]))(?::(\d{1,5}))?(?=[/?]|$)(.*)$/s.exec(text);
  if (!found || Number(found[2] ?? 80) > 65_535) return undefined;
  return `${found[1] ?? ''}${found[3] ?? ''}`;
}

/** What is wrong with an address that this server itself sends requests to: private targets are closed unless `ALLOW_PRIVATE_ISSUERS` opens them. */
export function outboundFault(core: Core, text: string): string | undefined {
  return outboundUrlFault(text, { allowPrivate: core.config.allowPrivateIssuers });
}
