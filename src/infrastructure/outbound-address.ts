import { BlockList, isIP } from 'node:net';

/** What outgoing requests to addresses that others chose may reach. */
export interface OutboundPolicy {
  /** Plain http, loopback and private networks: `ALLOW_PRIVATE_ISSUERS`. Link-local addresses stay closed even then. */
  allowPrivate: boolean;
}

type Range = readonly [network: string, prefix: number, family: 'ipv4' | 'ipv6'];

function listOf(ranges: readonly Range[]): BlockList {
  const list = new BlockList();
  for (const [network, prefix, family] of ranges) list.addSubnet(network, prefix, family);
  return list;
}

/** Loopback, private and shared networks: closed unless the operator opens them. */
const privateNetworks = listOf([
  ['10.0.0.0', 8, 'ipv4'],
  ['100.64.0.0', 10, 'ipv4'],
  ['127.0.0.0', 8, 'ipv4'],
  ['172.16.0.0', 12, 'ipv4'],
  ['192.168.0.0', 16, 'ipv4'],
  ['::1', 128, 'ipv6'],
  ['fc00::', 7, 'ipv6'],
]);

/** IANA's special-purpose registries, as far as they have no public servers: never called. Link-local holds the clouds' metadata services. */
const specialNetworks = listOf([
  ['0.0.0.0', 8, 'ipv4'],
  ['169.254.0.0', 16, 'ipv4'],
  ['192.0.0.0', 24, 'ipv4'],
  ['192.0.2.0', 24, 'ipv4'],
  ['192.88.99.0', 24, 'ipv4'],
  ['198.18.0.0', 15, 'ipv4'],
  ['198.51.100.0', 24, 'ipv4'],
  ['203.0.113.0', 24, 'ipv4'],
  ['224.0.0.0', 4, 'ipv4'],
  ['240.0.0.0', 4, 'ipv4'],
  ['::', 128, 'ipv6'],
  ['64:ff9b:1::', 48, 'ipv6'],
  ['::ffff:0:0:0', 96, 'ipv6'],
  ['100::', 64, 'ipv6'],
  ['2001::', 23, 'ipv6'],
  ['2001:db8::', 32, 'ipv6'],
  ['2002::', 16, 'ipv6'],
  ['3fff::', 20, 'ipv6'],
  ['5f00::', 16, 'ipv6'],
  ['fe80::', 10, 'ipv6'],
  ['fec0::', 10, 'ipv6'],
  ['ff00::', 8, 'ipv6'],
]);

/** `::a.b.c.d`, the deprecated form of an embedded IPv4 address; `::ffff:a.b.c.d` is matched by the IPv4 rules themselves. */
const compatibleNetworks = listOf([['::', 96, 'ipv6']]);

/** NAT64 (RFC 6052): on a network without IPv4 every provider that has nothing else is reached by such an address. */
const translatedNetworks = listOf([['64:ff9b::', 96, 'ipv6']]);

/** The IPv4 address in the last four bytes of an IPv6 one. */
function embeddedAddress(address: string): string {
  // WHATWG's form of an IPv6 host: at most one `::`, groups without leading zeros.
  const groups = new URL(`http://[${address}]`).hostname.slice(1, -1).split(':');
  const [high = 0, low = 0] = groups.slice(-2).map((group) => (group === '' ? 0 : parseInt(group, 16)));
  return [high >> 8, high & 255, low >> 8, low & 255].join('.');
}

/**
 * @param address - an IPv4 or IPv6 literal as the resolver gives it.
 * @returns whether a request may go there.
 */
export function isAddressAllowed(address: string, policy: OutboundPolicy): boolean {
  const version = isIP(address);
  if (version === 0) return false;
  const family = version === 4 ? 'ipv4' : 'ipv6';
  if (family === 'ipv6' && translatedNetworks.check(address, family))
    return isAddressAllowed(embeddedAddress(address), policy);
  if (specialNetworks.check(address, family)) return false;
  if (privateNetworks.check(address, family)) return policy.allowPrivate;
  return !(family === 'ipv6' && compatibleNetworks.check(address, family));
}

/** The literal address of a URL's host, without the brackets of IPv6; undefined for a name. */
function literalOf(url: URL): string | undefined {
  const host = url.hostname.replace(/^\[|\]$/g, '');
  return isIP(host) === 0 ? undefined : host;
}

/**
 * Why a typed address may not be called, as far as this is known without a DNS query: to be refused when it is
 * saved. `guardedFetch` checks again on use, on the address a name resolves to.
 *
 * @param text - the address; WHATWG parsing turns `2130706433` and `0x7f.1` into the address they mean.
 * @returns the fault in words, or undefined when there is none.
 */
export function outboundUrlFault(text: string, policy: OutboundPolicy): string | undefined {
  if (!URL.canParse(text)) return 'must be an absolute URL';
  const url = new URL(text);
  const schemes = policy.allowPrivate ? ['https:', 'http:'] : ['https:'];
  if (!schemes.includes(url.protocol)) return 'must begin with https://';
  if (url.username !== '' || url.password !== '') return 'must not hold a user name or password';
  const literal = literalOf(url);
  if (literal !== undefined && !isAddressAllowed(literal, policy)) return 'must not be a private address';
  const isLocalName = /(^|\.)(localhost|local|internal|home\.arpa)\.?$/i.test(url.hostname);
  if (isLocalName && !policy.allowPrivate) return 'must not be a private address';
  return undefined;
}
