import { connect } from 'node:tls';
import { guardedLookup } from './guarded-fetch.js';
import type { OutboundPolicy } from './outbound-address.js';

/** What a host shows of itself before any request. */
export interface TlsFacts {
  /** As TLSv1.3. */
  protocol: string | null;
  /** When its certificate ends. */
  validUntil: Date | null;
  /** Who made the certificate. */
  authority: string | null;
}

const timeoutMs = 5_000;

/** @param address - judged before: only the name is looked up under the policy here. */
export function readTlsFacts(address: string, policy: OutboundPolicy): Promise<TlsFacts | null> {
  const { hostname, port, protocol } = new URL(address);
  if (protocol !== 'https:') return Promise.resolve(null);
  return new Promise((resolve) => {
    const host = hostname.replace(/^\[|\]$/g, '');
    const options = { host, port: Number(port || 443), servername: host, lookup: guardedLookup(policy) };
    const socket = connect(options, () => {
      const certificate = socket.getPeerCertificate();
      const end = Date.parse(certificate.valid_to);
      const authority = certificate.issuer.O;
      resolve({
        protocol: socket.getProtocol(),
        validUntil: Number.isNaN(end) ? null : new Date(end),
        authority: Array.isArray(authority) ? authority.join(', ') : (authority ?? null),
      });
      socket.destroy();
    });
    socket.setTimeout(timeoutMs, () => socket.destroy());
    socket.on('error', () => resolve(null));
    socket.on('close', () => resolve(null));
  });
}
