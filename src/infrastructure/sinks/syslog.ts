import { createSocket } from 'node:dgram';
import { connect as connectTcp, isIPv6, type Socket } from 'node:net';
import { hostname } from 'node:os';
import { connect as connectTls } from 'node:tls';
import { packageVersion } from '../package-info.js';
import type { Sink, SinkEvent } from './sink.js';

/** RFC 5424 section 6.2.1: facility 10 (security), severity 4 (warning) or 6 (informational). */
const facility = 10;
const priority = ({ isFailure }: SinkEvent): number => facility * 8 + (isFailure ? 4 : 6);
const connectMs = 10_000;
const writeMs = 30_000;
/** Longest datagram: one that a network does not take is lost without notice. */
const maxDatagramBytes = 8_192;
const defaultPorts: Readonly<Record<string, number>> = {
  'syslog+tcp:': 601,
  'syslog+tls:': 6514,
  'syslog+udp:': 514,
};

const structured = `[origin software="Gatehouse" swVersion="${packageVersion}"]`;

/** One event as RFC 5424 has it: the type of the event is the MSGID, the message is JSON in UTF-8. */
function syslogMessage(event: SinkEvent): string {
  const host =
    hostname()
      .replace(/[^\x21-\x7e]/g, '')
      .slice(0, 255) || '-';
  const id = event.type.slice(0, 32);
  return `<${priority(event)}>1 ${event.at.toISOString()} ${host} gatehouse ${process.pid} ${id} ${structured} ${event.json}`;
}

/** RFC 6587 section 3.4.1: the length in bytes goes before each message. */
const counted = (message: string): string => `${Buffer.byteLength(message)} ${message}`;

interface Place {
  readonly host: string;
  readonly port: number;
}

const placeOf = ({ hostname: host, port, protocol }: URL): Place => ({
  host: host.replace(/^\[|\]$/g, ''),
  port: port === '' ? (defaultPorts[protocol] ?? 514) : Number(port),
});

function connect(place: Place, isTls: boolean): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = isTls ? connectTls({ ...place, servername: place.host }) : connectTcp(place);
    const timer = setTimeout(() => socket.destroy(new Error('no connection in time')), connectMs);
    socket.once('close', () => clearTimeout(timer));
    socket.once('error', reject);
    socket.once(isTls ? 'secureConnect' : 'connect', () => {
      clearTimeout(timer);
      socket.off('error', reject);
      // A later fault shows with the next write.
      socket.on('error', () => undefined);
      socket.unref();
      resolve(socket);
    });
    // A collector says nothing: what it sends is read, so that its end is seen.
    socket.resume();
  });
}

function write(socket: Socket, text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const fail = (): void => reject(new Error('the connection was closed'));
    const timer = setTimeout(() => socket.destroy(), writeMs);
    socket.once('close', fail);
    socket.write(text, (error) => {
      clearTimeout(timer);
      socket.off('close', fail);
      if (error) reject(error);
      else resolve();
    });
  });
}

function streamSink(place: Place, isTls: boolean): Sink {
  let socket: Socket | undefined;
  return {
    async send(events) {
      if (!socket?.writable || socket.readableEnded) {
        socket?.destroy();
        socket = await connect(place, isTls);
      }
      await write(socket, events.map((event) => counted(syslogMessage(event))).join(''));
    },
    close: () => socket?.destroy(),
  };
}

/** What fits into one datagram: a longer event keeps everything but its changes. */
function datagramOf(event: SinkEvent): string {
  const message = syslogMessage(event);
  if (Buffer.byteLength(message) <= maxDatagramBytes) return message;
  const { data, ...rest } = JSON.parse(event.json) as { data: object };
  const json = JSON.stringify({ ...rest, data: { ...data, changes: [], truncated: true } });
  return syslogMessage({ ...event, json });
}

function datagramSink(place: Place): Sink {
  const socket = createSocket(isIPv6(place.host) ? 'udp6' : 'udp4');
  socket.unref();
  socket.on('error', () => undefined);
  return {
    async send(events) {
      for (const event of events) {
        await new Promise<void>((resolve, reject) => {
          socket.send(datagramOf(event), place.port, place.host, (error) =>
            error ? reject(error) : resolve(),
          );
        });
      }
    },
    close: () => socket.close(),
  };
}

/** Syslog messages (RFC 5424) over TCP, TLS (RFC 5425) or UDP (RFC 5426). */
export function syslogSink(url: URL): Sink {
  const place = placeOf(url);
  return url.protocol === 'syslog+udp:'
    ? datagramSink(place)
    : streamSink(place, url.protocol === 'syslog+tls:');
}
