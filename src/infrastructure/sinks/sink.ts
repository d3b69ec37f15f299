import { fileSink } from './file.js';
import { httpSink } from './http.js';
import { syslogSink } from './syslog.js';

/** One event on its way out. */
export interface SinkEvent {
  readonly type: string;
  readonly at: Date;
  readonly isFailure: boolean;
  /** The event as one line of JSON. */
  readonly json: string;
}

/** Where events are streamed to. */
export interface Sink {
  /** Resolves once the events are taken, in this order; what throws is sent again as a whole. */
  send(events: readonly SinkEvent[]): Promise<void>;
  close(): void;
}

const protocols = ['https:', 'http:', 'syslog+tcp:', 'syslog+tls:', 'syslog+udp:', 'file:'];

/** Why a text is no address of a stream; undefined: it is one. */
export function sinkFault(text: string): string | undefined {
  if (!URL.canParse(text)) return 'must be an address';
  const { hostname, pathname, protocol } = new URL(text);
  if (!protocols.includes(protocol))
    return `must begin with ${protocols.map((one) => (one === 'file:' ? 'file:///' : `${one}//`)).join(', ')}`;
  if (protocol === 'file:') return hostname === '' && pathname !== '/' ? undefined : 'must be file:///path';
  return hostname === '' ? 'must name a host' : undefined;
}

/**
 * Opens what {@link sinkFault} finds no fault with. Nothing is connected yet.
 *
 * @param token - bearer token for HTTP.
 */
export function openSink(address: string, token: string | undefined): Sink {
  const url = new URL(address);
  if (url.protocol === 'file:') return fileSink(url);
  return url.protocol.startsWith('syslog+') ? syslogSink(url) : httpSink(url, token);
}

/** An address without what is secret in it, for logs. */
export function sinkName(address: string): string {
  const { protocol, host, pathname } = new URL(address);
  return `${protocol}//${host}${pathname}`;
}
