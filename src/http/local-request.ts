import { isIP } from 'node:net';
import type { Request } from 'express';

/** What proxies add, each in its own way. */
const forwardingHeader =
  /^(?:forwarded|via|x-forwarded(?:-.+)?|x-original-forwarded-for|x-real-ip|x-client-ip|x-cluster-client-ip|true-client-ip|cf-connecting-ip)$/;

/** Whether a request comes from a program on this machine. What came through a proxy came from elsewhere, whatever the socket says. */
export function isLocalRequest(req: Pick<Request, 'headers' | 'socket'>): boolean {
  if (Object.keys(req.headers).some((name) => forwardingHeader.test(name))) return false;
  const address = (req.socket.remoteAddress ?? '').replace(/^::ffff:/, '');
  return address === '::1' || (isIP(address) === 4 && address.startsWith('127.'));
}
